"""``delid plan``: which recipe, why, and what it would do. Wiring only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from delid.config import load_cell
from delid.core import DamageKind, Decision, Plan, Refusal, to_plain
from delid.planning import decide

from ._assess import assess, read_readings
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
        readings = read_readings(reading or [], loaded)
        seen = assess(sources, loaded, assume_pack)
        decision = decide(
            seen, loaded, readings, exclude or (), assume_pack, ruled_out=ruled_out or (), ruled_in=ruled_in or (),
            released_only=not maintenance,
        )  # fmt: skip
    if json:
        print_json(to_plain(decision))
    else:
        _print(Console(highlight=False, markup=False, emoji=False, soft_wrap=True), decision)
    raise typer.Exit(Exit.NO if isinstance(decision.outcome, Refusal) else Exit.GOOD)


def _print(console: Console, decision: Decision) -> None:
    seen = decision.assessment
    console.print(f"pack    {seen.pack.model or seen.pack.status.value}, {seen.agreeing} of {seen.frames} frames agree")
    console.print(f"hazard  {seen.hazard_class.value}: {'; '.join(seen.hazard_reasons)}")
    console.print(Text("\nrecipes", style="bold"))
    for candidate in decision.candidates:
        mark = "taken  " if candidate.accepted else "refused"
        console.print(f"  {mark} {candidate.recipe}: {'; '.join(candidate.reasons)}")
    if isinstance(decision.outcome, Refusal):
        console.print(Text("\nno plan", style="bold yellow"))
        for reason in decision.outcome.reasons:
            console.print(f"  {reason}")
        return
    _print_plan(console, decision.outcome)


def _print_plan(console: Console, chosen: Plan) -> None:
    minutes, seconds = divmod(round(chosen.estimate_s), 60)
    title = f"\nplan {chosen.recipe}, {len(chosen.steps)} steps, about {minutes} min {seconds} s"
    console.print(Text(title, style="bold"))
    if chosen.permissives:
        console.print(f"  while touching the pack: {', '.join(p.describe() for p in chosen.permissives)}")
    for n, step in enumerate(chosen.steps, start=1):
        console.print(f"  {n:>3}  {step.estimate_s:>6.1f} s  {step.key:<48} {step.title}")
