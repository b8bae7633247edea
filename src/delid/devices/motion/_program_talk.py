"""The talk with a program robot: commands by sequence number, stop and pause as levels on a path of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pymodbus.pdu import ModbusPDU

from delid.config import ProgramMap
from delid.core import Clock, MotionState, Scalar, Wire

from ..plc import next_number, pdu_bytes, stop_request
from ._program_codec import ProgramView, command_request, observe, pause_request
from ._talk import Failed, Job, Talk
from ._view import View


@dataclass(slots=True)
class Outgoing:
    """A write that waits for the owner task; ``sent`` once the robot's server has taken it."""

    request: ModbusPDU
    id: str
    sent: bool = False


class ProgramTalk(Talk[ProgramView]):
    """What waits to be written, and what the robot has said to it. ``wake`` is the owner task's."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        robot_map: ProgramMap,
        on_change: Callable[[View], None],
        on_wire: Callable[[Wire], None] | None,
    ) -> None:
        super().__init__(name, clock, ProgramView(), on_change, on_wire)
        self.map = robot_map
        self.wake: Callable[[], None] = lambda: None
        self.urgent: list[Outgoing] = []
        self.commands: list[Outgoing] = []
        self.seq = self.stop_seq = 0
        self.pause = False
        self._owed: int | None = None

    # --- what is known -------------------------------------------------------------------------------------------

    @property
    def late_answer(self) -> bool:
        return self.job is None and self._owed is not None

    def begin(self) -> None:
        """A connection was opened: take the robot's numbers and its pause as they are, so that nothing moves."""
        self.view = ProgramView(pose_mm=self.view.pose_mm)
        self.urgent, self.commands, self._owed = [], [], None

    def adopt(self, tags: dict[str, Scalar]) -> None:
        self.read(tags)
        self.seq, self.stop_seq = self.view.ack_seq, self.view.stop_ack
        self.pause = self.map.states.get(int(tags["state"]), "") in ("pausing", "paused")

    def end(self, failure: str, detail: str) -> None:
        self.urgent, self.commands = [], []
        super().end(failure, detail)

    def read(self, tags: dict[str, Scalar]) -> None:
        """One read of the status block."""
        before, job = self.view, self.job
        self.reported()
        self.change(observe(before, self.map, tags))
        if self._owed is not None and self.view.done_seq == self._owed:
            self._owed = None
        if job and before.reports and before.start_count != self.view.start_count:
            job.fail("reset", "the robot's program was started anew")
        elif job and job.moves and self.view.state is MotionState.DOOR:
            job.fail("door", "the safeguard input stopped the robot")
        elif job and job.moves and self.view.state is MotionState.FAULT:
            job.fail("alarm", self.view.fault)
        self.notify()

    # --- bytes out -----------------------------------------------------------------------------------------------

    def poll(self) -> None:
        """A read is due now."""
        self.wake()

    def send_stop(self, id: str) -> int:
        """Ask the robot to end what it does; the number that confirms it."""
        self.stop_seq = next_number(self.stop_seq)
        self._write_now(stop_request(self.map, self.stop_seq), id)
        return self.stop_seq

    def send_pause(self, pause: bool, id: str) -> None:
        self.pause = pause
        self._write_now(pause_request(self.map, pause), id)

    def voided(self) -> None:
        """The robot has confirmed a stop: what it had not taken it never will."""
        self.commands, self._owed = [], None

    def trace_out(self, outgoing: Outgoing) -> None:
        if outgoing.id:
            self.trace(pdu_bytes(outgoing.request), outgoing.id)

    async def command(self, registers: list[int], job: Job, what: str) -> None:
        """Write a command and wait until the robot has ended it; raises Failed with the robot's words.

        An answer with another number is no answer. A write that failed is never repeated.
        """
        before = self.view.ack_seq
        seq = self.seq = next_number(self.seq)
        outgoing = Outgoing(command_request(self.map, registers, seq), job.id)
        self.commands.append(outgoing)
        self._owed = seq
        self.wake()

        def ended() -> bool:
            if self.view.ack_seq not in (before, seq):
                job.fail("error", f"somebody else commands the robot: it took number {self.view.ack_seq}, not {seq}")
            return self.view.done_seq == seq and self.view.ack_seq == seq and outgoing.sent

        await self.wait(lambda: bool(ended() or job.failure), job, f"the end of {what}")
        if job.failure:
            raise Failed(job.failure, job.detail)
        if self.view.result == "stopped":
            raise Failed("stopped", f"{what} was stopped")
        if self.view.result != "done":
            raise Failed("error", f"the robot refused or broke off {what}: {self.view.error or self.view.result}")

    def trust(self) -> None:
        self.change(replace(self.view, position_trusted=True))

    def _write_now(self, request: ModbusPDU, id: str) -> None:
        if not self.up:
            raise Failed("link", "the link to the motion controller is down")
        self.urgent.append(Outgoing(request, id))
        self.wake()
