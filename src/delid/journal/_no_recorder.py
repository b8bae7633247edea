"""What stands in the recorder's place where no file could be made: the run goes on, and people are told."""

from __future__ import annotations

from typing import Any

from delid.core import Effect, Event, Frame, Record, Wire


class NoRecorder:
    """Keeps nothing; ``report`` says why."""

    def __init__(self, failure: str) -> None:
        self._failure = failure

    def event(self, event: Event) -> None:
        """Not kept."""

    def effect(self, effect: Effect) -> None:
        """Not kept."""

    def record(self, record: Record) -> None:
        """Not kept."""

    def wire(self, wire: Wire) -> None:
        """Not kept."""

    def traffic(self, wire: Wire) -> None:
        """Not kept."""

    def frame(self, frame: Frame, look_id: str, camera: str = "") -> None:
        """Not kept."""

    def report(self) -> dict[str, Any]:
        """As a recorder that has failed reports it."""
        counts = {"dropped_frames": 0, "lost_facts": 0, "dropped_traffic": 0}
        return {"healthy": False, **counts, "failure": self._failure, "waiting": 0}

    def end(self) -> None:
        """There is nothing to end."""

    def close(self) -> None:
        """There is nothing to close."""
