"""Simulated PLC and robot as separate processes, for the demo and the tests."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from delid.config import Camera, Cell, CloseupSource, SceneSource
from delid.core import DeviceError

READY_S = 30.0


@dataclass(frozen=True, slots=True)
class Sims:
    """Where the simulated devices are."""

    plc_port: int
    robot_port: str
    world: Path
    plc: asyncio.subprocess.Process
    robot: asyncio.subprocess.Process


@asynccontextmanager
async def simulated_devices(cell_file: Path, scenario: Path, folder: Path, speed: float) -> AsyncIterator[Sims]:
    """Start both processes, wait until they are ready, and end them with the block.

    Raises DeviceError with the process's own words when one does not come up.
    """
    world, link = folder / "world", folder / "robot"
    shared = ("--world", str(world), "--speed", str(speed))
    plc = await _spawn(folder / "plc.log", "sim", "plc", "--scenario", str(scenario), "--port", "0", *shared)
    robot = await _spawn(folder / "robot.log", "sim", "robot", "--link", str(link), "--cell", str(cell_file), *shared)
    try:
        plc_facts, robot_facts = await asyncio.gather(
            _ready(folder / "plc.log", plc), _ready(folder / "robot.log", robot)
        )
        yield Sims(int(str(plc_facts["port"])), str(robot_facts["port"]), world, plc, robot)
    finally:
        for process in (plc, robot):
            await _end(process)


def simulated_cell(cell: Cell, sims: Sims, scene: Path, runs: Path) -> Cell:
    """The cell with its devices replaced by the simulated ones and its runs kept in ``runs``."""
    spec = cell.spec
    source = SceneSource(kind="scene", path=scene.resolve(), world=sims.world.resolve())
    first = spec.cameras[0].model_copy(update={"source": source})
    cameras = [first, *(_in_world(camera, sims.world) for camera in spec.cameras[1:])]
    changed = spec.model_copy(
        update={
            "cameras": cameras,
            "plc": spec.plc.model_copy(
                update={"transport": "tcp", "host": "127.0.0.1", "port": sims.plc_port, "device": None}
            ),
            "motion": spec.motion.model_copy(update={"port": sims.robot_port}),
            "runs": runs.resolve(),
            "socket": (sims.world.parent / "cell.sock").resolve(),
        }
    )
    return replace(cell, spec=changed)


def _in_world(camera: Camera, world: Path) -> Camera:
    """A simulated camera at the tool sees the same world."""
    if not isinstance(camera.source, CloseupSource):
        return camera
    return camera.model_copy(update={"source": camera.source.model_copy(update={"world": world.resolve()})})


async def _spawn(log: Path, *arguments: str) -> asyncio.subprocess.Process:
    """Start ``delid`` with its messages going to ``log``, so that a full pipe can never stop it."""
    with log.open("wb") as stderr:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "delid", *arguments, stdout=asyncio.subprocess.PIPE, stderr=stderr
        )


async def _ready(log: Path, process: asyncio.subprocess.Process) -> dict[str, object]:
    assert process.stdout is not None
    name = f"simulated {log.stem}"
    try:
        async with asyncio.timeout(READY_S):
            line = await process.stdout.readline()
    except TimeoutError as error:
        raise DeviceError(f"the {name} was not ready after {READY_S:g} s", code="sim.not_ready") from error
    if not line:
        words = _text(log)
        raise DeviceError(f"the {name} did not start: {words}", code="sim.not_started")
    facts: dict[str, object] = json.loads(line)
    return facts


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(5.0):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _text(log: Path) -> str:
    return log.read_text(errors="replace").strip()
