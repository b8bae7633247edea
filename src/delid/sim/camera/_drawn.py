"""A camera whose frames are drawn, in a thread of its own."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor

from delid.core import Clock, Frame

from ._draw import scene_error


class DrawnCamera(ABC):
    """What the simulated cameras share: fresh frames within a deadline; ``draw`` makes one."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name, self._clock = name, clock
        self._worker: ThreadPoolExecutor | None = None

    @abstractmethod
    def draw(self) -> Frame:
        """The next frame, of the world as it is now."""

    async def grab(self, count: int, deadline_s: float) -> tuple[Frame, ...]:
        """``count`` fresh frames; raises CameraError ``camera.stale`` past the deadline."""
        end_s = self._clock.now_s() + deadline_s
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"camera-{self._name}")
        loop, frames = asyncio.get_running_loop(), []
        for _ in range(count):
            frames.append(await loop.run_in_executor(self._worker, self.draw))
            if self._clock.now_s() > end_s:
                raise scene_error(f"{count} frames took longer than {deadline_s:g} s.", self._name, "camera.stale")
        return tuple(frames)

    async def close(self) -> None:
        """End the drawing thread; may be called twice."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.shutdown(wait=True)
