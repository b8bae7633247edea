"""``delid inspect``: what the models say of images. Wiring only."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console
from rich.text import Text

from delid.config import load_cell
from delid.core import (
    AMBIENT,
    CodeOutcome,
    ConfigError,
    Damage,
    DelidError,
    Frame,
    FrameError,
    Inspection,
    PackStatus,
    SystemClock,
    UsageError,
    to_plain,
)
from delid.vision import Inspector, read_frame
from delid.vision import explain as draw_explanation

from ._outcome import Exit, print_json

DEFAULT_MODELS = Path("models")
DEFAULT_GALLERY = Path("cell_configs/gallery")


def inspect(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="JPEG or PNG files.", show_default=False)],
    cell: Annotated[
        Path | None, typer.Option(help="Cell file: models, gallery, packs and camera calibration come from it.")
    ] = None,
    models: Annotated[
        Path | None, typer.Option(help="Folder with pack-damage and fastener-detect; without it ./models.")
    ] = None,
    gallery: Annotated[
        Path | None, typer.Option(help="Folder of the taught packs; without it ./cell_configs/gallery.")
    ] = None,
    look: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE", help="The same view under another lamp, for example rake_left=left.jpg."),
    ] = None,
    explain: Annotated[
        Path | None, typer.Option(metavar="OUT.png", help="Write a picture that shows what was seen and why.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object for each image, one to a line.")] = False,
) -> None:
    """Say which pack an image shows, how it is damaged, and what stands on its labels.

    Exit code 0: every image shows a taught pack. 1: an image is unusable, or its pack unknown or ambiguous.
    2: used wrongly, for example a file that is not there. 3: a fault, for example a model that was tampered with.
    """
    report = _Report(json)
    if cell is not None and (models is not None or gallery is not None):
        report.failed("", UsageError("give either --cell or --models and --gallery: a cell names its own."))
        raise typer.Exit(Exit.WRONG_USE)
    try:
        looks = read_looks(look or [], images)
        check_picture(explain, images)
        inspector = _open(cell, models, gallery)
    except DelidError as error:
        report.failed("", error)
        raise typer.Exit(_exit_of(error)) from error
    worst = max(_inspect_one(inspector, image, looks, report, explain) for image in images)
    raise typer.Exit(worst)


def _open(cell: Path | None, models: Path | None, gallery: Path | None) -> Inspector:
    if cell is not None:
        return Inspector.load(load_cell(cell))
    folder = models or DEFAULT_MODELS
    return Inspector.open(folder / "pack-damage", folder / "fastener-detect", gallery or DEFAULT_GALLERY)


def read_looks(pairs: list[str], images: list[Path]) -> dict[str, Frame]:
    """``NAME=FILE`` pairs as frames by the name of their look; raises UsageError and FrameError."""
    if pairs and len(images) != 1:
        raise UsageError("--look belongs to one image; give one.")
    looks: dict[str, Frame] = {}
    for pair in pairs:
        name, _, file = pair.partition("=")
        if not name or not file or name == AMBIENT or name in looks:
            raise UsageError(f"--look {pair!r}: write NAME=FILE, each name once; the image itself is {AMBIENT!r}.")
        looks[name] = read_frame(Path(file), look=name)
    return looks


def check_picture(explain: Path | None, images: list[Path]) -> None:
    """Raises UsageError when there cannot be a picture at ``explain``."""
    if explain is None:
        return
    if len(images) != 1:
        raise UsageError("--explain belongs to one image; give one.")
    if explain.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise UsageError(f"--explain {explain}: name a .png or .jpg file.")
    if not explain.absolute().parent.is_dir():
        raise UsageError(f"--explain {explain}: there is no such folder.")


def _draw(inspector: Inspector, frame: Frame, looks: dict[str, Frame], found: Inspection, out: Path) -> None:
    evidence = inspector.evidence(frame, looks) if found.quality.ok else None
    _, encoded = cv2.imencode(out.suffix.lower(), draw_explanation(frame, found, evidence))
    try:
        out.write_bytes(encoded.tobytes())
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror}.") from error


def _inspect_one(
    inspector: Inspector, image: Path, looks: dict[str, Frame], report: _Report, explain: Path | None
) -> Exit:
    """Inspect and report one image; its failure does not keep the others from being judged."""
    clock = SystemClock()
    start_s = clock.now_s()
    try:
        frame = read_frame(image)
        found = inspector.inspect(frame, looks=looks, decode_ms=(clock.now_s() - start_s) * 1000)
        if explain is not None:
            _draw(inspector, frame, looks, found, explain)
    except DelidError as error:
        report.failed(str(image), error)
        return _exit_of(error)
    report.found(found)
    return Exit.GOOD if found.quality.ok and found.pack.status is PackStatus.KNOWN else Exit.NO


def _exit_of(error: DelidError) -> Exit:
    """A picture that cannot be read is an answer; one that is not there is a mistake of the caller's."""
    if isinstance(error, FrameError) and error.code != "frame.missing":
        return Exit.NO
    return Exit.WRONG_USE if isinstance(error, (ConfigError, FrameError, UsageError)) else Exit.FAULT


class _Report:
    """Prints inspections and failures, for people or one JSON object a line."""

    def __init__(self, json: bool) -> None:
        self._json = json
        self._out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._err = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=True)

    def found(self, inspection: Inspection) -> None:
        if self._json:
            print_json(to_plain(inspection))
        else:
            _print_inspection(self._out, inspection)

    def failed(self, source: str, error: DelidError) -> None:
        if self._json:
            print_json({**({"source": source} if source else {}), "error": error.as_dict()})
        else:
            self._err.print(Text(str(error), style="red"))


def _print_inspection(console: Console, found: Inspection) -> None:
    console.print(Text(found.source, style="bold"), f"{found.frame.width} x {found.frame.height} px")
    for name, words, style in _rows(found):
        console.print(Text.assemble(f"  {name:<10}", (words, style)))


def _damage_words(damage: Damage) -> str:
    x0, y0, x1, y1 = damage.box_px
    figures = f"{damage.kind.value} ({damage.confidence:.2f}), severity {damage.severity:.2f}"
    return f"{figures}, at x {x0:.0f} to {x1:.0f}, y {y0:.0f} to {y1:.0f} px"


def _rows(found: Inspection) -> list[tuple[str, str, str]]:
    """Name, words and style of each line; colour only for what is abnormal."""
    style = {"A": "", "B": "yellow"}.get(found.hazard_class.value, "red")
    hazard = ("hazard", f"{found.hazard_class.value}: {'; '.join(found.hazard_reasons)}", style)
    if not found.quality.ok:
        return [*(("unusable", reason, "yellow") for reason in found.quality.reasons), hazard]
    rows = [("pack", *_pack_words(found)), hazard]
    if len(found.looks) > 1:
        rows.append(("looks", ", ".join(found.looks), ""))
    rows.extend(("note", note, "yellow") for note in found.quality.reasons)
    rows.extend(("damage", _damage_words(damage), "") for damage in found.damage)
    rows.extend(("unclear", _damage_words(damage), "yellow") for damage in found.unclear)
    kinds = Counter(f.kind.value for f in found.fasteners)
    if kinds:
        rows.append(("fasteners", ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())), ""))
    if found.code_status.outcome not in (CodeOutcome.NONE, CodeOutcome.READ):
        words = f"{found.code_status.outcome.value.replace('_', ' ')}: {'; '.join(found.code_status.reasons)}"
        rows.append(("codes", words, "yellow" if found.code_status.outcome is CodeOutcome.CONFLICT else ""))
    for code in found.codes:
        facts = [code.symbology, *filter(None, [code.standard]), *(f"{k} {v}" for k, v in (code.decoded or {}).items())]
        rows.append(("code", f"{code.text} ({', '.join(facts)})", ""))
    rows.append(("time", f"{found.timing_ms['total']:.0f} ms", ""))
    return rows


def _pack_words(found: Inspection) -> tuple[str, str]:
    """Words and style for the verdict, with the nearest others."""
    known = found.pack.status is PackStatus.KNOWN
    others = ", ".join(f"{c.model} {c.score:.2f}" for c in found.pack.candidates[1 if known else 0 :][:3])
    name = f"{found.pack.model} ({found.pack.confidence:.2f})" if known else found.pack.status.value
    words = f"{name}; {'next' if known else 'nearest'}: {others}" if others else name
    return words, "" if known else "yellow"
