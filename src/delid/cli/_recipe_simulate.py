"""``delid recipe simulate``: what a recipe would do, how long it takes, and what may go wrong. Wiring only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delid.config import Cell, load_cell, load_recipe
from delid.core import DamageKind, UsageError

from ._outcome import DEFAULT_CELL, Exit, errors_end_it, print_json
from ._recipe_release import note_simulation

if TYPE_CHECKING:
    from delid.rehearsal import Assumptions, Rehearsal

NOTHING = "none"


def simulate(
    recipes: Annotated[list[Path], typer.Argument(metavar="RECIPE...", help="Recipe files.", show_default=False)],
    cell: Annotated[Path, typer.Option(help="Cell file.")] = DEFAULT_CELL,
    pack: Annotated[str | None, typer.Option(help="Pack in the cell, if not the first that the recipe serves.")] = None,
    damage: Annotated[
        list[str] | None,
        typer.Option(help="KIND=SEVERITY that the camera sees, or 'none'; repeat it. Else what the recipe is for."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="First seed; the same seed gives the same run.")] = 1,
    runs: Annotated[int, typer.Option(min=1, max=10_000, help="How many runs, each with the next seed.")] = 50,
    rate: Annotated[
        list[str] | None, typer.Option(help="OPERATION.FAILURE=CHANCE, for example unfasten.seized=0.1; repeat it.")
    ] = None,
    no_failures: Annotated[bool, typer.Option("--no-failures", help="Nothing goes wrong.")] = False,
    assumptions: Annotated[
        Path | None, typer.Option(help="File of failure chances, durations and power; see docs/simulation.md.")
    ] = None,
    compare: Annotated[Path | None, typer.Option(help="Another version of the recipe, for a comparison.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write time line, tool path and figures as one HTML page.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run recipes on a simulated cell in virtual time, with seeded failures; several are set side by side on the page.

    Exit code 0: every run ended as the recipe says. 1: some did not. 2: used wrongly. 3: a fault.
    """
    from delid.rehearsal import default_assumptions, load_assumptions, page, parse_chances  # loads the engine

    with errors_end_it(json):
        found = load_assumptions(assumptions) if assumptions else default_assumptions()
        found = found.with_chances(parse_chances(rate or []))
        found = found.without_failures() if no_failures else found
        loaded, seen = load_cell(cell), _parse_damage(damage)
        files = [*recipes, *([compare] if compare else [])]
        sides = [_rehearse(file, loaded, found, pack, seen, seed, runs, quiet=json) for file in files]
        if html is not None:
            _write(html, page(sides))
        changed = "not kept for a release: chances were changed" if rate or no_failures else ""
        notes = [changed or note_simulation(side, loaded) for side in sides]
    if json:
        print_json(sides[0].as_dict() | ({"compared": [s.as_dict() for s in sides[1:]]} if sides[1:] else {}))
    else:
        for side, words in zip(sides, notes, strict=True):
            _print(side)
            if words:
                typer.echo(f"  {words}")
        if html is not None:
            typer.echo(f"written {html}")
    raise typer.Exit(Exit.GOOD if all(side.good == len(side.runs) for side in sides) else Exit.NO)


def _rehearse(
    file: Path,
    cell: Cell,
    assumptions: Assumptions,
    pack: str | None,
    damage: dict[DamageKind, float] | None,
    seed: int,
    runs: int,
    *,
    quiet: bool,
) -> Rehearsal:
    from delid.rehearsal import make_case, rehearse

    case = make_case(load_recipe(file), cell, assumptions, pack=pack, damage=damage)
    if quiet:
        return rehearse(case, seed=seed, runs=runs)
    name, stderr = case.recipe.spec.recipe, typer.get_text_stream("stderr")
    with typer.progressbar(length=runs, label=name, file=stderr) as bar:
        return rehearse(case, seed=seed, runs=runs, progress=lambda done: bar.update(1))


def _parse_damage(pairs: list[str] | None) -> dict[DamageKind, float] | None:
    if not pairs:
        return None
    found: dict[DamageKind, float] = {}
    for pair in pairs:
        kind, _, severity = pair.partition("=")
        if pair == NOTHING:
            continue
        try:
            found[DamageKind(kind)] = float(severity)
        except ValueError as error:
            kinds = ", ".join(DamageKind)
            raise UsageError(f"{pair!r} is no KIND=SEVERITY.", hint=f"Kinds: {kinds}; severity 0 to 1.") from error
        if not 0 <= found[DamageKind(kind)] <= 1:
            raise UsageError(f"{pair!r}: the severity is a number from 0 to 1.")
    return found


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def _print(side: Rehearsal) -> None:
    duration, energy, case = side.duration_s, side.energy_wh, side.case
    damage = ", ".join(f"{d.kind.value} {d.severity:g}" for d in case.damage) or "no damage"
    ends = ", ".join(f"{name} {count}" for name, count in side.outcomes.items())
    typer.echo(f"{case.recipe.spec.recipe} on {case.pack.pack}, {damage}: {len(side.runs)} runs, {ends}")
    typer.echo(
        f"  duration  {_min(duration.mean)} mean, {_min(duration.p5)} to {_min(duration.p95)} in 9 of 10 runs; "
        f"{_min(side.flawless.duration_s)} when nothing fails"
    )
    typer.echo(f"  energy    {energy.mean:.0f} Wh mean, {energy.p5:.0f} to {energy.p95:.0f} Wh (estimated)")
    typer.echo(f"  person    {_min(side.person_s.mean)} in {side.questions:g} questions, mean")
    for name, often in list(side.failures.items())[:8]:
        typer.echo(f"  failure   {name}: {often:g} in a run")
    typer.echo(f"  time line of seed {side.shown.seed}, the run of median duration")
    for step in side.shown.steps:
        tries = f", {step.tries} tries" if step.tries > 1 else ""
        begin, took = _min(step.begin_s), step.end_s - step.begin_s
        typer.echo(f"    {begin:>7}  {took:>6.1f} s  (planned {step.estimate_s:.1f})  {step.key}: {step.status}{tries}")


def _min(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
