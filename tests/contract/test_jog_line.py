"""Hold to run from a person to the machine: real socket, real engine, real driver, simulated gantry.

Whatever breaks in between, the gantry stands: each test takes one link of that chain away.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from delid.cli._serving import CellService
from delid.cli.jog import hold
from delid.config import Cell, load_cell
from delid.core import (
    Clock,
    Command,
    Event,
    Finished,
    Frame,
    LinkChanged,
    Mode,
    Started,
    SystemClock,
    TagsRead,
)
from delid.devices.motion import GrblDriver
from delid.engine import Executor, Ports
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
        self.clock = SystemClock()
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
        await self.until(lambda: self.executor.state.motion is not None and self.executor.state.tags_at_s is not None)
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


@pytest.fixture
async def line(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    cell = load_cell(repository / "cell_configs/cells/demo.yaml")
    monkeypatch.setattr(Cell, "socket_path", tmp_path / "cell.sock")
    made = Line(cell)
    try:
        await made.begin()
        yield made
    finally:
        await made.end()


async def test_a_person_jogs_for_a_time_and_hears_where_it_stands(line: Line) -> None:
    reply = await line.hold(0.5)
    assert reply["ok"], reply
    assert reply["at_mm"] == pytest.approx(line.x_mm, abs=0.05)
    assert 5 < line.x_mm < 150
    state = await line.state()
    assert (state["mode"], state["packml"], state["jog"]["ended"]) == ("manual", "Execute", "let go")
    assert line.plc.told[1] == 3, "the PLC knows the mode"
    turns = line.log.turns
    line.press |= {"press": "p2", "direction": "-"}
    assert (await line.hold(0.5))["ok"]
    assert line.log.turns - turns <= 6, "hold signals are not kept one by one"


async def test_what_the_cell_refuses_a_person_reads(line: Line) -> None:
    line.press |= {"feed_mm_s": "900"}
    reply = await line.hold(0.5)
    assert "reduced speed" in reply["error"]["message"]
    refused = await line.ask(op="mode", mode="production", by="Ann")
    assert "Execute" in refused["error"]["message"]
    assert not line.logic.moving


async def test_letting_go_stops_it(line: Line) -> None:
    held = line.hold()
    await line.moving()
    line.let_go.set()
    assert (await held)["ok"]
    assert not line.logic.moving


async def test_a_lost_client_stops_it_within_the_dead_man_time(line: Line) -> None:
    """The person's side says nothing any more; the cell notices by itself."""
    held = line.hold()
    await line.moving()
    at_mm = line.x_mm
    line.client.request = None  # type: ignore[assignment,method-assign]  # not even letting go arrives
    with contextlib.suppress(TypeError):
        await held
    await line.stands()
    assert line.x_mm < at_mm + LONGEST_MM
    assert line.executor.state.jog_end == "no hold signal for 0.3 s"
    assert line.executor.state.packml.value == "Execute"


CLIENT = """
import asyncio, sys
from pathlib import Path
from delid.core import SystemClock
from delid.ipc import CellClient

async def run():
    client = CellClient(Path(sys.argv[1]))
    press = {"op": "jog", "press": "p9", "axis": "x", "direction": "+", "feed_mm_s": "", "by": "Ann"}
    assert (await client.request(press, 5.0))["ok"]
    while True:
        await client.request({"op": "hold_jog", "press": "p9"}, 5.0)
        await asyncio.sleep(0.05)

asyncio.run(run())
"""


async def test_a_killed_client_process_stops_it(line: Line, tmp_path: Path) -> None:
    client = await asyncio.create_subprocess_exec(sys.executable, "-c", CLIENT, str(tmp_path / "cell.sock"))
    try:
        await line.until(lambda: line.x_mm > 5.0, 30.0)
        os.kill(client.pid, signal.SIGKILL)
        at_mm = line.x_mm
        await line.stands()
        assert line.x_mm < at_mm + LONGEST_MM
        assert line.executor.state.jog_end == "no hold signal for 0.3 s"
    finally:
        with contextlib.suppress(ProcessLookupError):
            client.kill()
        await client.wait()


async def test_an_engine_that_hangs_on_its_disk_does_not_keep_it_moving(line: Line) -> None:
    """Nobody hands the hold signals on; the driver has a dead man of its own."""
    held = line.hold()
    await line.moving()
    line.log.answers.clear()
    line.post(LinkChanged(line.clock.now_s(), "camera", True))
    stop = asyncio.create_task(line.ask(op="command", command="Suspend", by="Bob"))
    await line.stands(1.2)
    line.log.answers.set()
    await asyncio.gather(stop, held)
    assert not line.logic.moving


async def test_a_cell_process_that_ends_leaves_nothing_moving(line: Line) -> None:
    held = line.hold()
    await line.moving()
    for task in line.tasks:
        task.cancel()
    await line.stands()
    held.cancel()
    await asyncio.gather(held, return_exceptions=True)


async def test_a_pulled_cable_stops_it_and_its_return_moves_nothing(line: Line) -> None:
    held = line.hold()
    await line.moving()
    line.server._unplug()
    at_mm = line.x_mm
    await line.stands()
    assert line.x_mm < at_mm + LONGEST_MM
    reply = await held
    assert not reply["ok"]
    assert line.executor.state.packml.value == "Aborted"
    assert Mode.MANUAL is line.executor.state.mode


async def test_an_open_guard_stops_it_whoever_holds(line: Line) -> None:
    held = line.hold()
    await line.moving()
    line.plc.tags["guard_closed"] = False
    reply = await held
    assert "guard" in reply["error"]["message"], reply
    assert not line.logic.moving
    line.plc.tags["guard_closed"] = True
    await asyncio.sleep(0.3)
    assert not line.logic.moving
    assert line.executor.state.packml.value == "Aborted"


async def test_holding_at_the_limit_ends_in_order(line: Line) -> None:
    line.press |= {"direction": "-"}
    reply = await line.hold(20.0)
    assert "limit" in reply["error"]["message"], reply
    assert line.executor.state.packml.value == "Execute"
    assert line.x_mm == pytest.approx(line.executor.state.rules.limits_mm["x"][0], abs=0.05)
