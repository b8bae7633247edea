"""``delid plan``: which recipe, why, and what it would do. Wiring only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from delid.config import Cell, load_cell, load_health
from delid.core import Assessment, Decision, HealthEstimate, Plan, Refusal, UsageError, to_plain
from delid.planning import Given, decide

from . import _plan_options as options
from ._assess import assess, read_readings
from ._health_report import health_report
from ._outcome import DEFAULT_CELL, Exit, errors_end_it, print_json
from ._settings import Settings, with_settings


def plan(
    sources: options.Sources,
    cell: options.CellFile = DEFAULT_CELL,
    json: options.AsJson = False,
    assume_pack: options.AssumePack = None,
    exclude: options.Exclude = None,
    ruled_out: options.RuledOut = None,
    ruled_in: options.RuledIn = None,
    explain: options.Explain = False,
    route: options.AskedRoute = None,
    health: options.HealthReportFile = None,
    health_rules: options.HealthRules = None,
    voltage_v: options.VoltageV = None,
    isolation_ohm_per_v: options.IsolationOhmPerV = None,
    impedance_mohm: options.ImpedanceMohm = None,
    capacity_ah: options.CapacityAh = None,
    reading: options.Readings = None,
    settings: Settings = None,
    maintenance: options.Maintenance = False,
) -> None:
    """Choose a recipe for what was seen and show the plan; all sources must show the same pack.

    Exit code 0: there is a plan. 1: no recipe may run. 2: used wrongly. 3: a fault.
    """
    with errors_end_it(json):
        loaded = _cell_of(cell, health_rules)
        report = health_report(health, voltage_v, isolation_ohm_per_v, impedance_mohm, capacity_ah)
        given = Given(
            exclude=exclude or (), assume_pack=assume_pack, ruled_out=ruled_out or (), ruled_in=ruled_in or (),
            released_only=not maintenance, health=report, route=route,
        )  # fmt: skip
        decision = _decide(assess(sources, loaded, assume_pack), loaded, reading or [], settings or [], given)
    if json:
        print_json(to_plain(decision))
    else:
        _print(Console(highlight=False, markup=False, emoji=False, soft_wrap=True), decision, explain=explain)
    raise typer.Exit(Exit.NO if isinstance(decision.outcome, Refusal) else Exit.GOOD)


def _cell_of(path: Path, health_rules: Path | None) -> Cell:
    loaded = load_cell(path)
    return loaded if health_rules is None else replace(loaded, health=load_health(health_rules))


def _decide(seen: Assessment, cell: Cell, reading: list[str], settings: list[str], given: Given) -> Decision:
    """The decision; parameters are set in the recipe that is taken."""
    if given["health"] is not None and cell.health is None:
        raise UsageError(
            "The cell has no health rules.", hint="Name them as 'health' in the cell file, or --health-rules."
        )
    readings = read_readings(reading, cell)
    decision = decide(seen, cell, readings, **given)
    if not settings or isinstance(decision.outcome, Refusal):
        return decision
    taken = decision.outcome.recipe
    recipes = tuple(with_settings(r, settings) if r.spec.recipe == taken else r for r in cell.recipes)
    return decide(seen, replace(cell, recipes=recipes), readings, **given)


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
        meanwhile = ", while the robot goes on" if step.beside else ""
        console.print(f"  {n:>3}  {step.estimate_s:>6.1f} s  {step.key:<48} {step.title}{meanwhile}")
