"""Move and the six verbs as short scripts over a conversation. Each returns when the controller has confirmed it."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

from delid.core import MotionState, MotionVerb, PoseMm

from ._grbl_codec import BARRIER, CYCLE_START, EMPTY_LINE, FEED_HOLD, HOME_LINE, SETTINGS_LINE, UNLOCK_LINE, move_lines
from ._grbl_talk import GrblTalk
from ._talk import Failed, Job, confirm_target
from ._view import is_known, is_standing

STOP_HOLD_S = 0.5
"""How long a stop waits for an orderly standstill, which keeps the position, before it resets in motion."""
_CLEAR_S = 1.0


async def move(talk: GrblTalk, job: Job, to_mm: PoseMm, feed_mm_s: float, tolerance_mm: float) -> None:
    """Straight move: accepted, ended (barrier), and seen standing at the target."""
    for line in move_lines(to_mm, feed_mm_s):
        await checked_line(talk, job, line)
    view = await talk.fresh(lambda v: v.state is MotionState.IDLE and v.pose_mm is not None, job, "the end of the move")
    confirm_target(view, to_mm, tolerance_mm)


async def hold(talk: GrblTalk, job: Job) -> None:
    """Feed hold, confirmed when the machine stands. Also leaves an idle controller in hold; resume ends it."""
    talk.raw(FEED_HOLD, job.id)
    await talk.fresh(is_standing, job, "the standstill")
    if talk.view.state is MotionState.FAULT:
        raise Failed("alarm", talk.view.fault)


async def resume(talk: GrblTalk, job: Job) -> None:
    """Cycle start, only out of a finished hold: grbl ignores it while still slowing down."""
    if talk.view.state is not MotionState.HELD:
        raise Failed("refused", f"resume needs a finished hold; the controller is {talk.view.state.value}")
    talk.raw(CYCLE_START, job.id)
    await talk.fresh(lambda v: v.state in (MotionState.MOVING, MotionState.IDLE), job, "the resumed motion")


async def stop(talk: GrblTalk, job: Job) -> None:
    """Hold first, reset when it stands (position kept), or reset in motion after half a second (position lost)."""
    talk.stopping += 1
    try:
        homing = talk.view.state is MotionState.HOMING or (talk.job is not None and talk.job.homes)
        if not homing:  # homing ignores a hold
            talk.raw(FEED_HOLD, job.id)
            await _settle(talk, job)
        await talk.restart(job)
        await talk.fresh(is_standing, job, "the standstill")
    finally:
        talk.stopping -= 1


async def clear_fault(talk: GrblTalk, job: Job) -> None:
    """Unlock. A limit alarm, and an answer that never came, need a reset before; the position stays untrusted."""
    if not talk.view.reset_required:  # after a limit alarm grbl 1.1 gives no report until it is reset
        await talk.fresh(is_known, job, "a status report")
    if not talk.view.standing:
        raise Failed("refused", f"clearing a fault needs a standing machine; it is {talk.view.state.value}")
    if talk.view.reset_required or talk.line_in_flight:
        await _restart(talk, job)
    await checked_line(talk, job, UNLOCK_LINE)
    await talk.fresh(lambda v: v.state is MotionState.IDLE, job, "the unlocked state")


async def enable(talk: GrblTalk, job: Job) -> None:
    """Wake a sleeping controller; then see that it answers. grbl has no other enable."""
    await talk.fresh(lambda v: True, job, "a status report")
    if talk.view.asleep:
        await _restart(talk, job)
        await talk.fresh(lambda v: not v.asleep, job, "a status report")


async def home(talk: GrblTalk, job: Job) -> None:
    """Homing cycle. Its ``ok`` comes at the end; without a limit switch it never comes, so it has its own deadline."""
    if talk.view.reset_required:
        raise Failed("refused", f"{talk.view.fault}: clear the fault first")
    await talk.fresh(is_known, job, "a status report")
    if talk.view.state not in (MotionState.IDLE, MotionState.FAULT):
        raise Failed("refused", f"homing needs a standing controller; it is {talk.view.state.value}")
    if not talk.settings:  # a pose means nothing before the units are known
        await checked_line(talk, job, SETTINGS_LINE, traced=False)
    job.homes = True
    await checked_line(talk, job, HOME_LINE)
    job.homes = False
    await talk.fresh(lambda v: v.state is MotionState.IDLE, job, "the end of homing")
    talk.change(replace(talk.view, position_trusted=True, fault=""))


SCRIPTS: dict[MotionVerb, Callable[[GrblTalk, Job], Awaitable[None]]] = {
    MotionVerb.HOLD: hold,
    MotionVerb.RESUME: resume,
    MotionVerb.STOP: stop,
    MotionVerb.CLEAR_FAULT: clear_fault,
    MotionVerb.ENABLE: enable,
    MotionVerb.HOME: home,
}
LINE_VERBS = frozenset({MotionVerb.CLEAR_FAULT, MotionVerb.HOME})
"""Verbs that use the line in flight; the others are raw and never wait for it."""


async def checked_line(talk: GrblTalk, job: Job, data: bytes, traced: bool = True) -> None:
    """A line whose error is put into words, and cleared so that grblHAL does not repeat it for ever."""
    try:
        await talk.line(data, job, traced)
    except Failed as failed:
        if failed.failure != "error":
            raise
        clearing = Job(job.id, talk.clock.now_s() + _CLEAR_S)
        await talk.line(EMPTY_LINE, clearing)
        what = "the barrier" if data == BARRIER else repr(data.decode().strip())
        raise Failed("error", f"the controller refused {what}: {failed.detail}") from failed


async def _settle(talk: GrblTalk, job: Job) -> None:
    """Wait a little for the standstill; whatever comes instead, the reset follows."""
    waiting = Job(job.id, min(job.end_s, talk.clock.now_s() + STOP_HOLD_S))
    with contextlib.suppress(Failed):
        await talk.fresh(is_standing, waiting, "the standstill")


async def _restart(talk: GrblTalk, job: Job) -> None:
    await talk.restart(job)
    await talk.fresh(is_known, job, "a status report")
