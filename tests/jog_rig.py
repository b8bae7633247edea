"""The chain from a person to the machine: real socket, real engine, real driver, simulated gantry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from delid.cli._serving import CellService
from delid.cli.jog import hold
from delid.config import Cell, load_cell
from delid.core import Clock, Command, Event, Finished, Frame, LinkChanged, Started, SystemClock, TagsRead
from delid.devices.motion import GrblDriver
from delid.engine import Executor, Ports, checklist
from delid.ipc import CellClient
from delid.sim.robot import GrblLogic, Machine, RobotServer

TAGS = {
    "estop_ok": True, "guard_closed": True, "extraction_on": True, "clamp_closed": True, "motion_permitted": True,
    "watchdog_ok": True, "smoke": False, "quench_on": False, "pack_voltage_v": 5.0, "isolation_ohm_per_v": 900.0,
    "pack_temperature_c": 20.0, "gas_ppm": 1, "tool_number": 0, "vacuum_ok": False, "grip_ok": False,
}  # fmt: skip
SPEED = 4.0
LONGEST_MM = 60.0
"""The farthest that a machine at four times its speed comes in the dead-man time and with what it was given ahead."""


class Plc:
    """A PLC on a good day: all is well, and every command is done."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.tags, self.told = clock, dict(TAGS), (0, 0)
        self.post: Any = None

    async def run(self) -> None:
        self.post(LinkChanged(self.clock.now_s(), "plc", True, ack_seq=0))
        while True:
            self.post(TagsRead(self.clock.now_s(), dict(self.tags)))
            await self.clock.sleep(0.05)

    def set_packml_state(self, number: int, mode: int = 0) -> None:
        self.told = (number, mode)

    async def command(self, id: str, name: str, params: object, deadline_s: float) -> Finished:
        return Finished(self.clock.now_s(), id, True)

    async def cancel(self, id: str, deadline_s: float) -> Finished:
        return Finished(self.clock.now_s(), id, True)


class Camera:
    async def grab(self, count: int, deadline_s: float) -> tuple[Frame, ...]:
        await asyncio.Event().wait()
        return ()

    async def close(self) -> None: ...


class Inspector:
    min_fastener_confidence = 0.6


class Log:
    """A journal whose disk can hang."""

    run_id, folder, recorder = "r", Path(), None

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.answers.set()
        self.turns = 0

    async def write(self, kind: str, data: dict[str, object]) -> None:
        await self.answers.wait()
        self.turns += 1

    def roll(self) -> None: ...

    def close(self) -> None: ...


class Line:
    """The whole chain, in Execute of the mode manual."""

    def __init__(self, cell: Cell) -> None:
        self.clock, self.cell = SystemClock(), cell
        self.logic = GrblLogic(Machine(homing_speed_mm_s=2000.0))
        self.server = RobotServer(self.logic, self.clock, speed=SPEED)
        self.plc, self.log = Plc(self.clock), Log()
        spec = cell.spec.motion
        self.driver = GrblDriver(
            self.server.open(),
            115200,
            spec.limits,
            self.clock,
            tolerance_mm=0.2,
            on_link=self.post,
            on_report=self.post,
        )
        ports: Any = Ports(self.plc, self.driver, Camera(), Inspector(), self.log)  # type: ignore[arg-type]
        self.executor = Executor(cell, ports, self.clock, Started)
        self.plc.post = self.post
        self.service = CellService(self.executor)
        self.client = CellClient(cell.socket_path, self.clock)
        self.tasks: list[asyncio.Task[None]] = []
        self.press = {"op": "jog", "press": "p1", "axis": "x", "direction": "+", "feed_mm_s": "", "by": "Ann"}
        self.let_go = asyncio.Event()

    def post(self, event: Event) -> None:
        self.executor.post(event)

    @property
    def x_mm(self) -> float:
        return self.logic.flange_mm()[0]

    async def ask(self, **request: str) -> dict[str, Any]:
        return await self.client.request(dict(request), 5.0)

    async def state(self) -> dict[str, Any]:
        state: dict[str, Any] = (await self.ask(op="state"))["state"]
        return state

    async def until(self, reached: Any, within_s: float = 5.0) -> None:
        async with asyncio.timeout(within_s):
            while not reached():  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def begin(self) -> None:
        self.tasks = [asyncio.create_task(part) for part in (self.executor.run(), self.service.run())]
        await self.until(lambda: all(ok for _, ok, _ in checklist(self.executor.state)) and self.executor.state.motion)
        assert (await self.ask(op="mode", mode="manual", by="Ann"))["ok"]
        for command, state in ((Command.RESET, "Idle"), (Command.START, "Execute")):
            reply = await self.ask(op="command", command=command.value, by="Ann")
            assert reply["ok"], reply
            await self.until(lambda state=state: self.executor.state.packml.value == state)

    def hold(self, for_s: float = 30.0) -> asyncio.Task[dict[str, Any]]:
        return asyncio.create_task(hold(self.client, self.clock, self.press, for_s, self.let_go))

    async def moving(self) -> None:
        await self.until(lambda: self.logic.moving)

    async def stands(self, within_s: float = 2.5) -> float:
        """Until nothing moves any more, for longer than a piece could be missing."""
        began_s = quiet_s = self.clock.now_s()
        while self.clock.now_s() - quiet_s < 0.25:
            quiet_s = self.clock.now_s() if self.logic.moving else quiet_s
            assert self.clock.now_s() - began_s < within_s, "it still moves"
            await asyncio.sleep(0.005)
        return quiet_s - began_s

    async def end(self) -> None:
        self.client.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.server.close()


@asynccontextmanager
async def open_line(repository: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    """The demonstration cell's line in manual, its socket in ``folder``."""
    monkeypatch.setattr(Cell, "socket_path", folder / "cell.sock")
    made = Line(load_cell(repository / "cell_configs/cells/demo.yaml"))
    try:
        await made.begin()
        yield made
    finally:
        await made.end()
