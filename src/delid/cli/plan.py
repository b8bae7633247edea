"""``delid plan``: which recipe, why, and what it would do. Wiring only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from delid.config import load_cell, load_health
from delid.core import DamageKind, Decision, HealthEstimate, Plan, Refusal, Route, UsageError, to_plain
from delid.planning import decide

from ._assess import assess, read_readings
from ._health_report import health_report
from ._outcome import DEFAULT_CELL, Exit, errors_end_it, print_json


def plan(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE...", help="Inspections as JSON, images, or - for JSON on standard input."),
    ],
    cell: Annotated[Path, typer.Option(help="Cell file.")] = DEFAULT_CELL,
    json: Annotated[bool, typer.Option("--json", help="The whole decision as one JSON object.")] = False,
    assume_pack: Annotated[
        str | None, typer.Option(help="Pack model as a person names it; stands above what was seen.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Fastener given up, for example lid.07; repeat it.")] = None,
    ruled_out: Annotated[
        list[DamageKind] | None,
        typer.Option(help="Unclear damage that a person looked for and did not find; repeat it."),
    ] = None,
    ruled_in: Annotated[
        list[DamageKind] | None, typer.Option(help="Unclear damage that a person looked for and found; repeat it.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="For each recipe, what would have to be different for it to be taken.")
    ] = False,
    route: Annotated[Route | None, typer.Option(help="The customer's route; the proposed one if not given.")] = None,
    health: Annotated[Path | None, typer.Option(help="Health report: a JSON file with what was measured.")] = None,
    health_rules: Annotated[Path | None, typer.Option(help="Health rules, if not the cell file's.")] = None,
    voltage_v: Annotated[float | None, typer.Option(help="Measured voltage of the pack at rest.")] = None,
    isolation_ohm_per_v: Annotated[float | None, typer.Option(help="Measured isolation.")] = None,
    impedance_mohm: Annotated[float | None, typer.Option(help="Measured impedance of the pack.")] = None,
    capacity_ah: Annotated[float | None, typer.Option(help="Measured capacity.")] = None,
    reading: Annotated[
        list[str] | None, typer.Option(help="PLC reading TAG=VALUE, for example gas_ppm=80; repeat it.")
    ] = None,
    maintenance: Annotated[
        bool, typer.Option("--maintenance", help="As in maintenance mode: recipes need no release.")
    ] = False,
) -> None:
    """Choose a recipe for what was seen and show the plan; all sources must show the same pack.

    Exit code 0: there is a plan. 1: no recipe may run. 2: used wrongly. 3: a fault.
    """
    with errors_end_it(json):
        loaded = load_cell(cell)
        if health_rules is not None:
            loaded = replace(loaded, health=load_health(health_rules))
        report = health_report(health, voltage_v, isolation_ohm_per_v, impedance_mohm, capacity_ah)
        if report is not None and loaded.health is None:
            raise UsageError(
                "The cell has no health rules.", hint="Name them as 'health' in the cell file, or --health-rules."
            )
        readings = read_readings(reading or [], loaded)
        seen = assess(sources, loaded, assume_pack)
        decision = decide(
            seen, loaded, readings, exclude or (), assume_pack, ruled_out=ruled_out or (), ruled_in=ruled_in or (),
            released_only=not maintenance,
            health=report, route=route,
        )  # fmt: skip
    if json:
        print_json(to_plain(decision))
    else:
        _print(Console(highlight=False, markup=False, emoji=False, soft_wrap=True), decision, explain=explain)
    raise typer.Exit(Exit.NO if isinstance(decision.outcome, Refusal) else Exit.GOOD)


def _print(console: Console, decision: Decision, *, explain: bool = False) -> None:
    seen = decision.assessment
    console.print(f"pack    {seen.pack.model or seen.pack.status.value}, {seen.agreeing} of {seen.frames} frames agree")
    console.print(f"hazard  {seen.hazard_class.value}: {'; '.join(seen.hazard_reasons)}")
    if decision.health is not None:
        _print_health(console, decision.health)
    console.print(Text("\nrecipes", style="bold"))
    for candidate in decision.candidates:
        mark = "taken  " if candidate.accepted else "refused"
        console.print(f"  {mark} {candidate.recipe}: {'; '.join(candidate.reasons)}")
        if explain and candidate.if_only:
            console.print(f"            would fit if {' and '.join(candidate.if_only)}")
        if explain and candidate.behind:
            console.print(f"            the other one {candidate.behind}")
    if isinstance(decision.outcome, Refusal):
        console.print(Text("\nno plan", style="bold yellow"))
        for reason in decision.outcome.reasons:
            console.print(f"  {reason}")
        return
    _print_plan(console, decision.outcome)


def _print_health(console: Console, found: HealthEstimate) -> None:
    if found.state_of_health is not None:
        console.print(f"health  {found.state_of_health:.2f} +- {found.sigma:.2f} of the rated capacity")
    for route, (value, sigma) in found.values.items():
        console.print(f"value   {route}: {value:.0f} +- {sigma:.0f} {found.currency}")
    console.print(f"route   {'; '.join(found.reasons)}")


def _print_plan(console: Console, chosen: Plan) -> None:
    minutes, seconds = divmod(round(chosen.estimate_s), 60)
    spread = f" +- {chosen.spread_s:.0f} s" if chosen.spread_s else ""
    title = f"\nplan {chosen.recipe}, {len(chosen.steps)} steps, about {minutes} min {seconds} s{spread}"
    console.print(Text(title, style="bold"))
    if chosen.order_why:
        console.print(f"  order: {chosen.order_why}")
    if chosen.permissives:
        console.print(f"  while touching the pack: {', '.join(p.describe() for p in chosen.permissives)}")
    for n, step in enumerate(chosen.steps, start=1):
        console.print(f"  {n:>3}  {step.estimate_s:>6.1f} s  {step.key:<48} {step.title}")
