"""Results that come in any order, given out in the order in which they were asked for."""

from __future__ import annotations

from collections.abc import Iterator

from ._worker import Judged

AHEAD = 64
"""Recordings that may be begun behind the oldest unfinished one; bounds what waits for its turn."""


class InOrder:
    """Numbers go from 0 on; ``take`` gives what is next as far as it is there."""

    def __init__(self) -> None:
        self._waiting: dict[int, Judged] = {}
        self._next = 0

    @property
    def next(self) -> int:
        """The number that is given out next."""
        return self._next

    def put(self, number: int, judged: Judged) -> None:
        self._waiting[number] = judged

    def take(self) -> Iterator[Judged]:
        while self._next in self._waiting:
            yield self._waiting.pop(self._next)
            self._next += 1
