"""``delid recipe release``, and what check and simulate keep for it. Wiring only."""

from __future__ import annotations

import difflib
import hashlib
import importlib.metadata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delid.config import (
    Cell,
    CheckResult,
    Recipe,
    Release,
    ReleaseProgress,
    ReleaseStanding,
    ReleaseState,
    SimulationResult,
    append_release,
    load_cell,
    load_recipe,
    released_texts,
    standing_of,
    write_progress,
)
from delid.core import ConfigError, SystemClock, UsageError
from delid.planning import ALL_RULES, check_recipe

from ._outcome import DEFAULT_CELL, Exit, errors_end_it, print_json

if TYPE_CHECKING:
    from delid.rehearsal import Rehearsal

MIN_RUNS = 10
"""A release wants at least so many simulated runs."""
NEXT = {
    ReleaseState.DRAFT: "delid recipe check {file}",
    ReleaseState.CHECKED: "delid recipe simulate {file}",
    ReleaseState.SIMULATED: "delid recipe release {file} --by NAME",
}
"""What brings a recipe one state on."""


def release(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Recipe files.", show_default=False)],
    by: Annotated[str, typer.Option(help="Who answers for it: a person's name.", show_default=False)],
    note: Annotated[str, typer.Option(help="Why this version, in a sentence.")] = "",
    cell: Annotated[Path, typer.Option(help="Cell file.")] = DEFAULT_CELL,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Release recipes, so that cells may run them. Only what was checked and simulated as it is now can be released.

    Exit code 0: all are released. 1: at least one was refused, with the reason. 2: used wrongly.
    """
    with errors_end_it(json):
        if not by.strip():
            raise UsageError("--by needs the name of a person.")
        loaded = load_cell(cell)
        results = [(file, _release(load_recipe(file), loaded, by.strip(), note)) for file in files]
    if json:
        print_json({"recipes": [{"file": str(file), "refused": list(why)} for file, why in results]})
    for file, why in () if json else results:
        typer.echo(f"{file}: " + (f"refused: {'; '.join(why)}" if why else f"released by {by.strip()}"))
    raise typer.Exit(Exit.NO if any(why for _, why in results) else Exit.GOOD)


def _release(recipe: Recipe, cell: Cell, by: str, note: str) -> tuple[str, ...]:
    """Release it; gives the reasons where it is refused."""
    stands, path = standing_of(recipe, cell.pack_texts), recipe.document.path
    if stands.state is ReleaseState.RELEASED:
        return ()
    if findings := check_recipe(recipe, cell, cell.packs):
        return ("the check finds something", *map(str, findings))
    check, simulation = stands.progress.check, stands.progress.simulation
    if check is None or simulation is None:
        return (f"not {'checked' if check is None else 'simulated'} as it is now: run '{_next(stands, path)}'",)
    found = Release(
        recipe=recipe.spec.recipe,
        content=stands.version.content,
        at=_now(),
        by=by,
        note=note,
        delid=importlib.metadata.version("delid"),
        files=stands.version.files,
        check=check,
        simulation=simulation,
    )
    append_release(path, found, stands.version)
    return ()


def note_check(recipe: Recipe, cell: Cell) -> None:
    """Keep that the check found nothing, where that brings the recipe on."""
    stands = standing_of(recipe, cell.pack_texts)
    if stands.state is ReleaseState.DRAFT:
        result = CheckResult(rules=len(ALL_RULES), cell=cell.spec.cell, at=_now())
        _keep(recipe, stands.progress.model_copy(update={"check": result}))


def note_simulation(side: Rehearsal, cell: Cell) -> str:
    """Keep the figures where they count for a release; gives words where they do not."""
    if len(side.runs) < MIN_RUNS:
        return f"not kept for a release: that wants at least {MIN_RUNS} runs"
    if side.good < len(side.runs):
        return f"not kept for a release: {len(side.runs) - side.good} runs did not end as the recipe says"
    recipe, duration = side.case.recipe, side.duration_s
    stands = standing_of(recipe, cell.pack_texts)
    if stands.state is ReleaseState.RELEASED:
        return ""
    result = SimulationResult(
        runs=len(side.runs),
        seed=side.runs[0].seed,
        duration_s=duration.mean,
        duration_p5_s=duration.p5,
        duration_p95_s=duration.p95,
        energy_wh=side.energy_wh.mean,
        questions=side.questions,
        assumptions=hashlib.sha256(side.case.assumptions.model_dump_json().encode()).hexdigest()[:12],
        cell=cell.spec.cell,
        at=_now(),
    )
    _keep(recipe, stands.progress.model_copy(update={"simulation": result}))
    return ""


def state_lines(recipe: Recipe, cell: Cell) -> list[str]:
    """State, release, what comes next, and the difference to what is released."""
    stands = standing_of(recipe, cell.pack_texts)
    path, last = recipe.document.path, stands.last
    lines = [f"  state       {stands.state.value}" + (f", next: {n}" if (n := _next(stands, path)) else "")]
    if last is not None:
        lines.append(f"  released    {last.at} by {last.by}" + (f": {last.note}" if last.note else ""))
    if last is not None and stands.state is not ReleaseState.RELEASED:
        lines += ["  changed since", *(f"    {line}" for line in difference(stands, path))]
    return lines


def state_facts(recipe: Recipe, cell: Cell) -> dict[str, object]:
    """The same for JSON."""
    stands = standing_of(recipe, cell.pack_texts)
    return {
        "state": stands.state.value,
        "content": stands.version.content,
        "released": stands.last.model_dump() if stands.last else None,
        "difference": list(difference(stands, recipe.document.path)) if stands.last else [],
    }


def difference(stands: ReleaseStanding, path: Path) -> Iterator[str]:
    """Unified diff of everything that makes the version up, from the last release to now; raises ConfigError."""
    if stands.last is None:
        return
    before = released_texts(path, stands.last)
    for name in sorted({*before, *stands.version.texts}):
        old, new = before.get(name, ""), stands.version.texts.get(name, "")
        names = (f"{name} released", f"{name} now")
        yield from difflib.unified_diff(old.splitlines(), new.splitlines(), *names, lineterm="")


def _next(stands: ReleaseStanding, path: Path) -> str:
    return NEXT.get(stands.state, "").format(file=path)


def _keep(recipe: Recipe, progress: ReleaseProgress) -> None:
    """A folder that cannot be written does not make a check fail; a release will ask for it again."""
    try:
        write_progress(recipe.document.path, progress)
    except ConfigError as error:
        typer.echo(f"not kept for a release: {error}", err=True)


def _now() -> str:
    return datetime.fromtimestamp(SystemClock().wall_s(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
