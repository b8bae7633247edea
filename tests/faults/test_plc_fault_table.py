"""The PLC's rows of the fault table, each from a running cell to a safe one, with the time that it took.

Safe is: delid's driver has reported the link lost, which aborts a moving run, and where delid can no longer be heard,
the PLC has taken the motion permission away. What commands and numbers do meanwhile is in test_plc_link.py.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from plc_rig import Rig, permitted_rig

from conftest import FaultRow
from delid.config import load_register_map
from delid.sim.proxy import Direction, Fault
from plc_raw import RawPlc, driving, until
from plc_serial import SerialPlc

WATCHDOG_S = 0.5


@pytest.fixture
async def rig(repository: Path) -> AsyncIterator[Rig]:
    async with permitted_rig(repository) as rig:
        yield rig


@pytest.mark.parametrize(
    ("row", "fault", "direction", "options", "words"),
    [
        ("PLC silent", Fault.BLACKHOLE, Direction.TO_CLIENT, {}, "no answer within 0.2 s"),
        ("PLC half-open", Fault.BLACKHOLE, Direction.BOTH, {}, "no answer within 0.2 s"),
        ("PLC slow", Fault.DELAY, Direction.TO_CLIENT, {"delay_s": 0.6}, "no answer within 0.2 s"),
        ("PLC reset by the network", Fault.RESET, Direction.BOTH, {}, "closed the connection"),
        # the length field of the header, one less than what follows
        ("PLC answer of wrong length", Fault.CORRUPT, Direction.TO_CLIENT, {"corrupt_at": 5}, "no answer"),
        # the number of the transaction
        ("PLC answer of another request", Fault.CORRUPT, Direction.TO_CLIENT, {"corrupt_at": 1}, "no answer"),
    ],
)
async def test_a_bad_network_ends_in_a_lost_link_and_no_permission(
    rig: Rig,
    fault_row: FaultRow,
    row: str,
    fault: Fault,
    direction: Direction,
    options: dict[str, float],
    words: str,
) -> None:
    rig.proxy.set(fault, direction, **options)  # type: ignore[arg-type]
    lost_s = await rig.seconds_until(lambda: rig.lost)
    assert words in rig.lost
    safe_s = lost_s + await rig.seconds_until(lambda: not rig.permitted)
    assert safe_s < WATCHDOG_S + 1.5
    fault_row(
        row,
        f"{fault.value} {direction.value}",
        "link lost, which aborts the run; PLC watchdog takes the permission",
        safe_s,
    )
    rig.proxy.set(Fault.PASS)
    await rig.heard.link(True)
    assert not rig.permitted, "the way back needs a person"


async def test_an_answer_in_pieces_and_twice_is_still_an_answer(rig: Rig) -> None:
    rig.proxy.set(Fault.CHOP, chop=30, delay_s=0.005)
    assert (await rig.driver.command("a", "close_clamp", {}, 5.0)).ok
    rig.proxy.set(Fault.DUPLICATE, Direction.TO_CLIENT)
    assert (await rig.driver.command("b", "open_clamp", {}, 5.0)).ok
    assert len(rig.heard.links) == 1, "the link was up all the time"


async def test_the_plc_is_restarted_in_mid_run(rig: Rig, fault_row: FaultRow) -> None:
    running = asyncio.create_task(rig.driver.command("run.1", "start_extraction", {}, 10.0))
    await until(lambda: rig.heard.tags[-1].values["step_result"] == 1)
    start_s = rig.plc.clock.now_s()
    await rig.restart_plc()
    finished = await running
    safe_s = rig.plc.clock.now_s() - start_s
    assert (finished.ok, finished.failure) == (False, "link")
    assert "how far the command came is not known" in finished.detail
    assert not rig.permitted
    await rig.heard.link(True)
    await asyncio.sleep(0.2)
    assert not rig.plc.logic.machine.extraction_on, "nothing is sent again"
    assert not rig.permitted, "a restart needs a person"
    fault_row("PLC restarted in mid-run", "program started anew", "command failed as link, permission gone", safe_s)


async def test_a_second_client_that_writes_delids_heartbeat(rig: Rig, fault_row: FaultRow) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", rig.plc.port)
    start_s = rig.plc.clock.now_s()
    for beat in range(40_000, 40_200):
        pdu = struct.pack(">BHHBH", 16, 100, 1, 2, beat)
        writer.write(struct.pack(">HHHB", beat, 0, len(pdu) + 1, 1) + pdu)
        if rig.lost:
            break
        await asyncio.sleep(0.01)
    safe_s = rig.plc.clock.now_s() - start_s
    assert "another client writes delid's heartbeat" in rig.lost
    assert "plc.other_client" in rig.lost
    writer.transport.abort()
    assert (await rig.driver.command("a", "close_clamp", {}, 1.0)).failure == "link"
    fault_row(
        "PLC with a second client writing",
        "another heartbeat in the control block",
        "link lost, which aborts the run",
        safe_s,
    )
    await until(lambda: not rig.permitted)


async def test_a_second_client_that_commands(rig: Rig, fault_row: FaultRow) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", rig.plc.port)
    pdu = struct.pack(">BHHB6H", 16, 110, 6, 12, 0, 0, 0, 0, 4, 777)
    writer.write(struct.pack(">HHHB", 1, 0, len(pdu) + 1, 1) + pdu)
    safe_s = await rig.seconds_until(lambda: rig.lost)
    writer.transport.abort()
    assert "somebody else commands the PLC: it took sequence 777" in rig.lost
    fault_row(
        "PLC with a second client commanding", "a foreign sequence number", "link lost, which aborts the run", safe_s
    )


async def test_the_plcs_program_stands_still_while_its_server_answers(rig: Rig, fault_row: FaultRow) -> None:
    rig.plc.scanning = False
    safe_s = await rig.seconds_until(lambda: rig.lost)
    assert "its program stands still" in rig.lost
    assert WATCHDOG_S - 0.1 < safe_s < 2.0
    reports = len(rig.heard.links)
    await asyncio.sleep(0.3)
    assert len(rig.heard.links) == reports, "no coming and going while it stands"
    fault_row("PLC heartbeat stops", "the scan stands still", "link lost, which aborts the run", safe_s)
    rig.plc.scanning = True
    await rig.heard.link(True)


async def test_delids_heartbeat_stops(repository: Path, fault_row: FaultRow) -> None:
    async with permitted_rig(repository) as rig:
        # no more writes reach the PLC, and the connection stays open, as when the process hangs
        rig.proxy.set(Fault.BLACKHOLE, Direction.TO_SERVER)
        safe_s = await rig.seconds_until(lambda: not rig.permitted)
        assert WATCHDOG_S - 0.1 < safe_s < 2.0
        assert rig.plc.logic.machine.clamp_closed is False
        fault_row("delid's heartbeat stops", "nothing more is written", "PLC watchdog takes the permission", safe_s)


async def test_exceptions_from_the_plc(repository: Path, fault_row: FaultRow) -> None:
    plc_map = load_register_map(repository / "cell_configs/plc/delid-1.yaml")
    plc = RawPlc()
    await plc.start()
    async with driving(plc.port, plc_map) as (_, heard):
        await heard.link(True)
        start_s = asyncio.get_running_loop().time()
        plc.twist = lambda request, answer: b"\x83\x04" if request[0] == 3 else answer
        link = await heard.link(False)
        safe_s = asyncio.get_running_loop().time() - start_s
        assert "server device failure (exception 4)" in link.detail
        beats = len(plc.writes(100))
        await asyncio.sleep(0.4)
        assert len(plc.writes(100)) == beats, "no heartbeat goes to a PLC that does not answer"
    await plc.stop()
    fault_row(
        "PLC exception", "exception 4 to every read", "link lost, which aborts the run; no more heartbeat", safe_s
    )


async def test_a_late_answer_on_a_serial_line_is_not_taken_for_the_next_one(
    repository: Path, fault_row: FaultRow
) -> None:
    plc_map = load_register_map(repository / "cell_configs/plc/delid-1.yaml")
    with SerialPlc() as plc:
        async with driving(plc.endpoint, plc_map, timeout_s=0.15) as (driver, heard):
            await heard.link(True)
            plc.plc.ends = False
            running = asyncio.create_task(driver.command("run.1", "drain", {}, 8.0))
            await until(lambda: plc.plc.executed)
            start_s = asyncio.get_running_loop().time()
            plc.late_s = 0.3  # the answer comes when the next connection is already there
            await heard.link(False)
            safe_s = asyncio.get_running_loop().time() - start_s
            plc.late_s = 0.0
            await heard.link(True)
            assert plc.answered_late, "an answer came when nobody waited for it any more"
            await asyncio.sleep(0.3)
            assert [link.up for link in heard.links] == [True, False, True], "it disturbed nothing after that"
            plc.plc.ends = True
            assert (await running).ok
            assert (await driver.command("b", "close_clamp", {}, 5.0)).ok
        beats = [struct.unpack(">H", r[6:8])[0] for r in plc.plc.writes(100)]
        assert all(t.values["heartbeat_echo"] in (0, *beats) for t in heard.tags)
    assert plc.plc.executed == [31, 2], "each command once"
    fault_row(
        "PLC late answer (RTU)",
        "answers 0.3 s late, timeout 0.15 s",
        "link lost, which aborts the run; silence, then anew",
        safe_s,
    )
