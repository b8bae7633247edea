"""An event loop in virtual time, and the clock that goes with it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from typing import Any

from delid.core import JournalError


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time stands still while anything is ready, and then jumps to the next timer."""

    def __init__(self, start_s: float, on_time: Callable[[float], None]) -> None:
        self._virtual_s, self.on_time = start_s, on_time
        super().__init__(selectors.PollSelector())  # an epoll object would be shared with a forked child

    def time(self) -> float:
        return self._virtual_s

    def run_in_executor(self, executor: object, func: Callable[..., Any], *args: Any) -> Any:
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except JournalError as error:
            future.set_exception(error)
        return future

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self._virtual_s = max(self._virtual_s, self._scheduled[0]._when)  # type: ignore[attr-defined]
            self.on_time(self._virtual_s)
        super()._run_once()  # type: ignore[misc]


class LoopClock:
    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_s(self) -> float:
        return self._loop.time()

    def wall_s(self) -> float:
        return 1_800_000_000.0 + self._loop.time()

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)
