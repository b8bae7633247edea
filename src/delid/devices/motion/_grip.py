"""A person's grip on a jog: the driver's own dead man. Pure."""

from __future__ import annotations


class Grip:
    """Lost once, it stays lost, whatever signals follow. ``why`` says how; empty while it holds."""

    def __init__(self, id: str, hold_s: float, now_s: float) -> None:
        self.id, self.why = id, ""
        self._hold_s, self._held_at_s = hold_s, now_s

    def signal(self, held_at_s: float | None) -> None:
        """A hold signal that came at ``held_at_s``; None is letting go. One after the dead-man time counts for none."""
        if held_at_s is None:
            self.why = self.why or "let go"
        elif self.holds(held_at_s):
            self._held_at_s = max(self._held_at_s, held_at_s)

    def holds(self, now_s: float) -> bool:
        """False from the moment on at which no signal has come for the dead-man time."""
        if not self.why and now_s - self._held_at_s > self._hold_s:
            self.why = f"no hold signal for {self._hold_s:g} s"
        return not self.why
