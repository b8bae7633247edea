"""Pauses between attempts to connect: they double up to a limit, and each is cut short by chance. Pure."""

from __future__ import annotations

import random

FIRST_S = 0.1
MOST_S = 1.0
FACTOR = 2.0
JITTER = 0.5
"""The largest share of a pause that chance takes away, so that cells that lost one switch do not return as one."""


class Backoff:
    """Exponential pauses with jitter; ``source`` makes them repeatable, None makes them exact."""

    def __init__(
        self, source: random.Random | None = None, *, first_s: float = FIRST_S, most_s: float = MOST_S
    ) -> None:
        self._source, self._first_s, self._most_s = source, first_s, most_s
        self._step_s = first_s

    def next_s(self) -> float:
        """The next pause in seconds."""
        pause_s = self._step_s
        self._step_s = min(self._step_s * FACTOR, self._most_s)
        return pause_s if self._source is None else pause_s * (1.0 - JITTER * self._source.random())

    def reset(self) -> None:
        """The link was up: begin with the shortest pause again."""
        self._step_s = self._first_s
