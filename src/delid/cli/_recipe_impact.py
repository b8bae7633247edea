"""``delid recipe impact``: what changed in a recipe, and which recorded runs decide differently. Wiring only."""

from __future__ import annotations

import dataclasses
import difflib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from delid.config import Cell, Document, PackFile, Recipe, load_cell, load_recipe, released_texts, standing_of
from delid.core import UsageError

from ._outcome import DEFAULT_CELL, Exit, errors_end_it, print_json
from ._recipe_release import difference

RELEASED = "released"
RECORDINGS = Path("fixtures/recordings")


def impact(
    file: Annotated[Path, typer.Argument(metavar="RECIPE", help="Recipe file.", show_default=False)],
    against: Annotated[str, typer.Option(help="'released', or a recipe file to compare with.")] = RELEASED,
    recordings: Annotated[
        list[Path] | None,
        typer.Option(help=f"Recording or folder of them; {RECORDINGS} if not given; repeat it."),
    ] = None,
    cell: Annotated[Path, typer.Option(help="Cell file.")] = DEFAULT_CELL,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what changed in a recipe, and which recordings decide differently with it.

    Decisions are made again from the recorded inspections and readings; no picture is judged again.
    Exit code 0: every recording decides the same. 1: some do not. 2: used wrongly. 3: a fault.
    """
    from delid.journal import read_recording
    from delid.replay import impact as impact_of
    from delid.replay import with_version

    with errors_end_it(json):
        now, loaded = load_recipe(file), load_cell(cell)
        before, lines = _before(now, loaded, against)
        after = with_version(loaded, now)
        paths = recordings_of(recordings or [RECORDINGS])
        found = [i for path in paths for i in impact_of(read_recording(path), before, after, now.spec.recipe)]
    differ = [i for i in found if i.differences]
    if json:
        print_json({"diff": lines, "decisions": [dataclasses.asdict(i) for i in found]})
    else:
        for line in lines or ["no change in the texts"]:
            typer.echo(line)
        for one in differ:
            typer.echo(f"{one.recording} {one.decision}: {one.after}")
            for words in one.differences:
                typer.echo(f"  {words}")
        typer.echo(f"{len(found)} decisions of {len(paths)} recordings, {len(differ)} differ")
    raise typer.Exit(Exit.NO if differ else Exit.GOOD)


def _before(now: Recipe, cell: Cell, against: str) -> tuple[Cell, list[str]]:
    """The cell with the version to compare with, and the difference of the texts."""
    from delid.replay import with_version

    if against != RELEASED:
        other = load_recipe(Path(against))
        one, two = other.document.text.splitlines(), now.document.text.splitlines()
        diff = difflib.unified_diff(one, two, against, str(now.document.path), lineterm="")
        return with_version(_without(cell, now), other), list(diff)
    stands, path = standing_of(now, cell.pack_texts), now.document.path
    if stands.last is None:
        raise UsageError(f"{path} has no release yet.", hint="Compare with another file: --against FILE.")
    texts = released_texts(path, stands.last)
    packs = {
        name.partition(":")[2]: Document(Path(name), text).validate(PackFile)
        for name, text in texts.items()
        if name.startswith("pack:")
    }
    old = with_version(cell, _recipe_of(path, texts))
    return dataclasses.replace(old, packs={**cell.packs, **packs}), list(difference(stands, path))


def _without(cell: Cell, recipe: Recipe) -> Cell:
    """So that a version with another name does not stand beside the one it is compared with."""
    return dataclasses.replace(cell, recipes=tuple(r for r in cell.recipes if r.spec.recipe != recipe.spec.recipe))


def _recipe_of(path: Path, texts: Mapping[str, str]) -> Recipe:
    """The recipe of a release, read from its texts with the fragments of then."""
    with tempfile.TemporaryDirectory(prefix="delid-release-") as folder:
        for name, text in texts.items():
            kind, _, which = name.partition(":")
            target = Path(folder) / (path.name if kind == "recipe" else f"{which}.yaml")
            if kind != "pack":
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
        return load_recipe(Path(folder) / path.name)


def recordings_of(places: list[Path]) -> list[Path]:
    found = [path for place in places for path in (sorted(place.glob("*.mcap")) if place.is_dir() else [place])]
    if missing := [str(path) for path in found if not path.is_file()]:
        raise UsageError(f"no such file: {', '.join(missing)}")
    if not found:
        raise UsageError("there are no recordings.", hint="Name a recording or a folder with --recordings.")
    return found
