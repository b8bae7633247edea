"""Is it still the same PLC, does its program run, does it hear us, and are we its only master? Pure."""

from __future__ import annotations

from collections.abc import Mapping

from delid.core import PlcError, Scalar

Status = Mapping[str, Scalar]

MOST_BEHIND = 1000
"""An echo this many heartbeats old is not delid's any more."""
_ALONE_HINT = "Find the other program or panel that writes to this PLC and disconnect it."


class PeerWatch:
    """Looks at every status block. ``look`` gives the error to act on, or None."""

    def __init__(self, max_age_s: float, name: str) -> None:
        self._max_age_s, self._name = max_age_s, name
        self._beat: Scalar | None = None
        self._stood_still = False
        self._beat_s = self._since_s = 0.0
        self._heard = False
        self._ack: Scalar = 0
        self._start: Scalar | None = None

    def begin(self, now_s: float, status: Status) -> None:
        """A new connection; raises PlcError while the program that stood still has not moved on."""
        if self._stood_still and status["heartbeat"] == self._beat:
            raise self._still(now_s)
        self._beat, self._beat_s, self._since_s = status["heartbeat"], now_s, now_s
        self._stood_still = self._heard = False
        self._ack, self._start = status["ack_seq"], status.get("start_count")

    def look(self, now_s: float, status: Status, *, heartbeat: int, seq: int) -> PlcError | None:
        """``heartbeat`` is how many delid has written, ``seq`` the last command's number."""
        if status.get("start_count") != self._start:
            return self._error("plc.restarted", "the PLC was restarted.", "Look at the machine, then reset the faults.")
        if status["ack_seq"] != self._ack:
            self._ack = status["ack_seq"]
            if self._ack != seq:
                words = f"somebody else commands the PLC: it took sequence {self._ack}, delid's last is {seq}."
                return self._error("plc.other_client", words, _ALONE_HINT)
        if status["heartbeat"] != self._beat:
            self._beat, self._beat_s = status["heartbeat"], now_s
        elif now_s - self._beat_s > self._max_age_s:
            self._stood_still = True
            return self._still(now_s)
        return self._look_at_echo(now_s, int(status["heartbeat_echo"]), heartbeat)

    def _look_at_echo(self, now_s: float, echo: int, heartbeat: int) -> PlcError | None:
        """The PLC shows the last heartbeat it saw; one that delid never wrote was written by another client."""
        if (heartbeat - echo) & 0xFFFF < min(heartbeat, MOST_BEHIND):
            self._heard = True
        elif self._heard:
            words = f"another client writes delid's heartbeat: the PLC saw {echo}, delid is at {heartbeat & 0xFFFF}."
            return self._error("plc.other_client", words, _ALONE_HINT)
        elif heartbeat and now_s - self._since_s > self._max_age_s:
            words = f"the PLC does not take delid's heartbeat over: it shows {echo}, delid is at {heartbeat & 0xFFFF}."
            return self._error("plc.not_heard", words, "Check that the register map fits the PLC program.")
        return None

    def _still(self, now_s: float) -> PlcError:
        return self._error(
            "plc.stands_still",
            f"the PLC answers, but its program stands still: no new heartbeat for {self._max_age_s:g} s.",
            "Start the PLC's program; look at its diagnosis if it stops again.",
        )

    def _error(self, code: str, message: str, hint: str) -> PlcError:
        return PlcError(message, hint=hint, code=code, device=self._name)
