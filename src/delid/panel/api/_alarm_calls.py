"""Alarms: the list, what people do with them, their history and its export."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any

from fastapi import Path, Query, Request
from fastapi.responses import Response
from pydantic import Field

from delid.core import ALL_ALARMS

from .._acts import becomes
from .._models import Act, Seconds, Strict
from ..access import Role, Scope
from ._asking import act, by_of, panel_of, person_in, state_now
from ._calls import Calls

CALLS = Calls("alarms", Scope.ALARMS)
KINDS = ("alarm", "alarm_returned", "alarms_cleared", "acknowledge", "shelve")
COLUMNS = ("at", "run", "kind", "code", "text", "by")
Code = Annotated[str, Path(max_length=100, description="The code of an alarm.")]
Limit = Annotated[int, Query(ge=1, le=5_000)]


class AlarmsOut(Strict):
    """The most urgent group first, in it the first-out before what followed."""

    alarms: list[dict[str, Any]]
    counts: dict[str, Any]


class ShelveIn(Strict):
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    minutes: Annotated[float, Field(gt=0, le=480)]


class AlarmLine(Strict):
    at: Seconds
    run: str
    kind: str
    code: str
    text: str
    by: str


class AlarmHistory(Strict):
    lines: list[AlarmLine]


@CALLS.get("/alarms", Role.VIEWER, AlarmsOut, scope=Scope.VIEW)
async def alarms(request: Request) -> AlarmsOut:
    """The alarms that stand now, shelved ones last."""
    now = await state_now(panel_of(request))
    return AlarmsOut(alarms=now["alarms"], counts=now.get("alarm_counts", {}))


@CALLS.post("/alarms/acknowledge", Role.OPERATOR, Act)
async def acknowledge_all(request: Request) -> Act:
    """Say that a person has seen every alarm of the list."""
    return await _acknowledge(request, ALL_ALARMS)


@CALLS.post("/alarms/{code}/acknowledge", Role.OPERATOR, Act)
async def acknowledge(request: Request, code: Code) -> Act:
    """Say that a person has seen it; its cause and what it stopped go on standing."""
    return await _acknowledge(request, code)


@CALLS.post("/alarms/{code}/shelve", Role.OPERATOR, Act)
async def shelve(request: Request, code: Code, body: ShelveIn) -> Act:
    """Take an alarm out of the way for a time; its interlock goes on working. What is critical is never shelved."""
    return await _shelve(request, code, body.reason, f"{body.minutes:g}")


@CALLS.post("/alarms/{code}/unshelve", Role.OPERATOR, Act)
async def unshelve(request: Request, code: Code) -> Act:
    """Put a shelved alarm back into the list."""
    return await _shelve(request, code, "", "0")


@CALLS.get("/alarms/history", Role.VIEWER, AlarmHistory, scope=Scope.VIEW)
async def alarm_history(
    request: Request, since: Annotated[float, Query(ge=0)] = 0.0, until: Annotated[float, Query(ge=0)] = 1e12,
    limit: Limit = 500,
) -> AlarmHistory:  # fmt: skip
    """What alarms did and what people did with them, over all runs, newest first."""
    return AlarmHistory(lines=await _history(request, since, until, limit))


@CALLS.get(
    "/alarms/history.csv", Role.VIEWER, scope=Scope.VIEW, response_class=Response,
    answers={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "A table."}},
)  # fmt: skip
async def export_alarms(
    request: Request, since: Annotated[float, Query(ge=0)] = 0.0, until: Annotated[float, Query(ge=0)] = 1e12,
    limit: Limit = 5_000,
) -> Response:  # fmt: skip
    """The same as a table for a spreadsheet."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for line in await _history(request, since, until, limit):
        table.writerow([_harmless(str(getattr(line, column))) for column in COLUMNS])
    headers = {"Content-Disposition": 'attachment; filename="alarms.csv"'}
    return Response(out.getvalue(), media_type="text/csv", headers=headers)


async def _acknowledge(request: Request, code: str) -> Act:
    def seen(now: dict[str, Any]) -> bool:
        waiting = [a for a in now["alarms"] if a.get("state") in ("unacknowledged", "returned")]
        return not [a for a in waiting if code in (ALL_ALARMS, a["code"])]

    message = {"op": "acknowledge", "code": code, "by": by_of(person_in(request))}
    return await act(request, message, "acknowledge", code, becomes("it stands as seen in the list", seen))


async def _shelve(request: Request, code: str, reason: str, minutes: str) -> Act:
    message = {"op": "shelve", "code": code, "by": by_of(person_in(request)), "reason": reason, "minutes": minutes}
    wanted = minutes != "0"

    def seen(now: dict[str, Any]) -> bool:
        standing = [a for a in now["alarms"] if a["code"] == code]
        return all(bool(a.get("shelved")) is wanted for a in standing)

    words = "it is shelved" if wanted else "it is back in the list"
    return await act(request, message, "shelve" if wanted else "unshelve", code, becomes(words, seen))


async def _history(request: Request, since_s: float, until_s: float, limit: int) -> list[AlarmLine]:
    found = await panel_of(request).runs.history(KINDS, since_s, until_s, limit)
    return [_line(line) for line in found]


def _line(line: dict[str, Any]) -> AlarmLine:
    data = line["data"]
    code = data.get("code") or ", ".join(data.get("codes", []))
    return AlarmLine(
        at=line["at"], run=line["run"], kind=line["kind"], code=str(code), text=line["text"], by=str(data.get("by", ""))
    )


def _harmless(text: str) -> str:
    """Never a formula: spreadsheets run cells that begin so."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
