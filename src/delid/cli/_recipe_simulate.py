"""``delid recipe simulate``: what a recipe would do, how long it takes, and what may go wrong. Wiring only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delid.config import Cell, Recipe, load_cell, load_recipe
from delid.core import DamageKind, UsageError

from ._outcome import DEFAULT_CELL, Exit, errors_end_it, print_json
from ._recipe_release import note_simulation
from ._settings import Settings, with_settings

if TYPE_CHECKING:
    from delid.rehearsal import Assumptions, Rehearsal

NOTHING = "none"


Recipes = Annotated[list[Path], typer.Argument(metavar="RECIPE...", help="Recipe files.", show_default=False)]
CellFile = Annotated[Path, typer.Option(help="Cell file.")]
PackName = Annotated[str | None, typer.Option(help="Pack in the cell, if not the first that the recipe serves.")]
Seen = Annotated[
    list[str] | None,
    typer.Option(help="KIND=SEVERITY that the camera sees, or 'none'; repeat it. Else what the recipe is for."),
]
Seed = Annotated[int, typer.Option(min=0, help="First seed; the same seed gives the same run.")]
Runs = Annotated[int, typer.Option(min=1, max=10_000, help="How many runs, each with the next seed.")]
Rates = Annotated[
    list[str] | None, typer.Option(help="OPERATION.FAILURE=CHANCE, for example unfasten.seized=0.1; repeat it.")
]
NoFailures = Annotated[bool, typer.Option("--no-failures", help="Nothing goes wrong.")]
AssumptionsFile = Annotated[
    Path | None, typer.Option(help="File of failure chances, durations and power; see docs/simulation.md.")
]
Compare = Annotated[Path | None, typer.Option(help="Another version of the recipe, for a comparison.")]
Html = Annotated[Path | None, typer.Option(help="Write time line, tool path and figures as one HTML page.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def simulate(
    recipes: Recipes,
    cell: CellFile = DEFAULT_CELL,
    pack: PackName = None,
    damage: Seen = None,
    seed: Seed = 1,
    runs: Runs = 50,
    rate: Rates = None,
    settings: Settings = None,
    no_failures: NoFailures = False,
    assumptions: AssumptionsFile = None,
    compare: Compare = None,
    html: Html = None,
    json: AsJson = False,
) -> None:
    """Run recipes on a simulated cell in virtual time, with seeded failures; several are set side by side on the page.

    What is set with --set counts for RECIPE, not for --compare, so that a recipe can be compared with itself.
    Exit code 0: every run ended as the recipe says. 1: some did not. 2: used wrongly. 3: a fault.
    """
    from delid.rehearsal import page  # loads the engine

    with errors_end_it(json):
        loaded, found = load_cell(cell), _assumptions(assumptions, rate or [], no_failures=no_failures)
        stage = _Stage(loaded, found, pack, _parse_damage(damage), seed, runs, quiet=json)
        sides = [stage.rehearse(with_settings(load_recipe(file), settings or [])) for file in recipes]
        sides += [stage.rehearse(load_recipe(compare))] if compare else []
        if html is not None:
            _write(html, page(sides))
        changed = _why_not_kept(rate or no_failures, settings)
        notes = [changed or note_simulation(side, loaded) for side in sides]
    _tell(sides, notes, html, json=json)
    raise typer.Exit(Exit.GOOD if all(side.good == len(side.runs) for side in sides) else Exit.NO)


def _assumptions(file: Path | None, rate: list[str], *, no_failures: bool) -> Assumptions:
    from delid.rehearsal import default_assumptions, load_assumptions, parse_chances

    found = load_assumptions(file) if file else default_assumptions()
    found = found.with_chances(parse_chances(rate))
    return found.without_failures() if no_failures else found


def _why_not_kept(chances: object, settings: object) -> str:
    """Why a simulation counts for no release."""
    what = [words for words, changed in (("chances", chances), ("parameters", settings)) if changed]
    return f"not kept for a release: {' and '.join(what)} were changed" if what else ""


@dataclass(frozen=True, slots=True)
class _Stage:
    """What recipes are run on."""

    cell: Cell
    assumptions: Assumptions
    pack: str | None
    damage: dict[DamageKind, float] | None
    seed: int
    runs: int
    quiet: bool

    def rehearse(self, recipe: Recipe) -> Rehearsal:
        from delid.rehearsal import make_case, rehearse

        case = make_case(recipe, self.cell, self.assumptions, pack=self.pack, damage=self.damage)
        if self.quiet:
            return rehearse(case, seed=self.seed, runs=self.runs)
        name, stderr = case.recipe.spec.recipe, typer.get_text_stream("stderr")
        with typer.progressbar(length=self.runs, label=name, file=stderr) as bar:
            return rehearse(case, seed=self.seed, runs=self.runs, progress=lambda done: bar.update(1))


def _tell(sides: list[Rehearsal], notes: list[str], html: Path | None, *, json: bool) -> None:
    if json:
        print_json(sides[0].as_dict() | ({"compared": [s.as_dict() for s in sides[1:]]} if sides[1:] else {}))
        return
    for side, words in zip(sides, notes, strict=True):
        _print(side)
        if words:
            typer.echo(f"  {words}")
    if html is not None:
        typer.echo(f"written {html}")


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
