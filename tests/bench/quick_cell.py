"""A cell in one process for benchmarks: everything real but the pictures, with simulated PLC and gantry around it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from delid.cli._serving import CellService
from delid.config import Cell, load_cell
from delid.core import (
    Event,
    Fastener,
    FastenerKind,
    Frame,
    FrameFacts,
    HazardClass,
    Inspection,
    PackStatus,
    PackVerdict,
    Quality,
    Started,
    SystemClock,
)
from delid.devices.motion import open_motion
from delid.devices.plc import PlcDriver, endpoint_of
from delid.engine import Executor, Ports, RunLog
from delid.ipc import CellClient
from delid.sim.plc import Site, load_site, run_plc
from delid.sim.robot import GrblLogic, RobotServer

REPOSITORY = Path(__file__).resolve().parents[2]
PACK = "nissan-leaf-24"
SCENARIO = REPOSITORY / f"fixtures/scenarios/{PACK}-clean.yaml"
FEED_MM_S = 100.0
"""Slow, so that one way takes long."""


class Sight:
    """Camera and vision that are told what is there."""

    min_fastener_confidence = 0.6

    def __init__(self, site: Site) -> None:
        self._fasteners = tuple(
            Fastener(name, FastenerKind.BOLT, (0.0, 0.0), (x, y), 0.97) for name, (x, y, _) in site.fasteners.items()
        )
        self._count = 0

    async def grab(self, count: int, deadline_s: float) -> tuple[Frame, ...]:
        self._count += 1
        frame = Frame(np.zeros((2, 2, 3), np.uint8), "overview", f"{self._count:064d}", time.monotonic(), self._count)
        return (frame,) * count

    async def close(self) -> None: ...

    def inspect(self, frame: Frame, pack: str | None = None, **options: object) -> Inspection:
        known = PackVerdict(PackStatus.KNOWN, PACK, 0.97)
        facts = FrameFacts(2, 2, frame.sha256)
        reasons = ("no damage found",)
        return Inspection("overview", facts, Quality(True), known, (), HazardClass.A, reasons, self._fasteners)

    def locate(self, *_: object) -> tuple[None, str]:
        return None, "nobody looks"


def build_cell(folder: Path, plc_port: int, robot: str, feed_mm_s: float = FEED_MM_S) -> Cell:
    """The demonstration cell with one pack, without a recording, slow."""
    demo = REPOSITORY / "cell_configs/cells/demo.yaml"
    data: dict[str, Any] = YAML(typ="safe").load(demo.read_text(encoding="utf-8"))

    def absolute(path: str) -> str:
        return str((demo.parent / path).resolve())

    data["cameras"] = data["cameras"][:1]
    data["cameras"][0] = {k: v for k, v in data["cameras"][0].items() if k != "looks"} | {"frames": 1}
    data["motion"] |= {"port": robot, "travel_feed_mm_s": feed_mm_s}
    data["plc"] |= {"port": plc_port, "map": absolute(data["plc"]["map"])}
    data["models"] = {key: absolute(value) for key, value in data["models"].items()}
    data["packs"] = [absolute(f"../packs/{PACK}.yaml")]
    data["recipes"] = [absolute(f"../recipes/{PACK}-standard.yaml")]
    data["health"] = absolute(data["health"])
    data["runs"], data["socket"], data["record"] = str(folder / "runs"), str(folder / "cell.sock"), False
    (folder / "runs").mkdir()
    (folder / "cell.yaml").write_text(json.dumps(data), encoding="utf-8")
    return load_cell(folder / "cell.yaml")


def assemble(cell: Cell, clock: SystemClock) -> Executor:
    """As ``delid cell`` does, with vision left out."""
    executor: Executor

    def post(event: Event) -> None:
        executor.post(event)

    spec, sight = cell.spec, Sight(load_site(SCENARIO))
    plc = PlcDriver(
        endpoint_of(spec.plc), cell.plc_map, clock, poll_s=spec.plc.poll_s, timeout_s=spec.plc.timeout_s, on_link=post,
        on_tags=post,
    )  # fmt: skip
    motion = open_motion(spec.motion, clock, on_link=post, on_report=post)
    log = RunLog(Path(spec.runs), spec.cell, clock, lambda folder: None)
    executor = Executor(cell, Ports(plc, motion, sight, sight, log), clock, Started)
    return executor


@asynccontextmanager
async def running_cell(folder: Path, logic: GrblLogic) -> AsyncIterator[tuple[Executor, CellClient]]:
    """Simulated PLC and gantry, the cell's side of the line, and a client on it."""
    clock = SystemClock()
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    tasks = [asyncio.create_task(run_plc(SCENARIO, port=0, world_dir=folder, speed=20, on_ready=ready.set_result))]
    async with AsyncExitStack() as stack:
        robot = RobotServer(logic, clock)
        stack.callback(robot.close)
        cell = build_cell(folder, await ready, robot.open())
        executor = assemble(cell, clock)
        client = CellClient(cell.socket_path)
        stack.callback(client.close)
        tasks += [asyncio.create_task(executor.run()), asyncio.create_task(CellService(executor).run())]
        try:
            yield executor, client
        finally:
            for task in reversed(tasks):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            executor.ports.log.close()  # an executor that is cancelled within a turn leaves it open
