"""Driver and simulated PLC over a real loopback port, as a run of the cell uses them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from delid.config import RegisterMap, load_register_map
from delid.core import ConfigError, LinkError
from delid.devices.plc import PlcDriver
from delid.sim import RobotFacts, World
from delid.sim.plc import run_plc, set_inputs
from plc_kit import simulated
from plc_raw import Heard, driving, until

DOCKS = {1: (2300, 150, -200), 2: (2300, 350, -200), 3: (2300, 550, -200)}


class Cell:
    """Driver, simulated PLC and the robot's hand moved by the test."""

    def __init__(self, driver: PlcDriver, heard: Heard, world: World) -> None:
        self.driver, self.heard, self.world, self.count = driver, heard, world, 0

    async def do(self, name: str, **params: float) -> str:
        """Perform a command; empty when done, else the failure."""
        self.count += 1
        finished = await self.driver.command(f"step.{self.count}", name, params, 10.0)
        assert finished.ok is not bool(finished.failure)
        return finished.failure

    async def stand(self, x: float, y: float, z: float) -> None:
        self.world.write_robot(RobotFacts((x, y, z)))
        await asyncio.sleep(0.03)

    async def fit(self, tool: int) -> None:
        await self.stand(*DOCKS[tool])
        assert await self.do("fit_tool", tool_number=tool) == ""

    @property
    def tags(self) -> dict[str, Any]:
        return dict(self.heard.tags[-1].values)


@pytest.fixture
def plc_map(repository: Path) -> RegisterMap:
    return load_register_map(repository / "cell_configs/plc/delid-1.yaml")


@pytest.fixture
async def cell(repository: Path, tmp_path: Path, plc_map: RegisterMap) -> AsyncIterator[Cell]:
    """The damaged VW pack, reset and clamped."""
    async with (
        simulated(repository / "fixtures/scenarios/vw-meb-82-damaged.yaml", tmp_path) as port,
        driving(port, plc_map, timeout_s=1.0) as (driver, heard),
    ):
        await heard.link(True)
        cell = Cell(driver, heard, World(tmp_path))
        assert await cell.do("reset_faults") == ""
        assert await cell.do("close_clamp") == ""
        yield cell


async def test_a_bolt_comes_out_and_the_world_knows(cell: Cell, tmp_path: Path) -> None:
    await cell.fit(1)
    await cell.stand(266.1, 147, -280)
    assert await cell.do("unfasten", torque_nm=12, impact=0) == ""
    assert 6.3 <= cell.tags["torque_nm"] <= 8.55
    facts = World(tmp_path).read_plc()
    assert facts is not None
    assert facts.removed == ["lid.01"]
    assert facts.motion_permitted
    assert await cell.do("unfasten", torque_nm=12, impact=0) == "not_found"


async def test_seized_until_impact_and_stripped_for_good(cell: Cell) -> None:
    await cell.fit(1)
    await cell.stand(1100 + 882.4, 850 - 130.9, -280)  # lid.11
    assert await cell.do("unfasten", torque_nm=12, impact=0) == "seized"
    assert cell.tags["torque_nm"] == 12.0
    await cell.stand(1100 - 357.4, 850 + 703, -280)  # lid.20
    assert await cell.do("unfasten", torque_nm=12, impact=0) == "stripped"
    await cell.fit(2)
    await cell.stand(1100 + 882.4, 850 - 130.9, -260)
    assert await cell.do("unfasten", torque_nm=24, impact=1) == ""


async def test_a_cancel_ends_a_running_command_quickly(cell: Cell) -> None:
    running = asyncio.create_task(cell.do("drain"))
    await until(lambda: cell.tags["step_result"] == 1)
    before = asyncio.get_running_loop().time()
    stopped = await cell.driver.cancel("stop", 2.0)
    assert stopped.ok
    assert asyncio.get_running_loop().time() - before < 0.5
    assert await running == "cancelled"
    assert await cell.do("start_extraction") == ""


async def test_a_person_at_the_emergency_stop(cell: Cell, tmp_path: Path) -> None:
    set_inputs(tmp_path, estop_ok=False)
    await until(lambda: not cell.tags["estop_ok"])
    assert not cell.tags["motion_permitted"]
    assert await cell.do("drain") == "refused"
    assert await cell.do("reset_faults") == "refused"
    set_inputs(tmp_path, estop_ok=True)
    await until(lambda: cell.tags["estop_ok"])
    assert not cell.tags["motion_permitted"]
    assert await cell.do("reset_faults") == ""
    assert cell.tags["motion_permitted"]


async def test_the_watchdog_trips_when_the_driver_dies(repository: Path, tmp_path: Path, plc_map: RegisterMap) -> None:
    scenario, world = repository / "fixtures/scenarios/vw-meb-82-clean.yaml", World(tmp_path)
    loop = asyncio.get_running_loop()

    def permitted() -> bool:
        facts = world.read_plc()
        return facts is not None and facts.motion_permitted

    async with simulated(scenario, tmp_path) as port:
        async with driving(port, plc_map, timeout_s=1.0) as (driver, heard):
            await heard.link(True)
            assert (await driver.command("a", "reset_faults", {}, 2.0)).ok
            await until(permitted)
        died_s = loop.time()
        await until(lambda: not permitted())
        assert 0.3 < loop.time() - died_s < 0.8
        async with driving(port, plc_map, timeout_s=1.0) as (driver, heard):
            link = await heard.link(True)
            assert link.ack_seq == 1, "numbers continue"
            await asyncio.sleep(0.1)
            assert not permitted(), "a new delid gets no permission by itself"
            assert (await driver.command("b", "reset_faults", {}, 2.0)).ok
            await until(permitted)


@pytest.mark.parametrize(
    ("function", "address", "values", "code"),
    [
        (3, 32, b"\0\1", 2),
        (3, 99, b"\0\4", 2),
        (16, 0, b"\0\1\2\0\0", 2),
        (16, 103, b"\0\2\4\0\0\0\0", 2),
        (4, 0, b"\0\1", 1),
    ],
)
async def test_what_is_not_in_the_map_is_an_exception_answer(
    repository: Path, tmp_path: Path, function: int, address: int, values: bytes, code: int
) -> None:
    async with simulated(repository / "fixtures/scenarios/vw-meb-82-clean.yaml", tmp_path) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        pdu = bytes([function]) + address.to_bytes(2, "big") + values
        writer.write(b"\x00\x07\x00\x00" + (len(pdu) + 1).to_bytes(2, "big") + b"\x01" + pdu)
        answer = await asyncio.wait_for(reader.readexactly(9), 5.0)
        writer.close()
        await writer.wait_closed()
    assert answer == bytes([0, 7, 0, 0, 0, 3, 1, function | 0x80, code])


async def test_a_port_in_use_is_a_clear_error(repository: Path, tmp_path: Path) -> None:
    scenario = repository / "fixtures/scenarios/vw-meb-82-clean.yaml"
    async with simulated(scenario, tmp_path / "a") as port:
        with pytest.raises(LinkError, match=f"cannot listen on 127.0.0.1:{port}") as caught:
            await run_plc(scenario, port=port, world_dir=tmp_path / "b", on_ready=lambda _: None)
    assert caught.value.code == "link.port_in_use"


async def test_a_missing_scenario_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        await run_plc(tmp_path / "none.yaml", port=0, world_dir=tmp_path, on_ready=lambda _: None)
