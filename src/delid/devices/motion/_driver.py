"""The driver of a grbl or grblHAL motion controller on a serial port."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace

import structlog

from delid.config import MotionLimits
from delid.core import (
    Clock,
    Finished,
    LinkChanged,
    LinkError,
    MotionReported,
    MotionState,
    MotionVerb,
    PoseMm,
    Scalar,
    Wire,
)

from . import _verbs
from ._codec import FEED_HOLD, INFO_LINE, SETTINGS_LINE, SOFT_RESET
from ._conversation import STALE_S, Conversation, Failed, Job
from ._port import SerialPort
from ._view import View

TICK_S = 0.05
"""Status is asked for every tick while something happens, every second tick at rest."""
_BACKOFF_S = (0.1, 0.2, 0.4, 0.8, 1.0)


class GrblDriver:
    """Moves a gantry through grbl 1.1 or grblHAL; one task runs ``run`` and owns the port.

    Args:
        port: serial device, for example ``/dev/ttyUSB0``.
        limits: travel and feed limits in the robot's frame, which is the controller's machine frame.
        tolerance_mm: a move is done when the controller stands within it.
        on_link: told when the link comes up or goes down.
        on_report: told when state, pose, trust or fault changed.
        on_wire: given the bytes that effects send; status polls are left out.

    ``move`` and ``do`` return ``Finished`` and raise nothing but cancellation; cancelling a move holds the machine.
    After a connect only ``?``, ``$I`` and ``$$`` are sent; unlocking, homing and resuming happen on request alone.
    """

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
    ) -> None:
        self._path, self._baud, self._limits, self._clock = port, baud, limits, clock
        self._tolerance_mm, self._name = tolerance_mm, name
        self._on_link, self._on_report = on_link, on_report
        self._talk = Conversation(name, clock, self._view_changed, on_wire)
        self._reported: MotionReported | None = None
        self._told: tuple[bool, str] | None = None
        self._lost = ""
        self._log = structlog.get_logger().bind(device=name)

    # --- the one owner task --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Open the port, keep it polled, open it again when it goes; until cancelled."""
        failures = 0
        try:
            while True:
                try:
                    port = SerialPort(self._path, self._baud, self._name, self._talk.receive, self._port_lost)
                except LinkError as error:
                    self._tell_link(False, error.message)
                else:
                    failures = 0
                    self._talk.begin(port)
                    await self._serve(port)
                await self._clock.sleep(_BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)])
                failures += 1
        finally:
            self._close()

    async def _serve(self, port: SerialPort) -> None:
        """Poll until the port is lost."""
        queries = iter((INFO_LINE, SETTINGS_LINE))
        opened_s = last_s = self._clock.now_s()
        ticks = 0
        while True:
            if self._talk.busy or ticks % 2 == 0:
                self._talk.poll()
            await self._clock.sleep(TICK_S)
            if not port.is_open:
                return
            ticks += 1
            now_s = self._clock.now_s()
            self._look_at_age(now_s, opened_s)
            self._talk.tick(now_s - last_s)
            last_s = now_s
            if self._may_query() and (query := next(queries, None)):
                self._talk.query(query)

    def _look_at_age(self, now_s: float, opened_s: float) -> None:
        talk = self._talk
        age_s = now_s - max(talk.report_s, opened_s)
        if talk.up and age_s > STALE_S and not talk.silent_by_nature:
            self._link_down(f"no status report for {age_s:.1f} s")
        elif not talk.up and talk.report_s > -math.inf and now_s - talk.report_s < STALE_S:
            talk.up = True
            self._tell_link(True, "")
        elif not talk.up and age_s > STALE_S:
            self._tell_link(False, f"{self._path} is open, but nothing there answers a status query")

    def _may_query(self) -> bool:
        talk = self._talk
        quiet = talk.job is None and not talk.line_in_flight and talk.verbs == 0 and not talk.view.reset_required
        awake = talk.view.state in (MotionState.IDLE, MotionState.FAULT) and not talk.view.asleep
        return talk.up and quiet and awake

    def _port_lost(self, reason: str) -> None:
        self._link_down(f"the serial port was lost: {reason}")

    def _link_down(self, detail: str) -> None:
        self._tell_link(False, detail)  # first: the lost position and the failed move are its consequences
        self._talk.end("link", detail)

    def _tell_link(self, up: bool, detail: str) -> None:
        """Link news go out once, and are logged once when lost and once when back."""
        if self._told is not None and self._told[0] == up:
            return
        self._told = (up, detail)
        (self._log.info if up else self._log.warning)("link.up" if up else "link.down", port=self._path, detail=detail)
        self._on_link(LinkChanged(self._clock.now_s(), self._name, up, detail))

    def _close(self) -> None:
        """The process goes: leave nothing moving that nobody watches."""
        talk = self._talk
        if talk.port is not None and talk.port.is_open:
            if talk.up and not talk.view.standing:
                self._hold_unwatched("")
            talk.port.close()
        talk.end("link", "the driver was closed")

    # --- what the engine asks ------------------------------------------------------------------------------------

    async def move(self, id: str, to_mm: PoseMm, feed_mm_s: float, deadline_s: float) -> Finished:
        """Straight move of the flange; done when the controller stands within tolerance.

        ``deadline_s`` counts from now and stands still while the machine is held. Failures: ``refused`` (nothing was
        sent), ``not_reached``, ``error``, ``alarm``, ``reset``, ``door``, ``stopped``, ``link``, ``timeout``.
        """
        job = Job(id, self._clock.now_s() + deadline_s, moves=True)
        if reason := self._refusal(to_mm, feed_mm_s):
            return self._finished(job, Failed("refused", reason))
        self._talk.job = job
        try:
            await _verbs.move(self._talk, job, to_mm, feed_mm_s, self._tolerance_mm)
        except Failed as failed:
            return self._finished(job, failed)
        except asyncio.CancelledError:
            self._hold_unwatched(id)
            raise
        finally:
            self._talk.job = None
        return self._finished(job, None)

    async def do(self, id: str, verb: MotionVerb, deadline_s: float) -> Finished:
        """Perform a verb; hold, resume, stop and enable go past the line in flight. ``deadline_s`` counts from now."""
        job, talk = Job(id, self._clock.now_s() + deadline_s), self._talk
        uses_line = verb in _verbs.LINE_VERBS
        if uses_line and (reason := self._line_refusal(resets=verb is MotionVerb.CLEAR_FAULT)):
            return self._finished(job, Failed("refused", reason))
        if uses_line:
            talk.job = job
        talk.verbs += 1
        try:
            await _verbs.SCRIPTS[verb](talk, job)
        except Failed as failed:
            return self._finished(job, failed)
        except asyncio.CancelledError:
            if job.homes:
                self._hold_unwatched(id)
            raise
        finally:
            talk.verbs -= 1
            if uses_line:
                talk.job = None
        return self._finished(job, None)

    def status_age_s(self) -> float:
        """Seconds since the last status report; infinite before the first."""
        return self._clock.now_s() - self._talk.report_s

    def _refusal(self, to_mm: PoseMm, feed_mm_s: float) -> str:
        view = self._talk.view
        if reason := self._line_refusal():
            return reason
        if not view.position_trusted:
            return "the position is not trusted; home the machine first"
        if view.state is not MotionState.IDLE:
            return f"the controller is {view.state.value}, not idle"
        if self._talk.settings.get(13, "0") != "0":
            return "the controller reports inches; set $13=0"
        for axis, value, (low, high) in zip("xyz", to_mm, self._ranges(), strict=True):
            if not low <= value <= high:  # also false for a number that is none
                return f"{axis} = {value:g} mm lies outside the limits {low:g}..{high:g} mm"
        if not 0 < feed_mm_s <= self._limits.feed_mm_s:
            return f"feed {feed_mm_s:g} mm/s lies outside 0..{self._limits.feed_mm_s:g} mm/s"
        return ""

    def _line_refusal(self, resets: bool = False) -> str:
        talk = self._talk
        if not talk.up:
            return "the link to the motion controller is down"
        if talk.job is not None:
            return f"the controller is busy with {talk.job.id}"
        if talk.stopping:
            return "a stop is under way"
        if talk.late_answer and not resets:
            return "the controller still owes an answer to an earlier line; stop it to start afresh"
        return ""

    def _ranges(self) -> tuple[tuple[float, float], ...]:
        return (self._limits.x_mm, self._limits.y_mm, self._limits.z_mm)

    def _hold_unwatched(self, id: str) -> None:
        """Nobody waits for the motion any more: halt it. Homing ignores a hold and is reset."""
        talk = self._talk
        homing = talk.view.state is MotionState.HOMING or bool(talk.job and talk.job.homes)
        try:
            talk.raw(SOFT_RESET if homing else FEED_HOLD, id, traced=bool(id))
        except Failed as failed:
            self._log.warning("motion.not_held", id=id, detail=failed.detail)

    # --- news ----------------------------------------------------------------------------------------------------

    def _finished(self, job: Job, failed: Failed | None) -> Finished:
        """The result with the last known pose; a move cut short names where it ended."""
        view = self._talk.view
        values: dict[str, Scalar] = {"state": view.state.value, "position_trusted": view.position_trusted}
        if view.pose_mm is not None:
            values |= dict(zip(("x_mm", "y_mm", "z_mm"), view.pose_mm, strict=True))
        if failed is None:
            return Finished(self._clock.now_s(), job.id, True, values=values)
        detail = failed.detail
        if job.moves and failed.failure != "refused" and view.pose_mm is not None:
            detail += f"; the move was cut short, last seen at {', '.join(f'{v:.3f}' for v in view.pose_mm)} mm"
        return Finished(self._clock.now_s(), job.id, False, failed.failure, detail, values)

    def _view_changed(self, view: View) -> None:
        report = MotionReported(self._clock.now_s(), view.state, view.pose_mm, view.position_trusted, view.fault)
        if self._reported is None or replace(report, at_s=self._reported.at_s) != self._reported:
            self._reported = report
            self._on_report(report)
