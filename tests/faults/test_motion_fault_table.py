"""The motion rows of the fault table, each from a running move to a machine that stands, with the time that it took.

Safe is: the machine stands, and the driver has told the engine how the move ended. That every driver answers loss,
restart, alarm and noise alike is in tests/contract/test_motion_conformance.py.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from motion_kit import FAR, NEAR, Bench, DocumentedGrbl, bench, running, seconds_to_safe, simulated

from delid.core import Finished, MotionState, MotionVerb
from delid.sim.proxy import Direction, Fault
from delid.sim.robot import EndlessHold, Garbage, MissingOk, RobotScenario, Vanish

if TYPE_CHECKING:
    from conftest import FaultRow

KINDS = ("grblHAL", "klipper", "program robot")


async def test_a_cable_pulled_in_mid_move_ends_it_and_nothing_moves_by_itself_afterwards(tmp_path: Path) -> None:
    vanish = Vanish(kind="vanish", at_move=1, delay_s=0.5, back_after_s=0.2)
    with structlog.testing.capture_logs() as log:
        async with simulated(RobotScenario(faults=[vanish]), link=tmp_path / "robot") as (rig, server):
            await rig.homed()
            moved = await rig.driver.move("m", FAR, 300, 10)
            assert (moved.ok, moved.failure) == (False, "link")
            assert "the serial port was lost" in moved.detail
            assert "last seen at" in moved.detail
            assert 1.0 < float(moved.values["x_mm"]) < 900.0, "the last known pose is kept"
            assert not rig.reports[-1].position_trusted
            await rig.link(up=True)
            await rig.until(lambda: not server.logic.moving)
            assert [event.up for event in rig.links] == [True, False, True]
            assert {wire.data for wire in rig.wires if not wire.id} == {b"$I\n", b"$$\n"}, "queries only"
            assert (await rig.driver.move("m2", NEAR, 300, 10)).failure == "refused"
            assert len(server.logic.move_starts_s) == 1
    assert [entry["event"] for entry in log if entry["event"].startswith("link.")] == [
        "link.up",
        "link.down",
        "link.up",
    ]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_link_is_gone_in_mid_move(kind: str, fault_row: FaultRow) -> None:
    async with bench(kind, proxied=True) as machine:
        await machine.ready()
        watched = kind == "program robot"
        move = asyncio.create_task(machine.driver.move("m", FAR, 50 if watched else 300, 30))
        await machine.under_way()
        safe_s = await seconds_to_safe(machine.logic, lambda: machine.proxy.set(Fault.RESET), move)
        assert (move.result().failure, machine.trusted) == ("link", False)
        ends = "the robot's own watchdog ends the program" if watched else "the one move under way ends"
        assert (machine.logic.flange_mm()[0] < FAR[0] - 1) is watched
        reaction = f"move failed: link; position distrusted; {ends}, nothing follows"
        fault_row(f"{kind}: link gone in mid-move", "reset both", reaction, safe_s)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stop_that_is_not_confirmed_says_so(kind: str, fault_row: FaultRow) -> None:
    async with bench(kind, proxied=True) as machine:
        await machine.ready()
        move = asyncio.create_task(machine.driver.move("m", FAR, 300, 1.0))
        await machine.under_way()
        stop = asyncio.ensure_future(_stop_into_the_void(machine))
        safe_s = await seconds_to_safe(machine.logic, lambda: machine.proxy.set(Fault.BLACKHOLE), stop)
        assert not stop.result().ok
        assert stop.result().failure in ("link", "timeout")
        assert not (await move).ok
        reaction = f"stop reported as not confirmed ({stop.result().failure}): the engine aborts and raises an alarm"
        fault_row(f"{kind}: stop not confirmed", "blackhole both", reaction, safe_s)


async def _stop_into_the_void(machine: Bench) -> Finished:
    await asyncio.sleep(0)
    return await machine.driver.do("s", MotionVerb.STOP, 0.6)


async def test_noise_on_the_line_changes_nothing(fault_row: FaultRow) -> None:
    async with simulated(RobotScenario(faults=[Garbage(kind="garbage", at_move=1, delay_s=0.3)])) as (rig, _):
        await rig.homed()
        assert (await rig.driver.move("m", FAR, 300, 10)).ok
        assert [event.up for event in rig.links] == [True]
    fault_row("grblHAL: garbage in mid-move", "noise", "unreadable lines are dropped; the move goes on to its end", 0.0)


async def test_a_lost_ok_is_a_timeout_and_the_next_answer_is_not_mistaken_for_it(fault_row: FaultRow) -> None:
    async with simulated(RobotScenario(faults=[MissingOk(kind="missing_ok", at_move=1)])) as (rig, server):
        await rig.homed()
        move = asyncio.create_task(rig.driver.move("m1", NEAR, 300, 0.6))
        safe_s = await seconds_to_safe(server.logic, lambda: None, move)
        lost = move.result()
        assert (lost.failure, lost.ok) == ("timeout", False)
        assert "an answer to 'G21G90G94G53G1X100.000" in lost.detail
        refused = await rig.driver.move("m2", NEAR, 300, 5)
        assert (refused.failure, "owes an answer" in refused.detail) == ("refused", True)
        assert (await rig.driver.do("s", MotionVerb.STOP, 2)).ok
        assert (await rig.driver.move("m3", FAR, 300, 5)).ok, "the position was not lost"
    reaction = "timeout at the move's deadline (0.6 s here); moves refused until a stop"
    fault_row("grblHAL: missing ok", "the answer is lost", reaction, safe_s)


@pytest.mark.parametrize("sticky", [True, False], ids=["grblHAL repeats errors", "grbl 1.1 does not"])
@pytest.mark.parametrize("words", ["error:33", "error: Invalid gcode ID:33"], ids=["number", "words"])
async def test_an_error_is_told_in_words_and_cleared(sticky: bool, words: str, fault_row: FaultRow) -> None:
    class Refusing(DocumentedGrbl):
        errors_to_go = 1
        latched = False
        moving = False

        def _move(self, token: bytes) -> str:
            if self.errors_to_go or self.latched:
                self.errors_to_go, self.latched = 0, sticky
                return f"{words}\n"
            return super()._move(token)

        def answer(self, token: bytes) -> str:
            if token == b"":
                self.latched = False
            return super().answer(token)

    peer = Refusing()
    async with running(peer.path) as rig:
        await rig.homed()
        move = asyncio.create_task(rig.driver.move("m1", NEAR, 300, 5))
        safe_s = await seconds_to_safe(peer, lambda: None, move)
        failed = move.result()
        assert failed.failure == "error"
        assert "error:33 (the target is invalid)" in failed.detail
        assert rig.sent("m1").endswith(b"\n\n"), "the empty line that ends a repeated error"
        assert (await rig.driver.move("m2", NEAR, 300, 5)).ok, "the position was not lost"
    peer.pull_the_cable()
    row = f"{'grblHAL: sticky' if sticky else 'grbl 1.1: plain'} error in {'words' if ' ' in words else 'numbers'}"
    fault_row(row, words, "move failed: error, in words; cleared by an empty line", safe_s)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_restart_in_mid_session(kind: str, fault_row: FaultRow) -> None:
    async with bench(kind) as machine:
        await machine.ready()
        move = asyncio.create_task(machine.driver.move("m", FAR, 300, 10))
        await machine.under_way()
        safe_s = await seconds_to_safe(machine.logic, machine.logic.reboot, move)
        assert (move.result().failure, machine.trusted) == ("reset", False)
        assert "start" in move.result().detail
    fault_row(f"{kind}: restart in mid-session", "reboot", "move failed: reset; refused until homed", safe_s)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_alarm_in_mid_move(kind: str, fault_row: FaultRow) -> None:
    async with bench(kind) as machine:
        await machine.ready()
        move = asyncio.create_task(machine.driver.move("m", FAR, 300, 10))
        await machine.under_way()
        safe_s = await seconds_to_safe(machine.logic, lambda: machine.logic.raise_alarm(1), move)
        assert (move.result().failure, machine.trusted) == ("alarm", False)
    fault_row(f"{kind}: alarm", "alarm 1", "move failed: alarm; a person clears it and homes", safe_s)


async def test_a_limit_alarm_is_silent_and_left_by_a_reset_only() -> None:
    """What grbl 1.1 does beyond the other controllers."""
    async with bench("grbl 1.1") as machine:
        await machine.ready()
        move = asyncio.create_task(machine.driver.move("m", FAR, 300, 10))
        await machine.under_way()
        machine.logic.raise_alarm(1)
        assert "ALARM:1 (hard limit switch hit; position lost)" in (await move).detail
        await asyncio.sleep(1.2)
        assert [event.up for event in machine.rig.links] == [True], "silence after a limit alarm is no lost link"
        assert (await machine.driver.do("h", MotionVerb.HOME, 5)).failure == "refused"
        feed, later = machine.logic.feed, asyncio.get_running_loop().call_later
        machine.logic.feed = lambda data: feed(data) if b"\x18" in data else later(0.12, feed, data)
        cleared = await machine.driver.do("x", MotionVerb.CLEAR_FAULT, 5)
        assert cleared.ok, f"what was silent by nature is not held against it: {cleared.detail}"
        assert machine.rig.sent("x") == b"\x18$X\n"


@pytest.mark.parametrize("kind", ["grblHAL", "program robot"])
async def test_a_hold_that_never_ends_is_a_timeout_and_stop_gets_through_it(kind: str, fault_row: FaultRow) -> None:
    async with bench(kind, RobotScenario(faults=[EndlessHold(kind="hold_never_ends")])) as machine:
        await machine.ready()
        move = asyncio.create_task(machine.driver.move("m", FAR, 300, 10))
        await machine.under_way()
        held = await machine.driver.do("h", MotionVerb.HOLD, 0.4)
        assert (held.failure, held.detail) == ("timeout", "the standstill did not come in time")
        stop = asyncio.ensure_future(machine.driver.do("s", MotionVerb.STOP, 3))
        safe_s = await seconds_to_safe(machine.logic, lambda: None, stop)
        stopped, cut = stop.result(), await move
        assert (stopped.ok, cut.failure) == (True, "stopped"), stopped
        if kind == "grblHAL":
            assert stopped.values["position_trusted"] is False, "a reset in motion may lose steps"
            assert "ALARM:3" in cut.detail
    reaction = "timeout of the hold, then a stop, which is confirmed"
    fault_row(f"{kind}: hold that never ends", "hold_never_ends", reaction, safe_s)


async def test_standing_elsewhere_is_not_reached(fault_row: FaultRow) -> None:
    class Slipping(DocumentedGrbl):
        moving = False

        def _status(self) -> str:
            text = super()._status()
            if self.state == "Idle":
                self.pose = (self.pose[0], self.pose[1], self.pose[2] + 0.3) if self.pose == NEAR else self.pose
            return text

    peer = Slipping()
    async with running(peer.path) as rig:
        await rig.homed()
        move = asyncio.create_task(rig.driver.move("m", NEAR, 300, 5))
        safe_s = await seconds_to_safe(peer, lambda: None, move)
        assert move.result().failure == "not_reached"
        assert "stands 0.300 mm from the target" in move.result().detail
    peer.pull_the_cable()
    fault_row("grbl: position never reached", "0.3 mm beside", "move failed: not_reached, with the distance", safe_s)


async def test_klipper_that_never_answers_again_is_noticed_by_its_narrowed_deadline(fault_row: FaultRow) -> None:
    async with bench("klipper", proxied=True) as machine:
        await machine.ready()
        move = asyncio.create_task(machine.driver.move("m", NEAR, 600, 60))
        await machine.under_way()

        def cut() -> None:
            machine.proxy.set(Fault.BLACKHOLE, Direction.TO_CLIENT)

        safe_s = await seconds_to_safe(machine.logic, cut, move)
        assert (move.result().failure, machine.state) == ("timeout", MotionState.MOVING)
        assert safe_s < 3, "twice the ideal duration and the silence allowed, not 60 s"
        await machine.rig.link(False)
    reaction = "timeout of the narrowed deadline; link lost"
    fault_row("klipper: half-open line in mid-move", "blackhole to_client", reaction, safe_s)
