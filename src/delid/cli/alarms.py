"""``delid alarms``: the list of a running cell, acknowledge, shelve. Wiring only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from delid.core import ALL_ALARMS, UsageError

from ._asking import By, CellPath, ask, or_refused, person

alarms_app = typer.Typer(no_args_is_help=True, help="See, acknowledge and shelve the alarms of a running cell.")

Code = Annotated[str, typer.Argument(metavar="CODE", help="The alarm's code, as the list shows it.")]


@alarms_app.command("list")
def list_alarms(cell: CellPath, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Each alarm: its cause, what to do, and where it stands. Ends with 1 while one is not acknowledged."""
    state = ask(cell, {"op": "state"})["state"]
    if as_json:
        typer.echo(json.dumps({"alarms": state["alarms"], **state["alarm_counts"]}, indent=2, ensure_ascii=False))
    else:
        typer.echo(_text(state))
    if state["alarm_counts"]["unacknowledged"]:
        raise typer.Exit(1)


@alarms_app.command()
def ack(
    cell: CellPath,
    code: Annotated[str | None, typer.Argument(metavar="CODE", help="The alarm's code, as the list shows it.")] = None,
    all_alarms: Annotated[bool, typer.Option("--all", help="Every alarm of the list.")] = False,
    by: By = "",
) -> None:
    """Say that you have seen an alarm. Its cause goes on standing, and so does what it stopped."""
    if (code is None) is not all_alarms:
        raise UsageError("name one alarm, or give --all.", hint="delid alarms list CELL.yaml shows the codes.")
    _tell(cell, {"op": "acknowledge", "code": code or ALL_ALARMS, "by": person(by)})


@alarms_app.command()
def shelve(
    cell: CellPath,
    code: Code,
    reason: Annotated[str, typer.Option(help="Why; it is kept in the journal.")],
    minutes: Annotated[float, typer.Option(min=0.1, help="For how long; eight hours at most.")] = 60.0,
    by: By = "",
) -> None:
    """Take an alarm out of the way for a time; its interlock goes on working. What is critical is never shelved."""
    _shelf(cell, code, reason, minutes, by)


@alarms_app.command()
def unshelve(cell: CellPath, code: Code, by: By = "") -> None:
    """Put a shelved alarm back into the list."""
    _shelf(cell, code, "", 0.0, by)


def _shelf(cell: Path, code: str, reason: str, minutes: float, by: str) -> None:
    who = person(by)
    _tell(cell, {"op": "shelve", "code": code, "by": who, "reason": reason, "minutes": f"{minutes:g}"})


def _tell(cell: Path, request: dict[str, str]) -> None:
    or_refused(ask(cell, request))


def _text(state: dict[str, Any]) -> str:
    if not state["alarms"]:
        return "No alarms."
    lines = []
    if state["alarm_counts"]["flood"]:
        lines.append("More alarms than one person can deal with: see to the first-outs.")
    for alarm in state["alarms"]:
        mark = "" if alarm["first_out"] else f", after {alarm['follows']}"
        often = f", {alarm['count']} times" if alarm["count"] > 1 else ""
        lines.append(f"{alarm['priority'].upper():8} {alarm['code']} ({alarm['state']}{mark}{often})")
        lines += [f"         {alarm['text']}", f"         -> {alarm['todo']}"]
    return "\n".join(lines)
