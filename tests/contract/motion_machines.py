"""Every motion driver with its simulated machine, so that one suite can put all of them through the same cases."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motion_rig import Rig, running

from delid.config import load_program_map
from delid.core import MotionState, MotionVerb, SystemClock
from delid.devices.motion import GrblDriver, KlipperDriver, ProgramDriver
from delid.sim.proxy import Direction, Fault, SerialProxy, TcpProxy
from delid.sim.robot import ArmLogic, ArmServer, GrblLogic, KlipperLogic, Machine, RobotScenario, RobotServer

SPEED = 10.0
ARM_MAP = Path(__file__).resolve().parents[2] / "cell_configs/motion/program-robot-1.yaml"
KINDS = ("grblHAL", "grbl 1.1", "klipper", "program robot")
FAR = (900.0, 50.0, -10.0)
NEAR = (100.0, 50.0, -10.0)
QUICK = Machine(homing_speed_mm_s=2000.0)


@dataclass
class Bench:
    """A driver, its machine, and the wire between them. ``logic`` is the machine: alarm, reboot, moving."""

    kind: str
    rig: Rig
    logic: Any
    proxy: Any = None
    to_client = Direction.TO_CLIENT

    @property
    def driver(self) -> Any:
        return self.rig.driver

    @property
    def state(self) -> MotionState:
        return self.rig.reports[-1].state

    @property
    def trusted(self) -> bool:
        return self.rig.reports[-1].position_trusted

    async def ready(self) -> None:
        """As an operator makes it: enabled and homed."""
        await self.rig.link()
        for verb in (MotionVerb.ENABLE, MotionVerb.HOME):
            done = await self.driver.do(verb.value, verb, 10.0)
            assert done.ok, done

    async def under_way(self) -> None:
        """Until the machine really moves, and the driver has heard so."""
        await self.rig.until(lambda: self.logic.moving and self.state is MotionState.MOVING)

    async def recovered(self) -> None:
        """After whatever happened, a person's acts make it fit to move again."""
        await self.rig.link()
        for verb in (MotionVerb.STOP, MotionVerb.CLEAR_FAULT, MotionVerb.ENABLE, MotionVerb.HOME):
            done = await self.driver.do(verb.value, verb, 10.0)
            assert done.ok, (verb, done)
        again = await self.driver.move("again", NEAR, 500, 10)
        assert again.ok, again


@asynccontextmanager
async def bench(
    kind: str,
    scenario: RobotScenario | None = None,
    *,
    proxied: bool = False,
    speed: float = SPEED,
) -> AsyncIterator[Bench]:
    """One machine of ``kind`` with its driver; ``proxied`` puts a fault proxy into the wire."""
    if kind == "program robot":
        arm_map = load_program_map(ARM_MAP)
        arm = ArmLogic(arm_map, QUICK, watchdog_s=0.5 * speed)
        make: Any = functools.partial(ProgramDriver, robot_map=arm_map, timeout_s=0.5)
        async with (
            ArmServer(arm, SystemClock(), speed=speed, scenario=scenario).serving() as port,
            TcpProxy("127.0.0.1", port) as proxy,
            running(f"127.0.0.1:{proxy.port if proxied else port}", make=make) as rig,
        ):
            yield Bench(kind, rig, arm, proxy)
        return
    logic: Any = KlipperLogic(QUICK) if kind == "klipper" else GrblLogic(QUICK, classic=kind == "grbl 1.1")
    make = functools.partial(KlipperDriver, silence_s=1.0) if kind == "klipper" else GrblDriver
    server = RobotServer(logic, SystemClock(), speed=speed, scenario=scenario)
    path = server.open()
    try:
        if proxied:
            async with SerialProxy(path) as wire, running(wire.path, make=make) as rig:
                yield Bench(kind, rig, logic, wire)
        else:
            async with running(path, make=make) as rig:
                yield Bench(kind, rig, logic)
    finally:
        server.close()


__all__ = ["FAR", "KINDS", "NEAR", "Bench", "Fault", "bench"]
