"""The driver against a Modbus server of plain sockets: the bytes it really sends, and what it makes of answers."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delid.config import RegisterMap, load_register_map
from delid.devices.plc import command_pdu, stop_pdu
from plc_raw import RawPlc, driving, until


@pytest.fixture
def plc_map(repository: Path) -> RegisterMap:
    return load_register_map(repository / "cell_configs/plc/delid-1.yaml")


@pytest.fixture
async def plc() -> AsyncIterator[RawPlc]:
    plc = RawPlc()
    await plc.start()
    yield plc
    await plc.stop()


async def test_the_bytes_of_a_command_are_those_of_command_pdu(plc: RawPlc, plc_map: RegisterMap) -> None:
    plc.status[4] = plc.status[5] = 65534
    async with driving(plc.port, plc_map) as (driver, heard):
        assert (await heard.link(True)).ack_seq == 65534
        for _ in range(2):
            finished = await driver.command("run.7", "unfasten", {"torque_nm": 12, "impact": 1}, 2.0)
            assert finished.ok
    sent = plc.writes(110)
    assert sent == [
        bytes.fromhex("10 006E 0006 0C 04B0 0000 0001 0000 000A FFFF"),
        bytes.fromhex("10 006E 0006 0C 04B0 0000 0001 0000 000A 0001"),
    ]
    assert sent == [command_pdu(plc_map, "unfasten", {"torque_nm": 12, "impact": 1}, seq) for seq in (65535, 1)]
    assert [w.data for w in heard.wires if w.out] == sent
    assert [w.data for w in heard.wires if not w.out] == [bytes.fromhex("10 006E 0006")] * 2
    assert {w.id for w in heard.wires} == {"run.7"}


async def test_the_cycle_is_one_read_and_one_write(plc: RawPlc, plc_map: RegisterMap) -> None:
    async with driving(plc.port, plc_map, poll_s=0.02) as (driver, heard):
        driver.set_packml_state(4, 2)
        await until(lambda: len(plc.requests) > 21)
    assert plc.connections == 1
    assert set(plc.requests) >= {bytes.fromhex("03 0000 0020")}
    beats = [struct.unpack(">4H", r[6:]) for r in plc.writes(100)]
    assert [b[0] for b in beats[:8]] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert {b[1:] for b in beats[2:]} == {(4, 0, 2)}
    reads = [r for r in plc.requests[1:] if r[0] == 3]
    assert abs(len(reads) - len(beats)) <= 1
    assert heard.wires == [], "polling is not traced"


async def test_a_state_is_written_at_once(plc: RawPlc, plc_map: RegisterMap) -> None:
    async with driving(plc.port, plc_map, poll_s=0.4) as (driver, heard):
        await heard.link(True)
        await until(lambda: plc.control[0] == 1)
        driver.set_packml_state(6)
        await until(lambda: plc.control[1] == 6, within_s=0.2)
        driver.set_packml_state(6, 3)
        await until(lambda: plc.control[3] == 3, within_s=0.2)


async def test_tags_come_in_their_units_before_the_command_ends(plc: RawPlc, plc_map: RegisterMap) -> None:
    plc.status[10], plc.status[9], plc.status[16] = 0xFFF6, 0b10_0000_0001, 655
    async with driving(plc.port, plc_map) as (driver, heard):
        await heard.link(True)
        finished = await driver.command("a", "reset_faults", {}, 2.0)
    values = heard.tags[-1].values
    assert (values["pack_voltage_v"], values["estop_ok"], values["smoke"], values["torque_nm"]) == (
        -1.0,
        True,
        True,
        6.55,
    )
    assert any(t.values["done_seq"] == 1 and t.at_s <= finished.at_s for t in heard.tags)
    assert finished.values["torque_nm"] == 6.55


async def test_a_cancel_overtakes_and_is_confirmed(plc: RawPlc, plc_map: RegisterMap) -> None:
    plc.ends = False
    async with driving(plc.port, plc_map) as (driver, heard):
        await heard.link(True)
        running = asyncio.create_task(driver.command("run.1", "drain", {}, 5.0))
        await until(lambda: plc.executed)
        stopped = await driver.cancel("stop.1", 1.0)
        assert stopped.ok
        finished = await running
    assert (finished.ok, finished.failure) == (False, "cancelled")
    assert plc.writes(102) == [bytes.fromhex("10 0066 0001 02 0001")] == [stop_pdu(plc_map, 1)]
    assert [(w.id, w.data) for w in heard.wires if w.out][-1] == ("stop.1", stop_pdu(plc_map, 1))


async def test_the_stop_number_continues_from_the_plc(plc: RawPlc, plc_map: RegisterMap) -> None:
    plc.status[8] = plc.control[2] = 41
    async with driving(plc.port, plc_map) as (driver, heard):
        await heard.link(True)
        await until(lambda: len(plc.writes(100)) > 2)
        assert plc.control[2] == 41, "connecting stops nothing"
        assert (await driver.cancel("stop.1", 1.0)).ok
    assert plc.control[2] == 42


async def test_one_command_at_a_time(plc: RawPlc, plc_map: RegisterMap) -> None:
    plc.ends = False
    async with driving(plc.port, plc_map) as (driver, heard):
        await heard.link(True)
        running = asyncio.create_task(driver.command("a", "drain", {}, 5.0))
        await until(lambda: plc.executed)
        second = await driver.command("b", "close_clamp", {}, 5.0)
        plc.ends = True
        assert (await running).ok
    assert (second.ok, second.failure) == (False, "refused")
    assert "drain still runs" in second.detail
    assert len(plc.writes(110)) == 1


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("explode", {}, "no command 'explode'"),
        ("unfasten", {"torque_nm": 12}, "given: torque_nm"),
        ("unfasten", {"torque_nm": 1e6, "impact": 0}, "does not fit its register"),
    ],
)
async def test_a_bad_command_is_refused_and_not_sent(
    plc: RawPlc, plc_map: RegisterMap, name: str, params: dict[str, float], words: str
) -> None:
    async with driving(plc.port, plc_map) as (driver, heard):
        await heard.link(True)
        finished = await driver.command("a", name, params, 2.0)
    assert (finished.ok, finished.failure) == (False, "refused")
    assert words in finished.detail
    assert plc.writes(110) == []


@pytest.mark.parametrize(("error", "failure"), [(1, "seized"), (2, "stripped"), (5, "tool_missing"), (250, "alarm")])
async def test_error_codes_map_to_failures(plc: RawPlc, plc_map: RegisterMap, error: int, failure: str) -> None:
    plc.result, plc.error = 3, error
    async with driving(plc.port, plc_map) as (driver, heard):
        await heard.link(True)
        finished = await driver.command("a", "unfasten", {"torque_nm": 9, "impact": 0}, 2.0)
    assert (finished.ok, finished.failure) == (False, failure)


async def test_a_deadline_withdraws_the_command(plc: RawPlc, plc_map: RegisterMap) -> None:
    plc.obeys = False
    async with driving(plc.port, plc_map) as (driver, heard):
        await heard.link(True)
        finished = await driver.command("a", "drain", {}, 0.2)
        assert (finished.ok, finished.failure) == (False, "timeout")
        assert "did not take it within 0.2 s; it is withdrawn" in finished.detail
        await until(lambda: plc.control[2] == 1)
        assert len(heard.links) == 1, "the link was up all the time"


async def test_the_next_command_waits_until_the_stop_is_seen(plc: RawPlc, plc_map: RegisterMap) -> None:
    order: list[bytes] = []
    plc.obeys = False
    async with driving(plc.port, plc_map) as (driver, heard):
        await heard.link(True)
        await driver.command("a", "drain", {}, 0.1)
        plc.obeys = True
        assert (await driver.command("b", "close_clamp", {}, 2.0)).ok
    order = [r for r in plc.requests if r[:3] in (bytes.fromhex("10 0066"), bytes.fromhex("10 006E")) or r[0] == 3]
    stop, second = order.index(stop_pdu(plc_map, 1)), order.index(command_pdu(plc_map, "close_clamp", {}, 2))
    assert stop < second
    assert any(r[0] == 3 for r in order[stop:second]), "a read between shows the stop as seen"
    assert plc.executed == [2]
