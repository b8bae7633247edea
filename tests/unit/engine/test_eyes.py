"""Looks performed: which frames are kept, recorded, shown and judged together."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from delid.config import Camera, Cell, load_cell
from delid.core import (
    CameraError,
    FastenerKind,
    Finished,
    Frame,
    FrameFacts,
    HazardClass,
    Inspection,
    Locate,
    Located,
    Look,
    Looked,
    ManualClock,
    PackStatus,
    PackVerdict,
    Quality,
    Sighting,
)
from delid.engine import Ports
from delid.engine._eyes import VISION_NICE, Eyes, stand_back
from looks_kit import TOOL_CAMERA

IMAGE = np.zeros((6, 8, 3), np.uint8)
SIGHTING = Sighting(FastenerKind.BOLT, (4.0, 3.0), (1.0, 2.0), 0.9)


@dataclass
class StillCamera:
    name: str
    clock: ManualClock
    seq: int = 0
    closed: int = 0

    async def grab(self, count: int, deadline_s: float) -> tuple[Frame, ...]:
        frames = []
        for _ in range(count):
            self.seq += 1
            frames.append(Frame(IMAGE, f"{self.name}#{self.seq}", str(self.seq), self.clock.now_s(), self.seq))
        return tuple(frames)

    async def close(self) -> None:
        self.closed += 1


@dataclass
class Inspector:
    min_fastener_confidence: float = 0.6
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def inspect(self, frame: Frame, pack: str | None = None, **options: dict[str, Frame]) -> Inspection:
        looks = {name: other.source for name, other in options.get("looks", {}).items()}
        self.asked.append((frame.source, looks))
        pack_seen = PackVerdict(PackStatus.KNOWN, "p", 0.9)
        found = Inspection(frame.source, FrameFacts(8, 6, ""), Quality(True), pack_seen, (), HazardClass.A, ())
        return replace(found, looks=("ambient", *looks))

    def locate(self, frame, at_mm, flange_mm):
        return (SIGHTING, "") if at_mm[0] > 0 else (None, "nothing there")


class Stage:
    """Eyes with an overview camera and one at the tool."""

    def __init__(self, cell: Cell, with_tool: bool = True) -> None:
        cameras = [cell.spec.cameras[0], *([Camera.model_validate(TOOL_CAMERA)] if with_tool else [])]
        self.clock, self.inspector = ManualClock(10.0), Inspector()
        self.overview, self.tool = StillCamera("overview", self.clock), StillCamera("close", self.clock)
        self.recorded: list[tuple[str, str, str, str]] = []
        self.shown: list[tuple[str, str]] = []
        recorder = SimpleNamespace(
            frame=lambda frame, look, camera="": self.recorded.append((frame.source, look, camera, frame.look))
        )
        log = SimpleNamespace(recorder=recorder)
        ports = Ports(None, None, self.overview, self.inspector, log, self.tool if with_tool else None)
        spec = cell.spec.model_copy(update={"cameras": cameras})
        self.pool = ThreadPoolExecutor(1)
        self.eyes = Eyes(replace(cell, spec=spec), ports, self.clock, self.pool)
        self.eyes.observers.append(lambda frame, camera: self.shown.append((frame.source, camera)))


@pytest.fixture
def cell(repository: Path) -> Cell:
    return load_cell(repository / "cell_configs/cells/demo.yaml")


@pytest.fixture
def stage(cell: Cell):
    made = Stage(cell)
    yield made
    made.pool.shutdown()


async def test_ambient_frames_are_judged_with_the_frames_that_their_lamps_kept(stage: Stage) -> None:
    left = await stage.eyes.look(Look("look.4.rake_left", "identify", 1, 5.0, look="rake_left"))
    assert left == Finished(10.0, "look.4.rake_left", True, values={"frames": 1})
    judged = await stage.eyes.look(
        Look("look.4", "identify", 2, 5.0, looks={"rake_left": "look.4.rake_left", "rake_right": "look.4.never"})
    )
    assert isinstance(judged, Looked)
    kept = {"rake_left": "overview#1"}
    assert stage.inspector.asked == [("overview#2", kept), ("overview#3", kept)]
    assert judged.assessment.looks == ("ambient", "rake_left")
    assert stage.recorded == [
        ("overview#1", "look.4.rake_left", "overview", "rake_left"),
        ("overview#2", "look.4", "overview", "ambient"),
        ("overview#3", "look.4", "overview", "ambient"),
    ]
    assert stage.shown == [("overview#2", "overview"), ("overview#3", "overview")], "people see ambient light"
    again = await stage.eyes.look(Look("look.5", "identify", 1, 5.0, looks={"rake_left": "look.4.rake_left"}))
    assert isinstance(again, Looked)
    assert again.assessment.looks == ("ambient",), "a frame is used for one judgement only"


async def test_a_frame_is_taken_after_the_light_has_settled(stage: Stage) -> None:
    asked = asyncio.create_task(stage.eyes.look(Look("l", "identify", 1, 5.0, look="rake_left", settle_s=0.08)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (stage.overview.seq, stage.eyes.busy) == (0, True)
    await stage.clock.advance(0.1)
    await asked
    assert stage.overview.seq == 1


async def test_a_fine_look_uses_the_camera_at_the_tool_and_says_what_it_found(stage: Stage) -> None:
    found = await stage.eyes.locate(Locate("a", "lid.01", (1, 2, 3), (4, 5, 6), 0.0, 5.0))
    nothing = await stage.eyes.locate(Locate("b", "lid.02", (-1, 2, 3), (4, 5, 6), 0.0, 5.0))
    assert found == Located(10.0, "a", SIGHTING)
    assert nothing == Located(10.0, "b", None, "nothing there")
    assert stage.recorded == [("close#1", "a", "close", "ambient"), ("close#2", "b", "close", "ambient")]
    assert stage.shown == [("close#1", "close"), ("close#2", "close")]
    await stage.eyes.close()
    assert (stage.overview.closed, stage.tool.closed) == (1, 1)


async def test_without_a_camera_at_the_tool_a_fine_look_fails(cell: Cell) -> None:
    stage = Stage(cell, with_tool=False)
    with pytest.raises(CameraError, match="no camera at the tool"):
        await stage.eyes.locate(Locate("a", "lid.01", (1, 2, 3), (4, 5, 6), 0.0, 5.0))
    await stage.eyes.close()
    assert (stage.overview.closed, stage.tool.closed) == (1, 0)
    stage.pool.shutdown()


async def test_vision_stands_back_and_the_loop_does_not():
    with ThreadPoolExecutor(1, initializer=stand_back) as pool:
        before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        seen = await asyncio.get_running_loop().run_in_executor(
            pool, lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        )
    assert seen == max(before, VISION_NICE)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
