"""Looks, performed: frames from the cameras, into the recording, through vision, and what it says as an event."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor as Pool
from functools import partial

from delid.config import Cell
from delid.core import (
    AMBIENT,
    CameraError,
    Clock,
    Event,
    Finished,
    Frame,
    Inspection,
    Locate,
    Located,
    Look,
    Looked,
)
from delid.vision import fuse

from ._ports import CameraPort, Ports

FrameObserver = Callable[[Frame, str], None]
"""Takes a frame and the id of its camera."""


VISION_NICE = 10


def stand_back() -> None:
    """Let every other thread of the machine go first; called on the vision thread. Its own helpers inherit it."""
    if sys.platform == "linux":  # elsewhere this would be the whole process
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(VISION_NICE, os.getpriority(os.PRIO_PROCESS, thread)))


class Eyes:
    """The cameras of one cell. Frames of lamps are kept until the ambient ones are judged with them."""

    def __init__(self, cell: Cell, ports: Ports, clock: Clock, pool: Pool) -> None:
        self.observers: list[FrameObserver] = []
        self._cell, self._ports, self._clock, self._pool = cell, ports, clock, pool
        self._free = asyncio.Lock()
        self._kept: dict[str, Frame] = {}

    @property
    def busy(self) -> bool:
        """True while a look takes frames."""
        return self._free.locked()

    async def look(self, look: Look) -> Event:
        """Take the frames of a look; judge them if they are ambient ones. Raises CameraError."""
        overview = self._cell.spec.overview.id
        began_s = self._clock.now_s()
        frames = await self._take(self._ports.camera, look.frames, look.deadline_s, look.settle_s)
        frames = tuple(dataclasses.replace(frame, look=look.look) for frame in frames)
        self._record(frames, look.id, overview)
        if look.look != AMBIENT:
            self._kept[look.id] = frames[-1]
            return Finished(self._clock.now_s(), look.id, True, values={"frames": len(frames)})
        for frame in frames:
            self.show(frame, overview)
        looks = {name: self._kept[kept] for name, kept in look.looks.items() if kept in self._kept}
        self._kept.clear()
        inspections = tuple([await self._inspect(frame, look.pack, looks) for frame in frames])
        limits = self._cell.spec.limits.hazard_limits()
        age_s = _age_s(frames, began_s)
        return Looked(self._clock.now_s(), look.id, inspections, fuse(inspections, limits), age_s)

    async def locate(self, locate: Locate) -> Event:
        """Find a fastener in the tool camera's picture. Raises CameraError."""
        camera, spec = self._ports.tool_camera, self._cell.spec.tool_camera
        if camera is None or spec is None:
            raise CameraError("there is no camera at the tool.", code="camera.missing", device="camera")
        began_s = self._clock.now_s()
        frames = await self._take(camera, 1, locate.deadline_s, locate.settle_s)
        self._record(frames, locate.id, spec.id)
        self.show(frames[-1], spec.id)
        work = partial(self._ports.inspector.locate, frames[-1], locate.at_mm, locate.flange_mm)
        found, detail = await asyncio.get_running_loop().run_in_executor(self._pool, work)
        return Located(self._clock.now_s(), locate.id, found, detail, _age_s(frames, began_s))

    async def glance(self, deadline_s: float) -> Frame:
        """One frame of the whole pack for people; not recorded. Raises CameraError."""
        return (await self._take(self._ports.camera, 1, deadline_s, 0.0))[-1]

    def show(self, frame: Frame, camera: str) -> None:
        for observer in self.observers:
            observer(frame, camera)

    async def close(self) -> None:
        await self._ports.camera.close()
        if self._ports.tool_camera is not None:
            await self._ports.tool_camera.close()

    async def _take(self, camera: CameraPort, count: int, deadline_s: float, settle_s: float) -> tuple[Frame, ...]:
        async with self._free:
            if settle_s:
                await self._clock.sleep(settle_s)
            return await camera.grab(count, deadline_s)

    def _record(self, frames: tuple[Frame, ...], look_id: str, camera: str) -> None:
        recorder = self._ports.log.recorder
        for frame in frames if recorder is not None else ():
            assert recorder is not None
            recorder.frame(frame, look_id, camera)

    async def _inspect(self, frame: Frame, pack: str | None, looks: dict[str, Frame]) -> Inspection:
        inspector = self._ports.inspector
        work = (
            partial(inspector.inspect, frame, pack, looks=looks) if looks else partial(inspector.inspect, frame, pack)
        )
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _age_s(frames: tuple[Frame, ...], began_s: float) -> float:
    """How long before the look its oldest frame was exposed; 0 where all are newer."""
    return round(max(0.0, *(began_s - frame.captured_s for frame in frames), 0.0), 3)
