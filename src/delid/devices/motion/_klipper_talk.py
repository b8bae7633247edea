"""The talk with Klipper: answers come in the order of the lines, and a status report waits behind a running motion."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from delid.core import Clock, MotionState, PoseMm, Wire

from ._klipper_codec import (
    STATUS_LINES,
    Answered,
    Echo,
    HostState,
    Position,
    Refused,
    UnknownCommand,
    echo_line,
    parse_line,
)
from ._serial import SerialTalk
from ._talk import STALE_S, Failed, Job
from ._view import View

OFFSET_MM = 0.001
"""Machine and G-code coordinates that differ by more are offset against each other."""


@dataclass(frozen=True, slots=True)
class KlipperView(View):
    """What Klipper last said of itself.

    Attributes:
        ready: the host says so; None before it has said anything.
        offset: G-code coordinates are not machine coordinates.
        starts: times that the host became ready since the port was opened.
    """

    ready: bool | None = None
    offset: bool = False
    starts: int = 0


@dataclass(slots=True)
class _Line:
    text: bytes
    report: bool = False
    answered: bool = False
    error: str = ""


class KlipperTalk(SerialTalk[KlipperView]):
    """Lines that are sent and not yet answered stand in ``_owed``, oldest first."""

    def __init__(
        self, name: str, clock: Clock, on_change: Callable[[View], None], on_wire: Callable[[Wire], None] | None
    ) -> None:
        super().__init__(name, clock, KlipperView(), on_change, on_wire)
        self.moving = False
        """A motion was sent and its end has not been confirmed."""
        self.restarting = False
        self._owed: deque[_Line] = deque()
        self._echoes = 0
        self._echoed = 0
        self._asked_s = -math.inf
        self._toolhead_mm: PoseMm | None = None

    # --- what is known -------------------------------------------------------------------------------------------

    @property
    def silent_by_nature(self) -> bool:
        """Nothing is answered while a motion runs, while homing, and while Klipper restarts."""
        return self.restarting or (self.moving and self.job is not None)

    @property
    def late_answer(self) -> bool:
        return self.job is None and any(not line.report for line in self._owed)

    def may_poll(self) -> bool:
        """A report asked for now would not pile up behind what is owed; nothing is owed for ever on a dead link."""
        if not self.up and self.clock.now_s() - self._asked_s > STALE_S:
            self._owed.clear()
        return not self._owed and not self.restarting

    # --- bytes in ------------------------------------------------------------------------------------------------

    def forget(self) -> None:
        self._owed.clear()
        self.moving = self.restarting = False
        self.view, self.report_s = KlipperView(pose_mm=self.view.pose_mm), -math.inf

    def end(self, failure: str, detail: str) -> None:
        self._owed.clear()
        self.moving = self.restarting = False
        super().end(failure, detail)

    def take(self, line: bytes) -> None:
        reply = parse_line(line)
        match reply:
            case Answered():
                self._answer()
            case Refused(text):
                self._refuse(text)
            case UnknownCommand(command):
                self._refuse(f"Klipper does not know the command {command}")
            case Echo(number):
                self._echoed = max(self._echoed, number)
            case HostState():
                self._state(reply)
            case Position():
                self._position(reply)

    def _answer(self) -> None:
        if not self._owed:
            self._log.warning("motion.answer_unasked")
            return
        line = self._owed.popleft()
        line.answered = True
        self.alive()
        if line.text == STATUS_LINES[1] and line.error:  # so early in its start that it has no position to tell
            self.reported()
            self.change(replace(self.view, reports=self.view.reports + 1))

    def _refuse(self, text: str) -> None:
        if self._owed and not self._owed[0].error:
            self._owed[0].error = text
        if self.view.ready is False and text:
            self.change(replace(self.view, fault=text))
        if "home" in text.lower():  # the motors were switched off, and the position with them
            self.distrust()

    def _state(self, reply: HostState) -> None:
        view, job = self.view, self.job
        if reply.state == "ready":
            restarted = view.ready is False or self.restarting
            if restarted:
                view = replace(view, position_trusted=False, starts=view.starts + 1)
                self._owed.clear()
                self.restarting = self.moving = False
            state = MotionState.MOVING if self.moving else MotionState.IDLE
            self.change(replace(view, ready=True, state=state, standing=not self.moving, fault=""))
            return
        fault = view.fault or f"Klipper is {'shut down' if reply.state == 'shutdown' else reply.state}"
        self.change(
            replace(view, ready=False, state=MotionState.FAULT, standing=True, position_trusted=False, fault=fault)
        )
        self.moving = False
        if job and not self.restarting:
            if self.stopping:
                job.fail("stopped", "stopped on request")
            elif reply.state == "disconnect":
                job.fail("reset", "Klipper restarted")
            else:
                job.fail("alarm", fault)

    def _position(self, reply: Position) -> None:
        """Klipper works in order: whatever was sent before this query has been executed, answered or not."""
        if reply.frame == "toolhead":
            self._toolhead_mm = reply.at_mm
            return
        if self._toolhead_mm is None:
            return
        while self._owed and self._owed[0].text != STATUS_LINES[1]:
            self._log.warning("motion.answer_lost", line=self._owed.popleft().text.decode().strip())
        offset = math.dist(self._toolhead_mm, reply.at_mm) > OFFSET_MM
        self.reported()
        self.change(replace(self.view, pose_mm=self._toolhead_mm, offset=offset, reports=self.view.reports + 1))
        self._toolhead_mm = None

    # --- bytes out -----------------------------------------------------------------------------------------------

    def poll(self) -> None:
        """Ask for a status report; polling is not traced."""
        if self.write(b"".join(STATUS_LINES)):
            self.asked, self._asked_s = True, self.clock.now_s()
            self._owed.extend(_Line(text, report=True) for text in STATUS_LINES)

    async def line(self, data: bytes, job: Job, traced: bool = True) -> None:
        """Send lines when nothing is owed, and wait for their ``ok``; raises Failed with Klipper's own words."""
        await self.wait(lambda: not self._owed, job, "the answer to the line before")
        sent = [_Line(text + b"\n") for text in data.split(b"\n") if text]
        self._owed.extend(sent)
        self.raw(data, job.id, traced)
        what = sent[-1].text.decode().strip()
        await self.wait(lambda: all(line.answered for line in sent), job, f"an answer to {what!r}")
        for refused in (s for s in sent if s.error):
            raise Failed("error", f"Klipper refused {refused.text.decode().strip()!r}: {refused.error}")

    async def barrier(self, data: bytes, job: Job) -> None:
        """``data``, and an echo whose number proves that all before it has been executed."""
        await self.line(data, job)
        self._echoes += 1
        number = self._echoes
        await self.line(echo_line(number), job, traced=False)
        await self.wait(lambda: self._echoed >= number, job, f"echo {number}")
