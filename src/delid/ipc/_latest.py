"""The newest value of each topic, and who waits for it. Pure: sending is the caller's business.

A reader asks for a value newer than the one it has and gets exactly one. So at most one value is ever on its way to
a reader, however slow it is, and that one was the newest when the reader was ready for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

WAIT_S = 2.0
"""A reader that has not renewed its wish for so long is gone; readers renew every half second."""

TOPICS = (b"state", b"frame")


@dataclass(frozen=True, slots=True)
class Wish:
    """One reader's wish for a value of ``topic`` other than version ``seen``; ``tag`` comes back with the value."""

    peer: bytes
    topic: bytes
    tag: bytes
    seen: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    peer: bytes
    tag: bytes
    version: bytes
    data: bytes


class Latest:
    """The newest value by topic; ``series`` sets the versions of this server apart from those of an earlier one."""

    def __init__(self, series: str) -> None:
        self._series = series
        self._count = 0
        self._values: dict[bytes, tuple[bytes, bytes]] = {}
        self._waiting: dict[tuple[bytes, bytes], tuple[Wish, float]] = {}

    def put(self, topic: bytes, data: bytes, now_s: float) -> list[Delivery]:
        """Replace the value of ``topic``; returns what goes out to those who wait for it."""
        self._count += 1
        self._values[topic] = (f"{self._series}.{self._count}".encode(), data)
        self._forget(key for key, (_, since_s) in self._waiting.items() if now_s - since_s > WAIT_S)
        ready = [wish for wish, _ in self._waiting.values() if wish.topic == topic]
        self._forget((wish.peer, topic) for wish in ready)
        return [self._delivery(wish) for wish in ready]

    def want(self, wish: Wish, now_s: float) -> Delivery | None:
        """The value at once if the reader has not seen it, else None, and the wish is kept for the next one."""
        version = self._values.get(wish.topic, (wish.seen, b""))[0]
        if version != wish.seen:
            self._forget([(wish.peer, wish.topic)])
            return self._delivery(wish)
        self._waiting[wish.peer, wish.topic] = (wish, now_s)
        return None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def _delivery(self, wish: Wish) -> Delivery:
        version, data = self._values[wish.topic]
        return Delivery(wish.peer, wish.tag, version, data)

    def _forget(self, keys: Iterable[tuple[bytes, bytes]]) -> None:
        for key in list(keys):
            self._waiting.pop(key, None)
