"""The program robot beyond the conformance suite: another map, another transport, and a client that is not ours."""

from __future__ import annotations

import asyncio
import functools
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pyModbusTCP.client import ModbusClient

from delid.config import ProgramMap, load_program_map
from delid.core import MotionState, MotionVerb, SystemClock
from delid.devices.motion import ProgramDriver
from delid.sim.plc import serve_rtu
from delid.sim.robot import ArmLogic, ArmServer

sys.path.insert(0, str(Path(__file__).parent))
from motion_machines import ARM_MAP, FAR, NEAR, QUICK, SPEED, bench
from motion_rig import Rig, running


def other_map() -> ProgramMap:
    """Another plant's arm: other addresses, input registers, low word first, bits apart, no homing, other numbers."""
    data: dict[str, Any] = json.loads(json.dumps(load_program_map(ARM_MAP).model_dump(exclude_unset=True)))
    data.update(map="other", magic=0x4711, word_order="low_first", needs_homing=False, device_id=3)
    data["status"].update(area="input", address=300)
    for tag in data["status"]["tags"].values():
        tag["at"] += 300
    bits = {name: data["status"]["tags"].pop(name) for name in ("moving", "referenced")}
    data["flags"] = {
        "area": "discrete", "address": 32, "count": 4,
        "tags": {"moving": {"at": 33}, "referenced": {"at": 35, "inverted": True}},
    }  # fmt: skip
    assert len(bits) == 2
    data["acts"] = {"run": 31, "reset": 32, "enable": 33}
    data["states"] = {"40": "unpowered", "41": "idle", "42": "running", "43": "pausing", "44": "paused",
                      "45": "stopping", "46": "homing", "47": "safeguard", "48": "fault"}  # fmt: skip
    data["results"] = {"busy": 11, "done": 12, "error": 13, "stopped": 14}
    return ProgramMap.model_validate(data)


def driver_of(arm_map: ProgramMap) -> Any:
    return functools.partial(ProgramDriver, robot_map=arm_map, timeout_s=0.3)


async def test_another_plants_map_needs_no_python() -> None:
    arm_map = other_map()
    arm = ArmLogic(arm_map, QUICK, watchdog_s=0.5 * SPEED)
    async with (
        ArmServer(arm, SystemClock(), speed=SPEED).serving() as port,
        running(f"127.0.0.1:{port}", make=driver_of(arm_map)) as rig,
    ):
        await rig.link()
        assert (await rig.driver.move("m", NEAR, 300, 5)).failure == "refused"
        assert (await rig.driver.do("e", MotionVerb.ENABLE, 3)).ok
        assert rig.reports[-1].position_trusted, "an arm that is referenced needs no homing"
        assert (await rig.driver.move("m", NEAR, 600, 5)).ok
        assert arm.flange_mm() == pytest.approx(NEAR)
        move = asyncio.create_task(rig.driver.move("n", FAR, 300, 10))
        await rig.until(lambda: rig.reports[-1].state is MotionState.MOVING)
        assert (await rig.driver.do("s", MotionVerb.STOP, 3)).ok
        assert (await move).failure == "stopped"


async def test_a_robot_with_another_program_is_not_used() -> None:
    arm = ArmLogic(load_program_map(ARM_MAP), QUICK)
    wrong = load_program_map(ARM_MAP).model_copy(update={"version": 9})
    async with (
        ArmServer(arm, SystemClock()).serving() as port,
        running(f"127.0.0.1:{port}", make=driver_of(wrong)) as rig,
    ):
        await rig.link(False)
        assert "the robot runs another program: version is 1, the map says 9" in rig.links[-1].detail


async def test_a_robot_whose_heartbeat_stands_still_is_lost() -> None:
    async with bench("program robot") as machine:
        await machine.ready()
        machine.logic.advance = lambda now_s: None  # its server answers, its program does not run
        await machine.rig.link(False)
        assert "its heartbeat stands still" in machine.rig.links[-1].detail
        assert not machine.trusted


async def test_somebody_else_who_commands_the_robot_ends_the_move() -> None:
    async with bench("program robot") as machine:
        await machine.ready()
        move = asyncio.create_task(machine.driver.move("m", FAR, 100, 10))
        await machine.under_way()
        seq_at = machine.logic.map.command.seq_at
        assert machine.logic.write(seq_at, [4711])
        failed = await move
        assert failed.failure == "error"
        assert "somebody else commands the robot: it took number 4711" in failed.detail
        assert (await machine.driver.do("s", MotionVerb.STOP, 3)).ok


async def test_a_client_that_is_not_ours_can_run_a_program() -> None:
    arm = ArmLogic(load_program_map(ARM_MAP), QUICK, watchdog_s=10.0)

    def talk(port: int) -> tuple[int, int]:
        client = ModbusClient("127.0.0.1", port, unit_id=1, timeout=2)
        for number, code in enumerate((3, 4), start=1):  # enable, home
            assert client.write_multiple_registers(110, [0] * 10 + [code, number])
            while (client.read_holding_registers(0, 24) or [0] * 24)[5] != number:
                pass
        assert client.write_multiple_registers(110, [11, 0, 0, 0, 0, 0, 0, 0, 3000, 0, 1, 3])
        while (status := client.read_holding_registers(0, 24) or [0] * 24)[5] != 3:
            pass
        client.close()
        return status[6], status[16] << 16 | status[17]

    async with ArmServer(arm, SystemClock(), speed=50.0).serving() as port:
        result, z_um = await asyncio.to_thread(talk, port)
    assert (result, z_um) == (2, 0)


@asynccontextmanager
async def rtu_rig(folder: Path) -> AsyncIterator[tuple[Rig, ArmLogic]]:
    """The driver and the arm on the two ends of a serial line."""
    near, far = folder / "near", folder / "far"
    ends = [f"pty,raw,echo=0,link={near}", f"pty,raw,echo=0,link={far}"]
    socat = await asyncio.create_subprocess_exec("socat", *ends)
    arm_map = load_program_map(ARM_MAP)
    arm, clock = ArmLogic(arm_map, QUICK, watchdog_s=0.5 * SPEED), SystemClock()

    async def scan() -> None:
        began_s = clock.now_s()
        while True:
            arm.advance((clock.now_s() - began_s) * SPEED)
            await asyncio.sleep(0.01)

    try:
        async with asyncio.timeout(5):
            while not (near.exists() and far.exists()):  # noqa: ASYNC110 - another process makes them
                await asyncio.sleep(0.01)
        async with serve_rtu(arm, arm_map, str(far), 115200):
            scanning = asyncio.create_task(scan())
            async with running(near, make=functools.partial(driver_of(arm_map), parity="none")) as rig:
                yield rig, arm
            scanning.cancel()
            await asyncio.gather(scanning, return_exceptions=True)
    finally:
        socat.terminate()
        await socat.wait()


async def test_the_same_over_a_serial_line(tmp_path: Path) -> None:
    async with rtu_rig(tmp_path) as (rig, arm):
        await rig.link()
        assert (await rig.driver.do("e", MotionVerb.ENABLE, 3)).ok
        assert (await rig.driver.do("h", MotionVerb.HOME, 5)).ok
        assert (await rig.driver.move("m", NEAR, 600, 5)).ok
        assert arm.flange_mm() == pytest.approx(NEAR)
