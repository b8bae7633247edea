"""The talk with a grbl controller: one line in flight, resets that were asked for, and what every line means."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from delid.core import Clock, MotionState, Wire

from ._grbl_codec import SOFT_RESET, STATUS_QUERY, Alarm, Banner, Error, Ok, Reply, Setting, Status, parse_line
from ._grbl_texts import alarm_text, error_text
from ._grbl_view import GrblView, observe
from ._serial import SerialTalk
from ._talk import Failed, Job
from ._view import View


@dataclass(slots=True)
class _Line:
    text: bytes
    query: bool = False
    answer: Ok | Error | None = None


class GrblTalk(SerialTalk[GrblView]):
    """One line is in flight; ``! ~ ? 0x18`` go past it."""

    def __init__(
        self, name: str, clock: Clock, on_change: Callable[[View], None], on_wire: Callable[[Wire], None] | None
    ) -> None:
        super().__init__(name, clock, GrblView(), on_change, on_wire)
        self.settings: dict[int, str] = {}
        self._line: _Line | None = None
        self._resetting: Job | None = None

    # --- what is known -------------------------------------------------------------------------------------------

    @property
    def silent_by_nature(self) -> bool:
        """grbl 1.1 answers no status query while homing and after a limit alarm."""
        return self.view.reset_required or bool(self.job and self.job.homes)

    @property
    def line_in_flight(self) -> bool:
        """A line was sent and its answer has not come."""
        return self._line is not None

    @property
    def late_answer(self) -> bool:
        return self._line is not None and not self._line.query and self.job is None

    # --- bytes in ------------------------------------------------------------------------------------------------

    def forget(self) -> None:
        self._line, self._resetting = None, None
        self.view, self.settings, self.report_s = GrblView(pose_mm=self.view.pose_mm), {}, -math.inf

    def end(self, failure: str, detail: str) -> None:
        self._line, self._resetting = None, None
        super().end(failure, detail)

    def take(self, line: bytes) -> None:
        reply = parse_line(line)
        match reply:
            case Ok() | Error():
                self._answer(reply)
            case Setting(number, value):
                self.settings[number] = value
            case Status():
                self.reported()
        seen = observe(self.view, reply, self._resetting is not None)
        if seen != self.view:
            self.change(seen)
        self._end_job(reply)

    def _answer(self, reply: Ok | Error) -> None:
        if self._line is None:
            self._log.warning("motion.answer_unasked", answer=str(reply))
            return
        self._line.answer = reply
        self._line = None
        self.alive()

    def _end_job(self, reply: Reply) -> None:
        """Alarm, restart and open door end what runs; a stop that was asked for is a stop, whatever it cost."""
        resetting, job = self._resetting, self.job
        if job is resetting:
            job = None  # it asked for the reset itself, and goes on after it
        if isinstance(reply, Banner):
            self._line, self._resetting = None, None
            if job:
                job.fail(*(("stopped", "stopped on request") if resetting else ("reset", "the controller restarted")))
        elif job and isinstance(reply, Alarm):
            job.fail("stopped" if resetting else "alarm", alarm_text(reply.number, reply.words))
        elif job and job.moves and isinstance(reply, Status):
            if self.view.state is MotionState.DOOR:
                job.fail("door", "the safety door input stopped the move")
            elif self.view.state is MotionState.FAULT:
                job.fail("alarm", self.view.fault)

    # --- bytes out -----------------------------------------------------------------------------------------------

    def poll(self) -> None:
        """Ask for a status report; polling is not traced."""
        if self.port is not None:
            self.asked = self.write(STATUS_QUERY)

    async def restart(self, job: Job) -> None:
        """Soft reset, confirmed by the banner.

        The position stays trusted only if the last report said that the machine stands, and only if the banner comes.
        """
        banners = self.view.banners
        self._resetting = job
        if not self.view.standing:
            self.change(replace(self.view, position_trusted=False))
        try:
            self.raw(SOFT_RESET, job.id)
            await self.wait(lambda: self.view.banners > banners, job, "the controller's start-up message")
        finally:
            if self._resetting is job:
                self._resetting = None
                self.change(replace(self.view, position_trusted=False))

    def query(self, line: bytes) -> None:
        """Send a settings query whose answer nobody waits for."""
        self._line = _Line(line, query=True)
        self.raw(line)

    async def line(self, data: bytes, job: Job, traced: bool = True) -> None:
        """Send one line when none is in flight, and wait for its ``ok``; raises Failed with the controller's words."""
        await self.wait(lambda: self._line is None, job, "the answer to the line before")
        sent = self._line = _Line(data)
        self.raw(data, job.id if traced else "")
        await self.wait(lambda: sent.answer is not None, job, f"an answer to {data.decode().strip()!r}")
        if isinstance(sent.answer, Error):
            raise Failed("error", error_text(sent.answer.number, sent.answer.words))
