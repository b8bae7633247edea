"""The driver of a machine that Klipper moves, over Klipper's pseudo-terminal or a serial line to it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace

from delid.config import MotionLimits
from delid.core import Clock, LinkChanged, MotionReported, MotionState, MotionVerb, PoseMm, Wire

from ._klipper_codec import BARRIER, HOME_LINE, RESTART_LINE, SHUTDOWN, move_line
from ._klipper_talk import KlipperTalk
from ._serial import SerialDriver
from ._talk import Failed, Job, confirm_target
from ._view import is_idle, is_known, is_standing

STOP_QUIET_S = 0.3
"""How long a stop of a machine that seems to stand waits for the proof, before it shuts Klipper down."""


class KlipperDriver(SerialDriver[KlipperTalk]):
    """Moves a machine through Klipper; one task runs ``run`` and owns the port. Arguments as of GrblDriver.

    Klipper has no feed hold: ``capabilities.hold`` is false, and stopping a motion shuts Klipper down, which costs the
    position. It answers nothing while a motion runs, so that a move's deadline is narrowed to twice its ideal duration
    and ``silence_s`` more. After a connect only ``STATUS`` and ``GET_POSITION`` are sent.
    """

    kind = "klipper"
    line_verbs = frozenset({MotionVerb.CLEAR_FAULT, MotionVerb.HOME})

    def __init__(
        self,
        port: str,
        baud: int,
        limits: MotionLimits,
        clock: Clock,
        *,
        tolerance_mm: float,
        on_link: Callable[[LinkChanged], None],
        on_report: Callable[[MotionReported], None],
        on_wire: Callable[[Wire], None] | None = None,
        name: str = "motion",
        silence_s: float = 5.0,
    ) -> None:
        self.port, self.baud, self._silence_s = port, baud, silence_s
        talk = KlipperTalk(name, clock, self.view_changed, on_wire)
        super().__init__(talk, limits, tolerance_mm=tolerance_mm, on_link=on_link, on_report=on_report)
        self.scripts = SCRIPTS

    def may_poll(self) -> bool:
        return self.talk.may_poll()

    def more_refusals(self) -> str:
        return "an offset is set in Klipper (SET_GCODE_OFFSET or G92); set it to zero" if self.talk.view.offset else ""

    def halt_unwatched(self, id: str) -> None:
        """A motion that nobody waits for can only be ended by shutting Klipper down."""
        try:
            self.talk.raw(SHUTDOWN, id, traced=bool(id))
        except Failed as failed:
            self._log.warning("motion.not_held", id=id, detail=failed.detail)

    async def perform_move(self, job: Job, to_mm: PoseMm, feed_mm_s: float) -> None:
        """Taken, ended (barrier and echo), and reported at the target by a host that is still ready."""
        talk = self.talk
        if talk.view.pose_mm is not None:
            ideal_s = math.dist(talk.view.pose_mm, to_mm) / feed_mm_s
            job.end_s = min(job.end_s, talk.clock.now_s() + 2 * ideal_s + self._silence_s)
        _moving(talk, MotionState.MOVING)
        try:
            await talk.line(move_line(to_mm, feed_mm_s), job)
            await talk.barrier(BARRIER, job)
            talk.moving = False
            view = await talk.fresh(is_idle, job, "the end of the move")
        except Failed as failed:
            await _nothing_moves(talk, job, failed)
            raise
        confirm_target(view, to_mm, self.tolerance_mm)


def _moving(talk: KlipperTalk, state: MotionState) -> None:
    talk.moving = True
    talk.change(replace(talk.view, state=state, standing=False))


async def _nothing_moves(talk: KlipperTalk, job: Job, failed: Failed) -> None:
    """A refused line moves nothing; see where it stands. After any other failure nobody knows."""
    if failed.failure != "error":
        return
    talk.moving = False
    with contextlib.suppress(Failed):
        await talk.fresh(is_known, Job(job.id, talk.clock.now_s() + STOP_QUIET_S), "a status report")


async def _stop(talk: KlipperTalk, job: Job) -> None:
    """A machine that seems to stand proves it; everything else, and every doubt, is an M112 confirmed by Klipper."""
    talk.stopping += 1
    try:
        if talk.view.standing and not talk.moving and not talk.late_answer and talk.job is None:
            proof = Job(job.id, min(job.end_s, talk.clock.now_s() + STOP_QUIET_S))
            with contextlib.suppress(Failed):
                if talk.view.ready:
                    await talk.barrier(BARRIER, proof)
                await talk.fresh(is_standing, proof, "the standstill")
                return
        talk.raw(SHUTDOWN, job.id)
        await talk.wait(lambda: talk.view.ready is False, job, "Klipper's shutdown")
    finally:
        talk.stopping -= 1


async def _clear_fault(talk: KlipperTalk, job: Job) -> None:
    """Restart the firmware where it is shut down or owes an answer; the position stays untrusted."""
    if talk.view.ready and not talk.late_answer and not talk.moving:
        await talk.fresh(is_idle, job, "the ready state")
        return
    starts, talk.restarting = talk.view.starts, True
    try:
        talk.raw(RESTART_LINE, job.id)
        await talk.wait(lambda: talk.view.starts > starts, job, "Klipper's ready state")
    finally:
        talk.restarting = False
    await talk.fresh(is_idle, job, "the ready state")


async def _enable(talk: KlipperTalk, job: Job) -> None:
    """Klipper switches its motors on by itself; see that it answers."""
    await talk.fresh(is_known, job, "a status report")


async def _home(talk: KlipperTalk, job: Job) -> None:
    if not talk.view.ready:
        raise Failed("refused", f"{talk.view.fault or 'Klipper is not ready'}: clear the fault first")
    job.homes = True
    _moving(talk, MotionState.HOMING)
    try:
        await talk.barrier(HOME_LINE + BARRIER, job)
    except Failed as failed:
        await _nothing_moves(talk, job, failed)
        raise
    job.homes = talk.moving = False
    await talk.fresh(is_idle, job, "the end of homing")
    talk.change(replace(talk.view, position_trusted=True, fault=""))


SCRIPTS: dict[MotionVerb, Callable[[KlipperTalk, Job], Awaitable[None]]] = {
    MotionVerb.STOP: _stop,
    MotionVerb.CLEAR_FAULT: _clear_fault,
    MotionVerb.ENABLE: _enable,
    MotionVerb.HOME: _home,
}
