"""What the driver still owes an answer for, and the rules by which a status block answers it. Pure."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from delid.config import RegisterMap
from delid.core import Finished, Scalar

Status = Mapping[str, Scalar]


@dataclass(slots=True, eq=False)
class Pending:
    """A command or a cancel that somebody waits for. Times are the driver's clock, in seconds."""

    id: str
    asked_s: float
    deadline_s: float
    future: asyncio.Future[Finished]
    written_s: float | None = None

    @property
    def due_s(self) -> float:
        return self.asked_s + self.deadline_s

    def end(self, at_s: float, failure: str = "", detail: str = "", status: Status | None = None) -> None:
        """Answer whoever waits; the first answer counts."""
        if not self.future.done():
            self.future.set_result(Finished(at_s, self.id, not failure, failure, detail, dict(status or {})))


@dataclass(slots=True, eq=False)
class PendingCommand(Pending):
    """``registers`` is the command block without its number; ``before`` is the PLC's ack_seq when the command was first
    written, ``start`` its start count."""

    name: str = ""
    registers: Sequence[int] = ()
    seq: int | None = None
    before: Scalar = 0
    start: Scalar | None = None
    taken: bool = False
    resend: bool = False
    withdrawn: bool = False

    def sent(self, at_s: float, seq: int, status: Status) -> None:
        self.written_s, self.resend = at_s, False
        if self.seq is None:
            self.seq, self.before, self.start = seq, status["ack_seq"], status.get("start_count")

    def read(self, at_s: float, status: Status, register_map: RegisterMap, *, stopped: bool) -> bool:
        """Take a status block into account; true when the command has ended. Another sequence is no answer.

        ``stopped``: the PLC has confirmed the last stop, so that what it has not taken by now it never will.
        """
        if self.seq is None:
            return False
        if status["ack_seq"] == self.seq and status.get("start_count") == self.start:
            self.taken, self.resend = True, False
            if status["done_seq"] == self.seq:
                return self._read_result(at_s, status, register_map)
        elif self.taken or status.get("start_count") != self.start or status["ack_seq"] != self.before:
            detail = (
                f"the PLC was restarted or commanded by somebody else while {self.name} ran: it holds sequence "
                f"{status['ack_seq']} instead of {self.seq}; how far the command came is not known"
            )
            self.end(at_s, "link", detail, status)
            return True
        elif self.withdrawn and stopped:
            self.end(at_s, "cancelled", f"{self.name} was withdrawn before the PLC took it", status)
            return True
        return False

    def overdue(self) -> str:
        """What a missed deadline means, in words."""
        if self.seq is None:
            return f"{self.name} was not sent within {self.deadline_s:g} s"
        state = "took it but did not end it" if self.taken else "did not take it"
        return f"{self.name}: the PLC {state} within {self.deadline_s:g} s; it is withdrawn"

    def _read_result(self, at_s: float, status: Status, register_map: RegisterMap) -> bool:
        result, results = status["step_result"], register_map.results
        if result == results["done"]:
            self.end(at_s, status=status)
        elif result == results["cancelled"]:
            self.end(at_s, "cancelled", f"the PLC ended {self.name} on request", status)
        elif result == results["error"]:
            number = int(status["error_code"])
            kind = register_map.errors.get(number)
            unknown = f"error code {number} of {self.name} is not in the register map"
            self.end(at_s, kind or "alarm", f"the PLC reports {kind} for {self.name}" if kind else unknown, status)
        else:
            return False
        return True


@dataclass(slots=True, eq=False)
class PendingCancel(Pending):
    """``stop_seq`` is the stop number that was written for it."""

    stop_seq: int | None = None

    def read(self, at_s: float, status: Status) -> bool:
        """True when the PLC has confirmed the stop."""
        if self.stop_seq is None or status["stop_ack"] != self.stop_seq:
            return False
        self.end(at_s, status=status)
        return True


class Waiting:
    """The command and the cancels that are under way. There is one command at a time."""

    def __init__(self) -> None:
        self.command: PendingCommand | None = None
        self.cancels: list[PendingCancel] = []
        self.withdraw = False
        """A stop is owed for a command that was given up."""

    def all(self) -> list[Pending]:
        return [*self.cancels, *([self.command] if self.command else [])]

    def add_cancel(self, cancel: PendingCancel) -> None:
        """A command that is not sent yet ends here; one that is sent will not be sent again."""
        self.cancels.append(cancel)
        if self.command is not None and self.command.seq is None:
            self.command.end(cancel.asked_s, "cancelled", f"{self.command.name} was cancelled before it was sent")
            self.command = None
        elif self.command is not None:
            self.command.withdrawn, self.command.resend = True, False

    def drop_command(self, at_s: float, failure: str, detail: str, status: Status | None = None) -> None:
        if self.command is not None:
            self.command.end(at_s, failure, detail, status)
            self.command = None

    def expire(self, now_s: float, status: Status) -> None:
        """End what is past its deadline.

        A command given up is withdrawn, so that it does not run later; a stop that never went out still will.
        """
        command = self.command
        if command is not None and (command.future.done() or now_s >= command.due_s):
            self.withdraw = self.withdraw or command.seq is not None
            self.drop_command(now_s, "timeout", command.overdue(), status)
        if not self.cancels:
            return
        for cancel in self.cancels:
            if now_s >= cancel.due_s:
                self.withdraw = self.withdraw or cancel.written_s is None
                cancel.end(now_s, "timeout", f"the PLC did not confirm the stop within {cancel.deadline_s:g} s")
        self.cancels = [cancel for cancel in self.cancels if not cancel.future.done()]

    def read(self, now_s: float, status: Status, stop_seq: int, register_map: RegisterMap) -> None:
        """End what this status block ends."""
        owed = self.withdraw or any(cancel.stop_seq is None for cancel in self.cancels)
        stopped = not owed and status["stop_ack"] == stop_seq
        if self.command is not None and self.command.read(now_s, status, register_map, stopped=stopped):
            self.command = None
        if not self.cancels:
            return
        self.cancels = [cancel for cancel in self.cancels if not cancel.read(now_s, status)]

    def ends_with(self, status: Status) -> bool:
        """True where this status block ends something."""
        done = self.command is not None and self.command.seq == status["done_seq"]
        return done or any(cancel.stop_seq == status["stop_ack"] for cancel in self.cancels)
