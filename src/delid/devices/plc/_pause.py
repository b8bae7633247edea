"""Waiting on the clock, until a time or until something is to be done."""

from __future__ import annotations

import asyncio

from delid.core import Clock


class Pause:
    """One sleeper. It keeps its timer from one wait to the next: making one costs as much as a whole exchange."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._woken = False
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.Task[None] | None = None
        self._timer_s = 0.0

    def wake(self) -> None:
        """End the wait under way, or else the next one."""
        self._woken = True
        self._release()

    async def until(self, at_s: float) -> None:
        """Return at ``at_s`` of the clock, or when woken."""
        while not self._woken and self._clock.now_s() < at_s:
            if self._timer is None or self._timer.done() or self._timer_s > at_s:
                self._start_timer(at_s)
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        self._woken = False

    async def close(self) -> None:
        """Let go of the timer."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            await asyncio.gather(timer, return_exceptions=True)

    def _start_timer(self, at_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_s = at_s
        self._timer = asyncio.ensure_future(self._clock.sleep(at_s - self._clock.now_s()))
        self._timer.add_done_callback(lambda _: self._release())

    def _release(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
