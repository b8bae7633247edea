"""What a PLC and its network can do to the driver: each fault, its report, and what was not lost or done twice."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from delid.config import RegisterMap, load_register_map
from delid.core import Finished
from delid.devices.plc import PlcDriver
from plc_raw import RawPlc, driving, until

DRAIN = 31


@pytest.fixture
def plc_map(repository: Path) -> RegisterMap:
    return load_register_map(repository / "cell_configs/plc/delid-1.yaml")


@pytest.fixture
async def plc() -> AsyncIterator[RawPlc]:
    plc = RawPlc()
    await plc.start()
    yield plc
    await plc.stop()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def started(driver: PlcDriver, plc: RawPlc, name: str = "drain") -> asyncio.Task[Finished]:
    """A command that the PLC has taken and does not end."""
    plc.ends = False
    task = asyncio.create_task(driver.command("run.1", name, {}, 5.0))
    await until(lambda: plc.executed)
    return task


# --- not there ----------------------------------------------------------------------------------------------------


async def test_a_plc_that_is_not_there_is_reported_once_and_found_when_it_comes(plc_map: RegisterMap) -> None:
    port, plc = free_port(), RawPlc()
    async with driving(port, plc_map) as (driver, heard):
        link = await heard.link(False)
        assert f"no connection to 127.0.0.1:{port}" in link.detail
        assert "network cable" in link.detail
        assert "link.not_there" in link.detail
        finished = await driver.command("a", "close_clamp", {}, 5.0)
        assert (finished.ok, finished.failure) == (False, "link")
        assert "was not sent: no connection to" in finished.detail
        await asyncio.sleep(0.4)
        assert len(heard.links) == 1, "several attempts, one report"
        await plc.start(port)
        assert (await heard.link(True)).ack_seq == 0
        assert (await driver.command("b", "close_clamp", {}, 5.0)).ok
    assert plc.executed == [2], "what was refused is not made up for"
    await plc.stop()


async def test_a_plc_that_accepts_and_says_nothing(plc: RawPlc, plc_map: RegisterMap) -> None:
    plc.twist = lambda request, answer: None
    async with driving(plc.port, plc_map, timeout_s=0.1) as (_, heard):
        link = await heard.link(False)
        assert "no answer within 0.1 s" in link.detail
        assert "link.silent" in link.detail


async def test_a_driver_that_ended_answers_everybody(plc: RawPlc, plc_map: RegisterMap) -> None:
    async with driving(plc.port, plc_map) as (driver, heard):
        await heard.link(True)
        running = await started(driver, plc)
    finished = await running
    assert (finished.ok, finished.failure) == (False, "link")
    assert (await driver.command("b", "drain", {}, 1.0)).failure == "link"
    assert (await driver.cancel("c", 1.0)).failure == "link"


# --- lost and found -----------------------------------------------------------------------------------------------


async def test_half_open_is_noticed_within_one_cycle_and_the_command_survives(
    plc: RawPlc, plc_map: RegisterMap
) -> None:
    async with driving(plc.port, plc_map, timeout_s=0.2) as (driver, heard):
        await heard.link(True)
        running = await started(driver, plc)
        plc.twist = lambda request, answer: None
        before = asyncio.get_running_loop().time()
        await heard.link(False)
        assert asyncio.get_running_loop().time() - before < 0.5
        assert not running.done(), "it waits for the PLC within its deadline"
        plc.twist, plc.ends = None, True
        await heard.link(True)
        assert (await running).ok
    assert plc.executed == [DRAIN]
    assert len(plc.writes(110)) == 1, "never sent again"


async def test_a_reset_connection_is_survived_the_same_way(plc: RawPlc, plc_map: RegisterMap) -> None:
    async with driving(plc.port, plc_map) as (driver, heard):
        await heard.link(True)
        running = await started(driver, plc)
        plc.drop()
        await heard.link(False)
        plc.ends = True
        assert (await running).ok
        assert [link.up for link in heard.links] == [True, False, True]
        assert (await driver.command("b", "close_clamp", {}, 5.0)).ok
    assert plc.executed == [DRAIN, 2]
    assert plc.status[4] == 2, "numbers go on"


async def test_the_deadline_holds_while_the_link_is_down(plc: RawPlc, plc_map: RegisterMap) -> None:
    async with driving(plc.port, plc_map, timeout_s=0.1) as (driver, heard):
        await heard.link(True)
        plc.ends = False
        running = asyncio.create_task(driver.command("run.1", "drain", {}, 0.6))
        await until(lambda: plc.executed)
        plc.twist = lambda request, answer: None
        finished = await asyncio.wait_for(running, 1.5)
        assert (finished.ok, finished.failure) == (False, "timeout")
        assert "it is withdrawn" in finished.detail
        plc.twist = None
        await heard.link(True)
        await until(lambda: plc.control[2] == 1)
        await until(lambda: plc.status[6] == 4)  # the PLC ended it


async def test_a_late_answer_to_a_command_does_not_make_two(plc: RawPlc, plc_map: RegisterMap) -> None:
    def late(request: bytes, answer: bytes) -> bytes | None:
        plc.delay_s = 0.4 if request[:3] == b"\x10\x00\x6e" else 0.0
        return answer

    plc.twist = late
    async with driving(plc.port, plc_map, timeout_s=0.2) as (driver, heard):
        await heard.link(True)
        finished = await driver.command("a", "drain", {}, 5.0)
        assert finished.ok
        assert [link.up for link in heard.links][:3] == [True, False, True]
    assert plc.executed == [DRAIN]
    assert all(w == plc.writes(110)[0] for w in plc.writes(110)), "if at all, the same number again"


async def test_a_lost_command_is_sent_again_under_the_same_number(plc: RawPlc, plc_map: RegisterMap) -> None:
    lost: list[bytes] = []

    def lose_first(request: bytes, answer: bytes) -> bytes | None:
        if request[:3] == b"\x10\x00\x6e" and not lost:
            lost.append(request)
            plc.command = [0] * 6
            return None
        return answer

    plc.twist = lose_first
    async with driving(plc.port, plc_map, timeout_s=0.2) as (driver, heard):
        await heard.link(True)
        assert (await driver.command("a", "drain", {}, 5.0)).ok
        assert (await driver.command("b", "close_clamp", {}, 5.0)).ok
    assert plc.executed == [DRAIN, 2]
    numbers = [struct.unpack(">H", w[-2:])[0] for w in plc.writes(110)]
    assert numbers == [1, 1, 2]


async def test_a_cancel_given_while_the_link_is_down_comes_first_and_nothing_is_resent(
    plc: RawPlc, plc_map: RegisterMap
) -> None:
    lost: list[bytes] = []

    def lose(request: bytes, answer: bytes) -> bytes | None:
        """The command, and all that comes after it; one that never went out would rightly end with the link."""
        if request[:3] == b"\x10\x00\x6e":
            lost.append(request)
        if not lost:
            return answer
        plc.command = [0] * 6
        return None

    async with driving(plc.port, plc_map, timeout_s=0.2) as (driver, heard):
        await heard.link(True)
        plc.twist = lose
        running = asyncio.create_task(driver.command("a", "drain", {}, 5.0))
        await heard.link(False)
        cancel = asyncio.create_task(driver.cancel("stop", 5.0))
        await asyncio.sleep(0.05)
        plc.twist = None
        assert (await cancel).ok
        finished = await running
    assert (finished.ok, finished.failure) == (False, "cancelled")
    assert plc.executed == []
    assert len(plc.writes(110)) == 1


async def test_a_stop_whose_deadline_passed_while_the_link_was_down_still_goes_out_first(
    plc: RawPlc, plc_map: RegisterMap
) -> None:
    def lose(request: bytes, answer: bytes) -> bytes | None:
        plc.command = [0] * 6
        return None

    async with driving(plc.port, plc_map, timeout_s=0.2) as (driver, heard):
        await heard.link(True)
        plc.twist = lose
        running = asyncio.create_task(driver.command("a", "drain", {}, 20.0))
        await heard.link(False)
        assert (await driver.cancel("stop", 0.1)).failure == "timeout"
        assert not running.done()
        plc.twist = None
        finished = await running
        assert (finished.ok, finished.failure) == (False, "cancelled")
    assert plc.executed == []
    assert plc.control[2] == plc.status[8] == 1
    assert len(plc.writes(110)) == 1


async def test_a_cancel_without_a_plc_fails_at_its_deadline(plc_map: RegisterMap) -> None:
    async with driving(free_port(), plc_map) as (driver, heard):
        await heard.link(False)
        finished = await asyncio.wait_for(driver.cancel("stop", 0.2), 2.0)
    assert (finished.ok, finished.failure) == (False, "timeout")
    assert "did not confirm the stop" in finished.detail


# --- restarted ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drops", [False, True])
async def test_a_plc_restarted_in_mid_command(plc: RawPlc, plc_map: RegisterMap, drops: bool) -> None:
    plc.status[4] = plc.status[5] = 7
    async with driving(plc.port, plc_map) as (driver, heard):
        await heard.link(True)
        running = await started(driver, plc)
        plc.status[4] = plc.status[5] = plc.status[8] = 0
        plc.status[20] += 1
        plc.command, plc.control, plc.ends = [0] * 6, [0] * 3, True
        if drops:
            plc.drop()
        finished = await running
        assert (finished.ok, finished.failure) == (False, "link")
        assert "the PLC was restarted" in finished.detail
        assert "how far the command came is not known" in finished.detail
        assert (await heard.link(True)).ack_seq == 0
        assert (await driver.command("b", "close_clamp", {}, 5.0)).ok
    assert plc.executed == [DRAIN, 2], "it is not run again"
    assert len(plc.writes(110)) == 2


async def test_a_restart_before_the_command_was_taken_is_no_reason_to_send_it_again(
    plc: RawPlc, plc_map: RegisterMap
) -> None:
    def restart(request: bytes, answer: bytes) -> bytes | None:
        if request[:3] == b"\x10\x00\x6e":
            plc.twist, plc.command = None, [0] * 6
            plc.status[20] += 1
            return None
        return answer

    plc.twist = restart
    async with driving(plc.port, plc_map, timeout_s=0.2) as (driver, heard):
        await heard.link(True)
        finished = await driver.command("a", "drain", {}, 5.0)
    assert finished.failure == "link"
    assert plc.executed == []


# --- answers that are not answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("tag", "value", "words"), [(0, 0xBEEF, "magic is 48879"), (1, 9, "version is 9")])
async def test_another_program_in_the_plc_gets_no_write_at_all(
    plc: RawPlc, plc_map: RegisterMap, tag: int, value: int, words: str
) -> None:
    plc.status[tag] = value
    async with driving(plc.port, plc_map) as (driver, heard):
        link = await heard.link(False)
        assert words in link.detail
        assert "plc.wrong_map" in link.detail
        assert "Load the PLC program that belongs to the register map" in link.detail
        assert (await driver.command("a", "drain", {}, 1.0)).failure == "link"
        await asyncio.sleep(0.3)
        assert plc.connections == 1, "retried slowly"
    assert [r[0] for r in plc.requests] == [3]


READ_TWISTS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "exception": (lambda answer: b"\x83\x02", "illegal data address (exception 2)"),
    "short": (lambda answer: b"\x03\x02\x00\x01", "does not fit the request"),
    "other function": (lambda answer: b"\x10\x00\x64\x00\x03", "does not fit the request"),
    "cut": (lambda answer: b"\x03\x40\x00", "no answer"),
    "unknown function": (lambda answer: b"\x63\x00", "no answer"),
    "empty": (lambda answer: b"", "no answer"),
}


@pytest.mark.parametrize("kind", READ_TWISTS)
async def test_a_read_that_is_not_answered_properly_is_a_lost_link(
    plc: RawPlc, plc_map: RegisterMap, kind: str
) -> None:
    change, words = READ_TWISTS[kind]
    async with driving(plc.port, plc_map, timeout_s=0.2) as (driver, heard):
        await heard.link(True)
        good = heard.tags[-1]
        plc.twist = lambda request, answer: change(answer) if request[0] == 3 else answer
        link = await heard.link(False)
        assert words in link.detail
        assert heard.tags[-1].values["magic"] == good.values["magic"], "no tag was made of it"
        plc.twist = None
        await heard.link(True)
        assert (await driver.command("a", "drain", {}, 2.0)).ok


@pytest.mark.parametrize(("answer", "words"), [
    (b"\x10\x00\x64\x00\x02", "does not fit the request"), (b"\x10\x00\x65\x00\x03", "does not fit the request"),
    (b"\x90\x04", "server device failure"),
])  # fmt: skip
async def test_a_control_write_with_a_wrong_echo(plc: RawPlc, plc_map: RegisterMap, answer: bytes, words: str) -> None:
    async with driving(plc.port, plc_map) as (_, heard):
        await heard.link(True)
        plc.twist = lambda request, real: answer if request[:3] == b"\x10\x00\x64" else real
        assert words in (await heard.link(False)).detail


async def test_an_exception_to_a_command_refuses_it_and_the_link_stays(plc: RawPlc, plc_map: RegisterMap) -> None:
    async with driving(plc.port, plc_map) as (driver, heard):
        await heard.link(True)
        plc.obeys = False
        plc.twist = lambda request, answer: b"\x90\x03" if request[:3] == b"\x10\x00\x6e" else answer
        finished = await driver.command("a", "drain", {}, 2.0)
        assert (finished.ok, finished.failure) == (False, "refused")
        assert "illegal data value (exception 3)" in finished.detail
        assert len(heard.links) == 1


async def test_the_answer_of_another_transaction_is_not_taken(plc: RawPlc, plc_map: RegisterMap) -> None:
    async with driving(plc.port, plc_map, timeout_s=0.2) as (driver, heard):
        await heard.link(True)
        plc.transaction_off = 1
        assert "no answer" in (await heard.link(False)).detail
        plc.transaction_off = 0
        await heard.link(True)
        assert (await driver.command("a", "drain", {}, 2.0)).ok


async def test_a_done_number_of_another_command_is_no_answer(plc: RawPlc, plc_map: RegisterMap) -> None:
    plc.obeys = plc.ends = False
    async with driving(plc.port, plc_map) as (driver, heard):
        await heard.link(True)
        running = asyncio.create_task(driver.command("a", "drain", {}, 0.4))
        await until(lambda: plc.writes(110))
        plc.status[5], plc.status[6] = 9, 2
        finished = await running
    assert (finished.ok, finished.failure) == (False, "timeout")
