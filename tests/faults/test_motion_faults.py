"""What else goes wrong with a motion controller: the clear error, and what was not lost. The table has its own file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from motion_kit import FAR, NEAR, DocumentedGrbl, RawPeer, running, simulated

from delid.core import MotionState, MotionVerb, SystemClock
from delid.sim import PlcFacts, World
from delid.sim.robot import GrblLogic, RobotServer


async def test_a_port_that_is_not_there_is_named_and_found_when_it_comes(tmp_path: Path) -> None:
    link = tmp_path / "robot"
    server = RobotServer(GrblLogic(), SystemClock(), link_path=link)
    async with running(link) as rig:
        await rig.link(up=False)
        assert f"the serial port {link} cannot be opened" in rig.links[0].detail
        refused = await rig.driver.move("m", NEAR, 100, 1)
        assert (refused.failure, refused.detail) == ("refused", "the link to the motion controller is down")
        stop = await rig.driver.do("s", MotionVerb.STOP, 1)
        assert (stop.ok, stop.failure) == (False, "link")
        server.open()
        await rig.link(up=True)
        assert [event.up for event in rig.links] == [False, True]
    server.close()


async def test_a_port_where_nothing_answers_is_a_link_that_is_down() -> None:
    class Mute(RawPeer):
        def answer(self, token: bytes) -> str:
            return ""

    peer = Mute()
    async with running(peer.path) as rig:
        await rig.link(up=False)
        assert "nothing there answers" in rig.links[0].detail
    peer.pull_the_cable()


async def test_a_cancelled_move_is_held() -> None:
    async with simulated() as (rig, server):
        await rig.homed()
        move = asyncio.create_task(rig.driver.move("m", FAR, 300, 10))
        await rig.until(lambda: server.logic.moving)
        move.cancel()
        with pytest.raises(asyncio.CancelledError):
            await move
        assert rig.sent("m").endswith(b"!")
        await rig.until(lambda: rig.reports[-1].state is MotionState.HELD)
        stopped = await rig.driver.do("s", MotionVerb.STOP, 2)
        assert (stopped.ok, stopped.values["position_trusted"]) == (True, True)
        assert (await rig.driver.move("m2", NEAR, 300, 5)).ok


async def test_a_driver_that_is_closed_in_mid_move_leaves_the_machine_standing() -> None:
    server = RobotServer(GrblLogic(), SystemClock(), speed=5.0)
    path = server.open()
    async with running(path) as rig:
        await rig.homed()
        move = asyncio.create_task(rig.driver.move("m", FAR, 100, 10))
        await rig.until(lambda: rig.reports[-1].state is MotionState.MOVING)
    assert (await move).failure == "link"
    await rig.until(lambda: not server.logic.moving)
    x, _, _ = server.logic.flange_mm()
    assert x < 899.0, "held before the target"
    server.close()


async def test_a_controller_that_falls_silent_is_a_lost_link() -> None:
    class Hanging(DocumentedGrbl):
        hung = False

        def answer(self, token: bytes) -> str:
            return "" if self.hung else super().answer(token)

    peer = Hanging()
    async with running(peer.path) as rig:
        await rig.homed()
        peer.polls_per_move = 10_000
        move = asyncio.create_task(rig.driver.move("m", NEAR, 300, 10))
        await rig.until(lambda: rig.reports[-1].state is MotionState.MOVING)
        peer.hung = True
        failed = await move
        assert failed.failure == "link"
        assert "no status report for 1." in failed.detail
        assert not rig.reports[-1].position_trusted
        peer.hung = False
        await rig.link(up=True)
        assert (await rig.driver.move("m2", NEAR, 300, 10)).failure == "refused", "it may have lost its position"
    peer.pull_the_cable()


async def test_an_open_door_ends_the_move_and_keeps_the_position(tmp_path: Path) -> None:
    world = World(tmp_path / "world")
    world.write_plc(PlcFacts(motion_permitted=True))
    async with simulated(world=world) as (rig, server):
        await rig.homed()
        move = asyncio.create_task(rig.driver.move("m", FAR, 100, 10))
        await rig.until(lambda: rig.reports[-1].state is MotionState.MOVING)
        world.write_plc(PlcFacts(motion_permitted=False))
        failed = await move
        assert failed.failure == "door"
        await rig.until(lambda: not server.logic.moving)
        assert (await rig.driver.do("r", MotionVerb.RESUME, 1)).failure == "refused", "not out of an open door"
        world.write_plc(PlcFacts(motion_permitted=True))
        await asyncio.sleep(0.3)
        assert not server.logic.moving, "a closed door starts nothing"
        stopped = await rig.driver.do("s", MotionVerb.STOP, 2)
        assert (stopped.ok, stopped.values["position_trusted"]) == (True, True)
        assert (await rig.driver.move("m2", NEAR, 300, 5)).ok
        facts = world.read_robot()
        assert facts is not None
        assert (facts.flange_mm, facts.moving) == (pytest.approx(NEAR), False), "the world knew before the driver did"


async def test_homing_that_finds_no_switch_ends_at_its_own_deadline() -> None:
    class Seeking(DocumentedGrbl):
        def answer(self, token: bytes) -> str:
            return "" if token == b"$H" else super().answer(token)

    peer = Seeking()
    async with running(peer.path) as rig:
        await rig.link()
        failed = await rig.driver.do("home", MotionVerb.HOME, 0.3)
        assert (failed.failure, failed.detail) == ("timeout", "an answer to '$H' did not come in time")
        assert (await rig.driver.do("home", MotionVerb.HOME, 1)).failure == "refused", "an answer is still owed"
        assert (await rig.driver.do("x", MotionVerb.CLEAR_FAULT, 1)).ok
        assert rig.sent("x") == b"\x18$X\n"
    peer.pull_the_cable()


async def test_a_controller_that_reports_inches_is_refused() -> None:
    class Inches(DocumentedGrbl):
        def answer(self, token: bytes) -> str:
            return super().answer(token).replace("$13=0", "$13=1")

    peer = Inches()
    async with running(peer.path) as rig:
        await rig.homed()
        refused = await rig.driver.move("m", NEAR, 300, 5)
        assert (refused.failure, refused.detail) == ("refused", "the controller reports inches; set $13=0")
    peer.pull_the_cable()


async def test_a_sleeping_controller_is_woken_on_request_only() -> None:
    async with simulated() as (rig, server):
        await rig.homed()
        server.logic.feed(b"$SLP\n")
        await rig.until(lambda: "sleeps" in rig.reports[-1].fault)
        assert (await rig.driver.move("m", NEAR, 300, 5)).failure == "refused"
        woken = await rig.driver.do("e", MotionVerb.ENABLE, 2)
        assert (woken.ok, woken.values["position_trusted"]) == (True, False)
        assert rig.sent("e") == b"\x18"


async def test_a_move_may_be_held_for_longer_than_its_deadline() -> None:
    async with simulated() as (rig, _):
        await rig.homed()
        move = asyncio.create_task(rig.driver.move("m", (300.0, 50.0, -10.0), 300, 0.8))
        await rig.until(lambda: rig.reports[-1].state is MotionState.MOVING)
        assert (await rig.driver.do("h", MotionVerb.HOLD, 1)).ok
        await asyncio.sleep(1.0)
        assert not move.done()
        assert (await rig.driver.do("r", MotionVerb.RESUME, 1)).ok
        assert (await move).ok


async def test_a_report_made_before_a_hold_does_not_confirm_it() -> None:
    class Late(DocumentedGrbl):
        """Answers a query only after the hold has come, with what was true before it, and the next one not at all."""

        late, skip = False, 0

        def answer(self, token: bytes) -> str:
            if self.late and token == b"!":
                self.late, self.skip, self.state = False, 1, "Hold:1"
                return "<Idle|MPos:0.000,0.000,0.000|FS:0,0>\n"
            if token == b"?" and (self.late or self.skip):
                self.skip = 0 if not self.late else self.skip
                return ""
            return super().answer(token)

    peer = Late()
    async with running(peer.path) as rig:
        await rig.homed()
        peer.late = True
        await asyncio.sleep(0.15)
        held = await rig.driver.do("h", MotionVerb.HOLD, 2)
        assert held.ok
        assert held.values["state"] == "held"
    peer.pull_the_cable()


async def test_a_barrier_that_is_answered_early_does_not_end_the_move() -> None:
    class Hasty(DocumentedGrbl):
        def _barrier(self) -> str:
            return "ok\n"

    peer = Hasty()
    async with running(peer.path) as rig:
        await rig.homed()
        peer.polls_per_move = 6
        done = await rig.driver.move("m", NEAR, 300, 5)
        assert done.ok, done
        assert peer.polls_to_go == 0
    peer.pull_the_cable()


async def test_a_reset_in_motion_loses_the_position_even_without_an_alarm() -> None:
    class Quiet(DocumentedGrbl):
        def _hold(self) -> str:
            return ""

        def _reset(self) -> str:
            self.state = "Idle"
            return self.BANNER

    peer = Quiet()
    async with running(peer.path) as rig:
        await rig.homed()
        peer.polls_per_move = 10_000
        move = asyncio.create_task(rig.driver.move("m", NEAR, 300, 5))
        await rig.until(lambda: rig.reports[-1].state is MotionState.MOVING)
        stopped = await rig.driver.do("s", MotionVerb.STOP, 3)
        assert (stopped.ok, stopped.values["position_trusted"]) == (True, False)
        assert (await move).failure == "stopped"
    peer.pull_the_cable()
