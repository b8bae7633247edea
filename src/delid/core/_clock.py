"""Time is passed in, so that tests and replay never wait for the real one."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds for ages and deadlines, wall seconds for records."""

    def now_s(self) -> float:
        """Monotonic time in seconds; only differences have a meaning."""
        ...

    def wall_s(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        ...

    async def sleep(self, duration_s: float) -> None:
        """Return when ``duration_s`` seconds of this clock have passed."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now_s(self) -> float:
        return time.monotonic()

    def wall_s(self) -> float:
        return time.time()

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)


class ManualClock:
    """A clock that stands still until it is told to go on; sleepers wake in the order of their times."""

    def __init__(self, start_s: float = 0.0, wall_start_s: float = 1_800_000_000.0) -> None:
        self._now_s = start_s
        self._wall_offset_s = wall_start_s - start_s
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now_s(self) -> float:
        return self._now_s

    def wall_s(self) -> float:
        return self._now_s + self._wall_offset_s

    async def sleep(self, duration_s: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        self._sleepers.append((self._now_s + duration_s, self._count, future))
        await future

    def set(self, now_s: float) -> None:
        """Jump to ``now_s`` without waking sleepers; for synchronous simulation and replay."""
        self._now_s = max(self._now_s, now_s)

    async def advance(self, duration_s: float) -> None:
        """Let ``duration_s`` seconds pass, waking each sleeper at its own time."""
        end_s = self._now_s + duration_s
        while due := sorted(s for s in self._sleepers if s[0] <= end_s):
            wake_s, _, future = due[0]
            self._sleepers.remove(due[0])
            self._now_s = max(self._now_s, wake_s)
            if not future.done():
                future.set_result(None)
            for _ in range(5):
                await asyncio.sleep(0)
        self._now_s = end_s
        for _ in range(5):
            await asyncio.sleep(0)
