"""``delid packs new``: a pack file, its recipes and a drawing over a photograph, from a few figures. Wiring only."""

from __future__ import annotations

import base64
import getpass
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer

from delid.config import (
    Cell,
    Document,
    NewPack,
    PackFile,
    fitted,
    load_cell,
    load_pack,
    pack_text,
    pattern_svg,
    recipe_texts,
    seen_with_corners,
)
from delid.core import SystemClock, UsageError
from delid.vision import check_pack_name

from ._cell_lists import add_to_cell
from ._outcome import Exit, errors_end_it, print_json
from ._pack_questions import QUESTIONS, collect
from ._recipe_files import check_files

LARGEST_PX = 1600
PICTURE_PX = (1600, 1200)
"""Size of a drawing without a photograph."""

FOLDER = Path("cell_configs")


Name = Annotated[str, typer.Argument(help="Name of the pack model, for example acme-50.")]
Out = Annotated[Path, typer.Option(help="Folder with packs/ and recipes/.")]
CellFile = Annotated[Path | None, typer.Option(help="Cell file: its tools are used, and the files are added to it.")]
Positions = Annotated[Path | None, typer.Option(help="Fasteners as 'x,y' in mm, one to a line, in place of a pattern.")]
Photo = Annotated[Path | None, typer.Option(help="Photograph from above, to draw the pattern over.")]
Corners = Annotated[
    str | None,
    typer.Option(help="The case's corners there, 'u,v u,v u,v u,v' in pixels: (-x,-y) (+x,-y) (+x,+y) (-x,+y)."),
]
By = Annotated[str | None, typer.Option(help="Who measured it; without it the user's login name.")]
Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing; take defaults where there are some.")]
Replace = Annotated[bool, typer.Option("--replace", help="Write over files of the same name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def new(
    name: Name,
    out: Out = FOLDER,
    cell: CellFile = None,
    positions: Positions = None,
    photo: Photo = None,
    corners: Corners = None,
    by: By = None,
    yes: Yes = False,
    replace: Replace = False,
    json: AsJson = False,
    **flags: str | None,
) -> None:
    """Describe a new pack: asks for what a tape measure and the label tell, and writes commented files.

    Exit code 0: written, and the check has no findings. 1: written, with findings. 2: used wrongly.
    """
    with errors_end_it(json):
        check_pack_name(name)
        answers, guessed = collect(name, flags, not (yes or json), positions is not None)
        pack = _described(answers, guessed, by, positions, load_cell(cell) if cell else None)
        written = _write(pack, out, photo, corners, replace)
        added = add_to_cell(cell, [written.pack], written.recipes) if cell else []
        here = load_cell(cell) if cell else None
        findings = check_files(written.recipes, here, here.packs if here else {name: load_pack(written.pack)})
    files = [written.pack, *written.recipes, written.drawing]
    if json:
        print_json({"files": [str(f) for f in files], "added": added, "unverified": sorted(guessed),
                    "findings": [str(f) for f in findings]})  # fmt: skip
    else:
        _tell(name, files, added, guessed, [str(f) for f in findings], cell)
    raise typer.Exit(Exit.NO if findings else Exit.GOOD)


def _described(
    answers: dict[str, Any], guessed: frozenset[str], by: str | None, positions: Path | None, cell: Cell | None
) -> NewPack:
    """The pack as its files will tell it, measured today."""
    given = tuple(_positions(positions)) if positions else ()
    now = datetime.fromtimestamp(SystemClock().wall_s(), UTC).date().isoformat()
    return NewPack(**answers, by=by or getpass.getuser(), on=now, positions_mm=given, guessed=guessed,
                   tools=_tools(cell, float(answers["socket_mm"])))  # fmt: skip


def _with_flags(command: Any) -> Any:
    """The command with one flag for each question of the table."""
    own = [p for p in inspect.signature(command).parameters.values() if p.kind is not p.VAR_KEYWORD]
    asked = [
        inspect.Parameter(q.key, inspect.Parameter.KEYWORD_ONLY, default=None,
                          annotation=Annotated[str | None, typer.Option(q.flag, help=q.words, show_default=False)])
        for q in QUESTIONS
    ]  # fmt: skip
    command.__signature__ = inspect.Signature([*own, *asked])
    command.__annotations__ |= {p.name: p.annotation for p in asked}
    return command


new = _with_flags(new)


@dataclass(frozen=True, slots=True)
class Written:
    pack: Path
    recipes: list[Path]
    drawing: Path


def _write(pack: NewPack, out: Path, photo: Path | None, corners: str | None, replace: bool) -> Written:
    """The files, none of them if one is there already."""
    if not (out / "recipes/common/hv_isolation.yaml").is_file():
        raise UsageError(
            f"{out}/recipes/common has no fragments for recipes to use.",
            hint="Name the folder that holds packs/ and recipes/ with --out.",
        )
    texts = {out / "packs" / f"{pack.name}.yaml": pack_text(pack)}
    texts |= {out / "recipes" / file: text for file, text in recipe_texts(pack).items()}
    there = [str(f) for f in texts if f.exists()]
    if there and not replace:
        raise UsageError(f"There are files already: {', '.join(there)}.", hint="Add --replace to write over them.")
    picture, size_px = _picture(photo)
    places = _corners(corners)
    target, *recipes = texts
    drawing = target.with_suffix(".svg")
    found = Document(target, texts[target]).validate(PackFile)
    texts[drawing] = _drawn(found, size_px, picture, places)
    for file, text in texts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return Written(target, recipes, drawing)


def _drawn(pack: PackFile, size_px: tuple[int, int], picture: str, corners: list[tuple[float, float]] | None) -> str:
    if corners is None:
        return pattern_svg(pack, size_px, fitted(pack, size_px), picture)
    try:
        return pattern_svg(pack, size_px, seen_with_corners(pack, corners), picture)
    except ValueError as error:
        raise UsageError(f"--corners: {error}.") from error


def _picture(photo: Path | None) -> tuple[str, tuple[int, int]]:
    """The photograph as a data address, and its size; a smaller copy of a large one."""
    if photo is None:
        return "", PICTURE_PX
    if not photo.is_file():
        raise UsageError(f"{photo}: no such file.")
    image = cv2.imdecode(np.frombuffer(photo.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise UsageError(f"{photo}: no JPEG or PNG that can be read.")
    height, width = image.shape[:2]
    jpeg = cv2.imencode(".jpg", _small(image))[1].tobytes()
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode(), (width, height)


def _small(image: Any) -> Any:
    scale = LARGEST_PX / max(image.shape[:2])
    return image if scale >= 1 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _corners(text: str | None) -> list[tuple[float, float]] | None:
    if text is None:
        return None
    try:
        pairs = [tuple(float(v) for v in part.split(",")) for part in text.split()]
    except ValueError as error:
        raise UsageError(f"--corners {text!r}: write four pairs 'x,y' with a blank between them.") from error
    if len(pairs) != 4 or any(len(p) != 2 for p in pairs):
        raise UsageError(f"--corners {text!r}: write four pairs 'x,y' with a blank between them.")
    return [(p[0], p[1]) for p in pairs]


def _positions(file: Path) -> list[tuple[float, float]]:
    """Pairs of a file with 'x,y' in mm to a line; empty lines and those that begin with # are left out."""
    if not file.is_file():
        raise UsageError(f"{file}: no such file.")
    found = []
    for n, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            try:
                x, y = (float(v) for v in line.split(","))
            except ValueError as error:
                raise UsageError(f"{file}:{n}: {line!r} is no pair 'x,y' in mm.") from error
            found.append((x, y))
    if not found:
        raise UsageError(f"{file} holds no position.")
    return found


def _tools(cell: Cell | None, socket_mm: float) -> dict[str, str]:
    """The cell's tools for it; the demonstration cell's names where there is none."""
    tools = {"nutrunner": f"socket_{socket_mm:g}", "vacuum": "vacuum", "gripper": "gripper", "lid": "lid_rack",
             "modules": "module_tray"}  # fmt: skip
    if cell is None:
        return tools
    for name, tool in cell.spec.tools.items():
        if tool.kind in ("vacuum", "gripper") or (
            tool.kind == "nutrunner" and tool.socket_mm == socket_mm and not tool.impact
        ):
            tools[tool.kind] = name
    places = list(cell.spec.places)
    tools["lid"] = tools["lid"] if tools["lid"] in places else places[0]
    tools["modules"] = tools["modules"] if tools["modules"] in places else places[-1]
    return tools


def _tell(
    name: str, files: Sequence[Path], added: Sequence[str], guessed: frozenset[str], findings: Sequence[str],
    cell: Path | None,
) -> None:  # fmt: skip
    for file in files:
        typer.echo(f"written: {file}")
    for line in added:
        typer.echo(f"added to {cell}: {line.strip()}")
    if guessed:
        typer.echo(f"not measured, marked as unverified: {', '.join(sorted(guessed))}")
    for finding in findings:
        typer.echo(finding)
    recipes = " ".join(str(f) for f in files[1:-1])
    with_cell = f" --cell {cell}" if cell else ""
    typer.echo("next:")
    typer.echo(f"  look at {files[-1]}, and correct {files[0]} until the marks lie on the fasteners")
    typer.echo(f"  delid packs teach {name} --photos FOLDER --pack-file {files[0]}{with_cell}")
    typer.echo(f"  delid recipe check {recipes}{with_cell}")
