"""What goes wrong with a motion controller, one test for each: the clear error, and what was not lost."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from delid.core import MotionState, MotionVerb, SystemClock
from delid.sim import PlcFacts, World
from delid.sim.robot import (
    EndlessHold,
    Garbage,
    GrblLogic,
    MissingOk,
    RaisedAlarm,
    Reboot,
    RobotScenario,
    RobotServer,
    Vanish,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contract"))
from motion_rig import DocumentedGrbl, RawPeer, Rig, running

FAR = (900.0, 50.0, -10.0)
NEAR = (100.0, 50.0, -10.0)


@asynccontextmanager
async def simulated(
    scenario: RobotScenario | None = None,
    *,
    link: Path | None = None,
    world: World | None = None,
    classic: bool = False,
    speed: float = 5.0,
) -> AsyncIterator[tuple[Rig, RobotServer]]:
    server = RobotServer(
        GrblLogic(classic=classic), SystemClock(), world=world, link_path=link, speed=speed, scenario=scenario
    )
    try:
        async with running(server.open()) as rig:
            yield rig, server
    finally:
        server.close()


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


async def test_a_cable_pulled_in_mid_move_ends_it_and_nothing_moves_by_itself_afterwards(tmp_path: Path) -> None:
    vanish = Vanish(kind="vanish", at_move=1, delay_s=0.5, back_after_s=0.2)
    with structlog.testing.capture_logs() as log:
        async with simulated(RobotScenario(faults=[vanish]), link=tmp_path / "robot") as (rig, _):
            await rig.homed()
            moved = await rig.driver.move("m", FAR, 300, 10)
            assert (moved.ok, moved.failure) == (False, "link")
            assert "the serial port was lost" in moved.detail
            assert "last seen at" in moved.detail
            assert 1.0 < float(moved.values["x_mm"]) < 900.0, "the last known pose is kept"
            assert not rig.reports[-1].position_trusted
            await rig.link(up=True)
            await asyncio.sleep(0.3)
            assert [event.up for event in rig.links] == [True, False, True]
            assert {wire.data for wire in rig.wires if not wire.id} == {b"$I\n", b"$$\n"}, "queries only"
            assert (await rig.driver.move("m2", NEAR, 300, 10)).failure == "refused"
            await rig.homed()
            assert (await rig.driver.move("m3", NEAR, 300, 10)).ok
    assert [entry["event"] for entry in log if entry["event"].startswith("link.")] == [
        "link.up",
        "link.down",
        "link.up",
    ]


async def test_a_lost_ok_is_a_timeout_and_the_next_answer_is_not_mistaken_for_it() -> None:
    async with simulated(RobotScenario(faults=[MissingOk(kind="missing_ok", at_move=1)])) as (rig, _):
        await rig.homed()
        lost = await rig.driver.move("m1", NEAR, 300, 0.6)
        assert (lost.failure, lost.ok) == ("timeout", False)
        assert "an answer to 'G21G90G94G53G1X100.000" in lost.detail
        refused = await rig.driver.move("m2", NEAR, 300, 5)
        assert (refused.failure, "owes an answer" in refused.detail) == ("refused", True)
        assert (await rig.driver.do("s", MotionVerb.STOP, 2)).ok
        assert (await rig.driver.move("m3", FAR, 300, 5)).ok, "the position was not lost"


async def test_noise_on_the_line_changes_nothing() -> None:
    async with simulated(RobotScenario(faults=[Garbage(kind="garbage", at_move=1, delay_s=0.3)])) as (rig, _):
        await rig.homed()
        assert (await rig.driver.move("m", FAR, 300, 10)).ok
        assert [event.up for event in rig.links] == [True]


@pytest.mark.parametrize("sticky", [True, False], ids=["grblHAL repeats errors", "grbl 1.1 does not"])
async def test_an_error_is_told_in_words_and_cleared(sticky: bool) -> None:
    class Refusing(DocumentedGrbl):
        errors_to_go = 1
        latched = False

        def _move(self, token: bytes) -> str:
            if self.errors_to_go or self.latched:
                self.errors_to_go, self.latched = 0, sticky
                return "error:33\n"
            return super()._move(token)

        def answer(self, token: bytes) -> str:
            if token == b"":
                self.latched = False
            return super().answer(token)

    peer = Refusing()
    async with running(peer.path) as rig:
        await rig.homed()
        failed = await rig.driver.move("m1", NEAR, 300, 5)
        assert failed.failure == "error"
        assert "error:33 (the target is invalid)" in failed.detail
        assert rig.sent("m1").endswith(b"\n\n"), "the empty line that ends a repeated error"
        assert (await rig.driver.move("m2", NEAR, 300, 5)).ok, "the position was not lost"
    peer.pull_the_cable()


async def test_a_restart_in_mid_session_loses_the_position() -> None:
    async with simulated(RobotScenario(faults=[Reboot(kind="reboot", at_move=1, delay_s=0.5)])) as (rig, _):
        await rig.homed()
        moved = await rig.driver.move("m", FAR, 300, 10)
        assert moved.failure == "reset"
        assert "the controller restarted" in moved.detail
        assert moved.values["position_trusted"] is False
        assert (await rig.driver.move("m2", NEAR, 300, 5)).failure == "refused"
        await rig.homed()
        assert (await rig.driver.move("m3", NEAR, 300, 5)).ok


@pytest.mark.parametrize("classic", [True, False], ids=["grbl 1.1", "grblHAL"])
async def test_an_alarm_ends_the_move_and_needs_a_person_and_homing(classic: bool) -> None:
    alarm = RaisedAlarm(kind="alarm", at_move=1, delay_s=0.5, code=1)
    async with simulated(RobotScenario(faults=[alarm]), classic=classic) as (rig, _):
        await rig.homed()
        moved = await rig.driver.move("m", FAR, 300, 10)
        assert moved.failure == "alarm"
        assert "ALARM:1 (hard limit switch hit; position lost)" in moved.detail
        assert (rig.reports[-1].state, rig.reports[-1].position_trusted) == (MotionState.FAULT, False)
        assert "ALARM:1" in rig.reports[-1].fault
        await asyncio.sleep(1.2)
        assert [event.up for event in rig.links] == [True], "silence after a limit alarm is no lost link"
        assert (await rig.driver.do("h", MotionVerb.HOME, 5)).failure == "refused"
        assert (await rig.driver.do("x", MotionVerb.CLEAR_FAULT, 5)).ok
        assert rig.sent("x") == b"\x18$X\n", "a limit alarm is left by a reset only"
        assert (await rig.driver.move("m2", NEAR, 300, 5)).failure == "refused"
        await rig.homed()
        assert (await rig.driver.move("m3", NEAR, 300, 5)).ok


async def test_a_hold_that_never_ends_is_a_timeout_and_stop_gets_through_it() -> None:
    async with simulated(RobotScenario(faults=[EndlessHold(kind="hold_never_ends")])) as (rig, server):
        await rig.homed()
        move = asyncio.create_task(rig.driver.move("m", FAR, 300, 10))
        await rig.until(lambda: rig.reports[-1].state is MotionState.MOVING)
        held = await rig.driver.do("h", MotionVerb.HOLD, 0.4)
        assert (held.failure, held.detail) == ("timeout", "the standstill did not come in time")
        began_s = asyncio.get_running_loop().time()
        stopped = await rig.driver.do("s", MotionVerb.STOP, 3)
        assert stopped.ok, stopped
        assert 0.45 < asyncio.get_running_loop().time() - began_s < 1.5
        assert stopped.values["position_trusted"] is False, "a reset in motion may lose steps"
        cut = await move
        assert (cut.failure, "ALARM:3" in cut.detail) == ("stopped", True)
        assert not server.logic.moving


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


async def test_standing_elsewhere_is_not_reached() -> None:
    class Slipping(DocumentedGrbl):
        def _status(self) -> str:
            text = super()._status()
            if self.state == "Idle":
                self.pose = (self.pose[0], self.pose[1], self.pose[2] + 0.3) if self.pose == NEAR else self.pose
            return text

    peer = Slipping()
    async with running(peer.path) as rig:
        await rig.homed()
        failed = await rig.driver.move("m", NEAR, 300, 5)
        assert failed.failure == "not_reached"
        assert "stands 0.300 mm from the target" in failed.detail
    peer.pull_the_cable()


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
