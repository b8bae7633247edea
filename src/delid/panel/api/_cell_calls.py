"""The cell itself: its state, commands, questions, modes, and acts on the way to their confirmation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import Field

from delid.core import Command, Mode, Route

from .._acts import RESET_GIVE_UP_S, becomes, reaches
from .._events import EventOut
from .._models import Act, Check, Snapshot, Strict, Text
from .._refusals import refusal
from ..access import Role, Scope
from ._asking import act, by_of, panel_of, person_in, state_now
from ._calls import Calls

HOLD_START_S = 1.5
CALLS = Calls("cell", Scope.COMMAND)
Measured = Annotated[float, Field(ge=0, lt=1e6, allow_inf_nan=False)] | None
Given = Literal["Reset", "Start", "Unhold", "Suspend", "Unsuspend", "Abort", "Clear", "Complete"]


class StatusOut(Strict):
    """What may be seen without a login: enough to know whether a Hold or a Stop came through."""

    title: str
    packml: str | None
    mode: str | None
    waiting_for: str
    up: bool


class PermissivesOut(Strict):
    """What must be right before the next step, point by point."""

    packml: str
    ready: bool
    points: list[Check]
    allowed: list[str]


class CommandIn(Strict):
    """A PackML command other than Hold and Stop. The cell itself decides whether it is allowed now."""

    command: Given
    held_s: Annotated[float, Field(ge=0, le=3600)] | None = None
    """For Start: how long the button was held, 1.5 s at least."""


class AnswerIn(Strict):
    answer: Text
    """One of the answers that the question offers."""


class ModeIn(Strict):
    mode: Mode


class PackIn(Strict):
    """What was measured of the pack in the cell, and the customer's route; it replaces what was told before."""

    voltage_v: Measured = None
    """Of the whole pack, at rest."""
    isolation_ohm_per_v: Measured = None
    """Between terminals and case."""
    impedance_mohm: Measured = None
    """Of the whole pack."""
    capacity_ah: Measured = None
    """Over a full discharge."""
    route: Route | None = None
    """Without it the cell proposes one."""


class EventsOut(Strict):
    """``series`` changes when the panel process was started anew; numbers begin again then."""

    series: str
    last: int
    events: list[EventOut]


@CALLS.get("/status", None, StatusOut)
async def status(request: Request) -> StatusOut:
    """How the cell stands, in a few words; needs no login."""
    live = panel_of(request).live
    now = live.state or {}
    up = live.state is not None and live.error is None
    return StatusOut(
        title=now.get("title", ""), packml=now.get("packml"), mode=now.get("mode"),
        waiting_for=now.get("waiting_for", "") if up else "the cell process", up=up,
    )  # fmt: skip


@CALLS.get("/state", Role.VIEWER, Snapshot, scope=Scope.VIEW)
async def state(request: Request) -> dict[str, Any]:
    """The state of the cell, asked for now."""
    return await state_now(panel_of(request))


@CALLS.get("/permissives", Role.VIEWER, PermissivesOut, scope=Scope.VIEW)
async def permissives(request: Request) -> PermissivesOut:
    """What must be right before Reset or Start, with the reason for each point that is not."""
    now = await state_now(panel_of(request))
    points = [Check(name=p["name"], ok=p["ok"], why=p.get("why") or "") for p in now["reset_checklist"]]
    ready = all(point.ok for point in points)
    return PermissivesOut(packml=now["packml"], ready=ready, points=points, allowed=now["allowed"])


@CALLS.get("/events", Role.VIEWER, EventsOut, scope=Scope.VIEW)
async def events(request: Request, after: Annotated[int, Query(ge=0)] = 0) -> EventsOut:
    """What happened after the event number ``after``, as far as it is remembered: the last 1,000."""
    found = panel_of(request).live.events
    return EventsOut(series=found.series, last=found.last, events=found.after(after))


@CALLS.post("/stop", Role.VIEWER, Act, calming=True)
async def stop(request: Request) -> Act:
    """Stop. Needs no login on the machine itself, and works while the panel is locked."""
    return await _command(request, Command.STOP)


@CALLS.post("/hold", Role.VIEWER, Act, calming=True)
async def hold(request: Request) -> Act:
    """Hold. Needs no login on the machine itself, and works while the panel is locked."""
    return await _command(request, Command.HOLD)


@CALLS.post("/commands", Role.OPERATOR, Act)
async def command(request: Request, body: CommandIn) -> Act:
    """Reset, Start, Unhold and the rest. Before a Start goes on, the cell is asked again how it stands."""
    wanted = Command(body.command)
    if wanted is Command.START:
        if (body.held_s or 0.0) < HOLD_START_S:
            raise refusal("panel.not_held", f"Start was held for {body.held_s or 0.0:.1f} s.")
        _must_be_ready(await state_now(panel_of(request)))
    return await _command(request, wanted)


@CALLS.post("/questions/{question:path}/answer", Role.OPERATOR, Act)
async def answer(request: Request, question: str, body: AnswerIn) -> Act:
    """Answer the question that the cell asks."""
    message = {"op": "answer", "question_id": question, "answer": body.answer, "by": by_of(person_in(request))}
    goal = becomes("the cell goes on with the answer", lambda now: (now["question"] or {}).get("id") != question)
    return await act(request, message, "answer", f"{question}: {body.answer}", goal)


@CALLS.post("/pack", Role.OPERATOR, Act)
async def tell_of_pack(request: Request, body: PackIn) -> Act:
    """Say what was measured of the pack in the cell, and where it goes; between Reset and the end of its run."""
    measured = {k: "" if v is None else repr(v) for k, v in body.model_dump(exclude={"route"}).items()}
    route = body.route.value if body.route else ""
    message = {"op": "told", **measured, "route": route, "by": by_of(person_in(request))}
    values = {name: float(text) for name, text in measured.items() if text}

    def known(now: dict[str, Any]) -> bool:
        told = now.get("told") or {}
        given = {k: v for k, v in (told.get("measured") or {}).items() if k != "by" and v is not None}
        return given == values and (told.get("route") or "") == route

    return await act(request, message, "told", route, becomes("the cell has taken it down", known))


@CALLS.post("/mode", Role.OPERATOR, Act)
async def choose_mode(request: Request, body: ModeIn) -> Act:
    """Choose a mode. Manual and maintenance take an engineer and the PIN."""
    panel, person = panel_of(request), person_in(request)
    if body.mode is not Mode.PRODUCTION:
        panel.access.check(person, Role.ENGINEER, Scope.COMMAND, step_up=True)
    message = {"op": "mode", "mode": body.mode.value, "by": by_of(person)}
    goal = becomes(f"the mode is {body.mode.value}", lambda now: now.get("mode") == body.mode.value)
    return await act(request, message, "mode", body.mode.value, goal)


@CALLS.get("/acts/{act_id}", None, Act)
async def one_act(request: Request, act_id: str) -> Act:
    """An act by the number that was given with it; whoever has the number may ask."""
    found = panel_of(request).acts.find(act_id)
    if found is None:
        raise refusal("panel.not_found", "There is no such act, or it is long ago.")
    return found


async def _command(request: Request, wanted: Command) -> Act:
    live, by = panel_of(request).live, by_of(person_in(request))
    before = live.state["packml"] if live.state is not None else ""
    goal = reaches(wanted, before, panel_of(request).clock.wall_s())
    give_up_s = RESET_GIVE_UP_S if wanted is Command.RESET else 30.0
    message = {"op": "command", "command": wanted.value, "by": by}
    return await act(request, message, wanted.value, "", goal, give_up_s)


def _must_be_ready(now: dict[str, Any]) -> None:
    open_points = [f"{point['name']} ({point.get('why', '')})" for point in now["reset_checklist"] if not point["ok"]]
    if Command.START.value not in now["allowed"]:
        raise refusal("panel.not_allowed", f"Start is not possible in {now['packml']}.", now.get("waiting_for", ""))
    if open_points:
        raise refusal("panel.not_ready", f"Not ready: {'; '.join(open_points)}.")
