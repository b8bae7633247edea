"""Manual mode: hold to run. The robot moves while keep calls come; when they stop, for whatever reason, it stops."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Request
from pydantic import Field

from .._acts import becomes
from .._models import Act, Done, Strict
from .._refusals import refusal
from ..access import Role, Scope
from ._asking import act, by_of, panel_of, person_in
from ._calls import Calls

CALLS = Calls("manual", Scope.COMMAND)
Press = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{8,64}$", description="The name of the press, used once.")]


class JogIn(Strict):
    press: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
    """A name for this time that somebody holds the direction, chosen by the caller and used once."""
    axis: Literal["x", "y", "z"]
    direction: Literal["+", "-"]
    feed_mm_s: Annotated[float, Field(gt=0, le=250)] | None = None
    """Without it the cell's own reduced feed."""
    live: str | None = None
    """The number of the live channel that belongs to the same page; when that is cut, the press ends at once."""


@CALLS.post("/jog", Role.ENGINEER, Act, step_up=True, durable=False)
async def press_jog(request: Request, body: JogIn) -> Act:
    """Begin to hold a direction. Goes on only while keep calls come, several in each dead-man time."""
    panel, press = panel_of(request), body.press
    message = {
        "op": "jog", "press": press, "axis": body.axis, "direction": body.direction,
        "feed_mm_s": "" if body.feed_mm_s is None else f"{body.feed_mm_s:g}", "by": by_of(person_in(request)),
    }  # fmt: skip
    goal = becomes("the robot creeps", lambda now: (now.get("jog") or {}).get("press") == press)
    if body.live is not None and not panel.presses.tie(body.live, press):
        raise refusal("panel.refused", "The live channel of this page is cut.", "Wait until it is back.")
    return await act(request, message, "jog", f"{body.axis}{body.direction}", goal)


@CALLS.post("/jog/{press}/keep", Role.ENGINEER, Done, keyed=False, audited=False)
async def keep_jog(request: Request, press: Press) -> Done:
    """The direction is still held. Refused when the press is over: press again."""
    reply = await panel_of(request).ask({"op": "hold_jog", "press": press})
    if not reply.get("ok"):
        error = reply.get("error") or {}
        raise refusal("panel.refused", str(error.get("message", "The jog is over.")), str(error.get("hint", "")))
    return Done()


@CALLS.post("/jog/{press}/release", Role.VIEWER, Done, keyed=False, calming=True)
async def release_jog(request: Request, press: Press) -> Done:
    """Let go. Like Stop it needs no login on the machine itself, as it only ever calms the cell."""
    panel_of(request).presses.untie(press)
    await panel_of(request).ask({"op": "end_jog", "press": press})
    return Done()
