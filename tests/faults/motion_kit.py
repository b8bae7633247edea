"""A simulated grbl controller with its driver, and the seconds from a fault until nothing moves any more."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from delid.core import SystemClock
from delid.sim import World
from delid.sim.robot import GrblLogic, RobotScenario, RobotServer

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contract"))
from motion_machines import Bench, bench
from motion_rig import DocumentedGrbl, RawPeer, Rig, running

FAR = (900.0, 50.0, -10.0)
NEAR = (100.0, 50.0, -10.0)
SPEED = 5.0


@asynccontextmanager
async def simulated(
    scenario: RobotScenario | None = None,
    *,
    link: Path | None = None,
    world: World | None = None,
    classic: bool = False,
    speed: float = SPEED,
) -> AsyncIterator[tuple[Rig, RobotServer]]:
    server = RobotServer(
        GrblLogic(classic=classic), SystemClock(), world=world, link_path=link, speed=speed, scenario=scenario
    )
    try:
        async with running(server.open()) as rig:
            yield rig, server
    finally:
        server.close()


async def seconds_to_safe(logic: Any, inject: Callable[[], object], told: Awaitable[object]) -> float:
    """From the fault until ``told`` has ended and the machine stands."""
    clock = SystemClock()
    began_s = clock.now_s()
    inject()
    await told
    async with asyncio.timeout(10):
        while logic.moving:  # noqa: ASYNC110 - the machine is what is waited for
            await asyncio.sleep(0.002)
    return clock.now_s() - began_s


__all__ = [
    "FAR",
    "NEAR",
    "SPEED",
    "Bench",
    "DocumentedGrbl",
    "RawPeer",
    "Rig",
    "bench",
    "running",
    "seconds_to_safe",
    "simulated",
]
