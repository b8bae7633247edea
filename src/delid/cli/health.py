"""``delid health``: what was measured of the pack in a running cell, its route, and what follows. Wiring only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from delid.core import HealthReport, Route, UsageError
from delid.ipc import MEASURED

from ._asking import By, CellPath, Json, ask, or_refused, person
from ._health_report import health_report


def health(
    cell: CellPath,
    file: Annotated[Path | None, typer.Option("--health", help="Health report: a JSON file.")] = None,
    voltage_v: Annotated[float | None, typer.Option(help="Measured voltage of the pack at rest.")] = None,
    isolation_ohm_per_v: Annotated[float | None, typer.Option(help="Measured isolation.")] = None,
    impedance_mohm: Annotated[float | None, typer.Option(help="Measured impedance of the pack.")] = None,
    capacity_ah: Annotated[float | None, typer.Option(help="Measured capacity.")] = None,
    route: Annotated[Route | None, typer.Option(help="The customer's route; else the cell proposes one.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take back what was told of the pack.")] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Tell a running cell what was measured of its pack and where it goes, after Reset; or show what it knows.

    What is told takes the place of all that was told before. Exit code 1: the cell refuses it, with the reasons.
    """
    measured = health_report(file, voltage_v, isolation_ohm_per_v, impedance_mohm, capacity_ah)
    given = measured is not None or route is not None
    if given and clear:
        raise UsageError("--clear takes everything back; it does not go together with what it would take back.")
    if given or clear:
        or_refused(ask(cell, request(measured, route, person(by))))
    state = ask(cell, {"op": "state"})["state"]
    found = {"told": state.get("told"), "health": state.get("health")}
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else _text(found))


def request(measured: HealthReport | None, route: Route | None, by: str) -> dict[str, str]:
    """The message to the cell; what was not measured is empty."""
    values = {name: getattr(measured, name, None) for name in MEASURED}
    texts = {name: "" if value is None else repr(float(value)) for name, value in values.items()}
    return {"op": "told", **texts, "route": route.value if route else "", "by": by}


def _text(found: dict[str, Any]) -> str:
    told, estimate = found["told"] or {}, found["health"]
    measured = {k: v for k, v in (told.get("measured") or {}).items() if v not in (None, "")}
    by = measured.pop("by", "")
    lines = [f"told     {name} {value:g}" for name, value in measured.items()]
    lines += [f"by       {by}"] if by else []
    lines += [f"asked    {told['route']}"] if told.get("route") else []
    if estimate is None:
        return "\n".join([*lines, "health   not estimated: there was no decision yet, or the cell has no health rules"])
    if estimate["state_of_health"] is not None:
        lines.append(f"health   {estimate['state_of_health']:.2f} +- {estimate['sigma']:.2f} of the rated capacity")
    for name, (value, sigma) in estimate["values"].items():
        lines.append(f"value    {name}: {value:.0f} +- {sigma:.0f} {estimate['currency']}")
    return "\n".join([*lines, f"proposed {'; '.join(estimate['reasons'])}"])
