"""The simulated arm on Modbus TCP, tied to the simulated world."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from delid.config import MotionLimits, ProgramMap, load_program_map, load_yaml_model
from delid.core import Clock, ConfigError, SystemClock

from .._world import RobotFacts, World
from ..plc import serve
from ._arm import ArmLogic
from ._scenario import EndlessHold, MissingOk, RaisedAlarm, Reboot, RobotScenario
from ._travel import Machine

SCAN_S = 0.01


class ArmServer:
    """Runs ``logic`` against a clock. Without a world folder motion is always permitted.

    Of a scenario it knows alarm, reboot, missing_ok and hold_never_ends; what happens to a connection is the business
    of a proxy. Raises ConfigError for the others.
    """

    def __init__(
        self,
        logic: ArmLogic,
        clock: Clock,
        *,
        world: World | None = None,
        speed: float = 1.0,
        scenario: RobotScenario | None = None,
    ) -> None:
        self.logic, self._clock, self._world, self._speed = logic, clock, world, speed
        self._began_s = clock.now_s()
        self._told: RobotFacts | None = None
        faults = scenario.faults if scenario else []
        self._timed = [f for f in faults if isinstance(f, RaisedAlarm | Reboot)]
        logic.unanswered_moves = {f.at_move for f in faults if isinstance(f, MissingOk)}
        logic.holds_finish = not any(isinstance(f, EndlessHold) for f in faults)
        for fault in faults:
            if not isinstance(fault, RaisedAlarm | Reboot | MissingOk | EndlessHold):
                raise ConfigError([f"faults: {fault.kind} needs a serial robot; put a proxy before this one"])

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[int]:
        """Listen on 127.0.0.1 while the context is open; gives the real port."""
        self._turn()
        async with serve(self.logic, self.logic.map, "127.0.0.1", port) as bound:
            task = asyncio.create_task(self._scan())
            try:
                yield bound
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _scan(self) -> None:
        while True:
            await self._clock.sleep(SCAN_S)
            self._turn()

    def _turn(self) -> None:
        """Bring the arm up to now, with what the world and the scenario do to it."""
        if self._world is not None:
            plc = self._world.read_plc()
            self.logic.set_permitted(plc.motion_permitted if plc else False)
        now_s = (self._clock.now_s() - self._began_s) * self._speed
        self.logic.advance(now_s)
        starts = self.logic.move_starts_s
        for fault in [f for f in self._timed if (due_s := f.due_s(starts)) is not None and due_s <= now_s]:
            self._timed.remove(fault)
            if isinstance(fault, RaisedAlarm):
                self.logic.raise_alarm(fault.code)
            else:
                self.logic.reboot()
        facts = RobotFacts(self.logic.flange_mm(), self.logic.moving)
        if self._world is not None and facts != self._told:
            self._world.write_robot(facts)
            self._told = facts


async def run_arm(
    robot_map: ProgramMap | Path,
    *,
    port: int = 0,
    world_dir: Path | None = None,
    speed: float = 1.0,
    scenario: RobotScenario | Path | None = None,
    limits: MotionLimits | None = None,
    clock: Clock | None = None,
    on_ready: Callable[[str], None] = lambda path: None,
) -> None:
    """Simulate the arm until cancelled. ``on_ready`` gets ``host:port``. Raises ConfigError or LinkError."""
    if isinstance(robot_map, Path):
        robot_map = load_program_map(robot_map)
    if isinstance(scenario, Path):
        scenario = load_yaml_model(scenario, RobotScenario)
    machine = Machine.within(limits.x_mm, limits.y_mm, limits.z_mm) if limits else None
    server = ArmServer(
        ArmLogic(robot_map, machine, watchdog_s=robot_map.watchdog_s * speed),
        clock or SystemClock(),
        world=World(world_dir) if world_dir else None,
        speed=speed,
        scenario=scenario,
    )
    async with server.serving(port) as bound:
        on_ready(f"127.0.0.1:{bound}")
        await asyncio.get_running_loop().create_future()
