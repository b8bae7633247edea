"""The talk with one controller: one line in flight, what is known of it, and waiting with a deadline.

Bytes come in through ``receive`` (called by the event loop); coroutines wait for what they change. Time passes in
``tick``, so that a deadline never needs a timer of its own.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from delid.core import Clock, MotionState, Wire

from ._codec import SOFT_RESET, STATUS_QUERY, Alarm, Banner, Error, LineSplitter, Ok, Reply, Setting, Status, parse_line
from ._port import SerialPort
from ._texts import alarm_text
from ._view import View, observe

STALE_S = 1.0
"""Without a status report for so long, the link is down."""


class Failed(Exception):
    """Inside the driver only: what was asked for ended without success."""

    def __init__(self, failure: str, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail


@dataclass(slots=True)
class Job:
    """One thing asked of the controller. The deadline of a move stands still while the machine is held."""

    id: str
    end_s: float
    moves: bool = False
    homes: bool = False
    failure: str = ""
    detail: str = ""

    def fail(self, failure: str, detail: str) -> None:
        """The first reason is the one that counts."""
        if not self.failure:
            self.failure, self.detail = failure, detail


@dataclass(slots=True)
class _Line:
    text: bytes
    query: bool = False
    answer: Ok | Error | None = None


class Conversation:
    """State of the talk; ``on_change`` is called after every change of the view, ``on_wire`` with bytes of effects."""

    def __init__(
        self, name: str, clock: Clock, on_change: Callable[[View], None], on_wire: Callable[[Wire], None] | None
    ) -> None:
        self.name = name
        self.clock = clock
        self.view = View()
        self.up = False
        self.job: Job | None = None
        self.stopping = 0
        self.verbs = 0
        self.settings: dict[int, str] = {}
        self.report_s = -math.inf
        self.port: SerialPort | None = None
        self._on_change, self._on_wire = on_change, on_wire
        self._splitter = LineSplitter()
        self._line: _Line | None = None
        self._resetting: Job | None = None
        self._asked = False
        self._waiters: list[asyncio.Future[None]] = []
        self._log = structlog.get_logger().bind(device=name)

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
        """A line that nobody waits for any more is still unanswered; the next ``ok`` would be its."""
        return self._line is not None and not self._line.query and self.job is None

    @property
    def busy(self) -> bool:
        return self.job is not None or self.verbs > 0 or not self.view.standing

    # --- bytes in ------------------------------------------------------------------------------------------------

    def begin(self, port: SerialPort) -> None:
        """A port was opened: nothing is known, and nothing from before is owed."""
        self.port = port
        self._splitter, self._line, self._resetting = LineSplitter(), None, None
        self.view, self.settings, self.report_s = View(pose_mm=self.view.pose_mm), {}, -math.inf

    def receive(self, data: bytes) -> None:
        for line in self._splitter.feed(data):
            self._take(parse_line(line))
        self._notify()

    def end(self, failure: str, detail: str) -> None:
        """The link is down: the position is no longer trusted and whatever runs has failed."""
        self.up = False
        self._line, self._resetting = None, None
        self.change(replace(self.view, state=MotionState.UNKNOWN, standing=False, position_trusted=False))
        if self.job:
            self.job.fail(failure, detail)
        self._notify()

    def change(self, view: View) -> None:
        self.view = view
        self._on_change(view)

    def tick(self, passed_s: float) -> None:
        """Time has passed: deadlines are looked at."""
        if self.job and self.view.state is MotionState.HELD:
            self.job.end_s += passed_s
        self._notify()

    def _take(self, reply: Reply) -> None:
        match reply:
            case Ok() | Error():
                self._answer(reply)
            case Setting(number, value):
                self.settings[number] = value
            case Status():
                self.report_s, self._asked = self.clock.now_s(), False
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
            job.fail("stopped" if resetting else "alarm", alarm_text(reply.number))
        elif job and job.moves and isinstance(reply, Status):
            if self.view.state is MotionState.DOOR:
                job.fail("door", "the safety door input stopped the move")
            elif self.view.state is MotionState.FAULT:
                job.fail("alarm", self.view.fault)

    # --- bytes out -----------------------------------------------------------------------------------------------

    def raw(self, data: bytes, effect_id: str = "", traced: bool = True) -> None:
        """Send now, past every queue; raises Failed when the link is down."""
        if self.port is None or not self.port.write(data):
            raise Failed("link", f"{self.name}: the serial port is not open")
        if traced and self._on_wire:
            self._on_wire(Wire(self.clock.now_s(), self.name, True, data, effect_id))

    def poll(self) -> None:
        """Ask for a status report; polling is not traced."""
        if self.port is not None:
            self._asked = self.port.write(STATUS_QUERY)

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
            raise Failed("error", f"{sent.answer.number}")

    # --- waiting -------------------------------------------------------------------------------------------------

    async def wait(self, reached: Callable[[], bool], job: Job, what: str) -> None:
        """Return when ``reached``; raises Failed when the job has failed, the link is down or its time is over."""
        while True:
            if job.failure:
                raise Failed(job.failure, job.detail)
            if not self.up:
                raise Failed("link", "the link to the motion controller is down")
            if reached():
                return
            if self.clock.now_s() >= job.end_s:
                raise Failed("timeout", f"{what} did not come in time")
            await self._change()

    async def fresh(self, reached: Callable[[View], bool], job: Job, what: str) -> View:
        """A view that is ``reached`` in a status report asked for after this call."""
        if self._asked:  # that report may have been made before the effect it shall confirm
            before = self.view.reports
            self.poll()
            await self.wait(lambda: self.view.reports > before, job, what)
        seen = self.view.reports
        self.poll()
        await self.wait(lambda: self.view.reports > seen and reached(self.view), job, what)
        return self.view

    async def _change(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(future)
        await future

    def _notify(self) -> None:
        waiters, self._waiters = self._waiters, []
        for future in waiters:
            if not future.done():
                future.set_result(None)
