"""One suite for every motion driver against its simulated machine. What differs stands in the capabilities."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delid.config import CAPABILITIES
from delid.core import MotionState, MotionVerb
from delid.devices.motion import MotionDriver
from delid.sim.robot import MissingOk, RobotScenario

sys.path.insert(0, str(Path(__file__).parent))
from motion_machines import FAR, KINDS, NEAR, Bench, Fault, bench

EVERY = pytest.mark.parametrize("kind", KINDS)
CABLE = {"grblHAL": "grbl", "grbl 1.1": "grbl", "klipper": "klipper", "program robot": "program"}


@pytest.fixture(params=KINDS)
async def machine(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with bench(request.param) as made:
        yield made


async def test_it_says_what_it_can_do(machine: Bench) -> None:
    driver: MotionDriver = machine.driver
    known, said = CAPABILITIES[CABLE[machine.kind]], driver.capabilities
    assert (said.targets, said.hold, said.reports_position) == (known.targets, known.hold, known.reports_position)
    assert said.axes_mm == {"x": (0, 2400), "y": (0, 1900), "z": (-600, 0)}
    assert ("program" in said.targets) is bool(said.programs)


async def test_after_a_connect_nothing_moves_and_nothing_is_trusted(machine: Bench) -> None:
    await machine.rig.link()
    await asyncio.sleep(0.3)
    assert not machine.logic.moving
    assert not machine.logic.move_starts_s
    assert not machine.trusted
    assert machine.driver.status_age_s() < 1.0
    assert all(not wire.id for wire in machine.rig.wires)


async def test_moves_are_refused_until_homed(machine: Bench) -> None:
    await machine.rig.link()
    refused = await machine.driver.move("m", NEAR, 100, 5)
    assert (refused.ok, refused.failure) == (False, "refused")
    assert "home" in refused.detail
    assert machine.rig.sent("m") == b""
    await machine.ready()
    assert machine.trusted
    assert (await machine.driver.move("m", NEAR, 500, 5)).ok


async def test_accepted_is_not_done_and_done_is_where_it_was_sent(machine: Bench) -> None:
    await machine.ready()
    move = asyncio.create_task(machine.driver.move("m", FAR, 400, 10))
    await machine.under_way()
    await asyncio.sleep(0.05)
    assert not move.done(), "the machine has taken the move, and still moves"
    done = await move
    assert done.ok, done
    assert not machine.logic.moving
    assert machine.logic.flange_mm() == pytest.approx(FAR, abs=0.2)
    assert [done.values[axis] for axis in ("x_mm", "y_mm", "z_mm")] == pytest.approx(FAR, abs=0.2)
    assert machine.state is MotionState.IDLE


async def test_a_pose_outside_the_tolerance_is_not_done(machine: Bench) -> None:
    await machine.ready()
    machine.driver.tolerance_mm = -1.0  # no pose is near enough
    failed = await machine.driver.move("m", NEAR, 500, 5)
    assert (failed.ok, failed.failure) == (False, "not_reached")


async def test_a_deadline_ends_the_wait(machine: Bench) -> None:
    await machine.ready()
    late = await machine.driver.move("m", FAR, 100, 0.3)
    assert (late.ok, late.failure) == (False, "timeout")
    assert "last seen at" in late.detail
    assert (await machine.driver.do("s", MotionVerb.STOP, 3)).ok
    assert not machine.logic.moving


async def test_limits_never_reach_the_wire(machine: Bench) -> None:
    await machine.ready()
    outside = [
        ((2400.1, 50.0, -10.0), 100.0, "x = 2400.1"),
        ((100.0, -0.1, -10.0), 100.0, "y = -0.1"),
        ((100.0, 50.0, 0.5), 100.0, "z = 0.5"),
        ((float("nan"), 50.0, -10.0), 100.0, "x = nan"),
        (NEAR, 601.0, "feed 601"),
        (NEAR, float("inf"), "feed inf"),
        (NEAR, 0.0, "feed 0"),
    ]
    for to_mm, feed, words in outside:
        refused = await machine.driver.move("m", to_mm, feed, 5)
        assert refused.failure == "refused"
        assert words in refused.detail
    assert machine.rig.sent("m") == b""


async def test_one_motion_at_a_time(machine: Bench) -> None:
    await machine.ready()
    first = asyncio.create_task(machine.driver.move("m1", FAR, 600, 10))
    await asyncio.sleep(0)
    second = await machine.driver.move("m2", NEAR, 500, 10)
    assert (second.failure, second.detail) == ("refused", "the controller is busy with m1")
    assert (await machine.driver.do("home", MotionVerb.HOME, 5)).failure == "refused"
    assert (await first).ok


async def test_a_hold_stands_and_a_resume_goes_on_where_there_is_one(machine: Bench) -> None:
    await machine.ready()
    move = asyncio.create_task(machine.driver.move("m", FAR, 300, 10))
    await machine.under_way()
    held = await machine.driver.do("h", MotionVerb.HOLD, 3)
    if not machine.driver.capabilities.hold:
        assert (held.failure, held.detail) == ("refused", "this controller cannot hold a motion; stop it instead")
        assert machine.logic.moving, "a refusal does nothing"
        assert (await move).ok
        return
    assert held.ok, held
    assert (machine.state, machine.logic.moving, move.done()) == (MotionState.HELD, False, False)
    assert (await machine.driver.do("r", MotionVerb.RESUME, 3)).ok
    done = await move
    assert done.ok, done
    assert (await machine.driver.do("r", MotionVerb.RESUME, 1)).failure == "refused"


@pytest.mark.parametrize("state", ["fresh", "idle", "moving", "held", "homing", "alarm"])
@EVERY
async def test_a_stop_is_confirmed_in_every_state(kind: str, state: str) -> None:
    async with bench(kind) as machine:
        doing = await _brought_to(machine, state)
        stopped = await machine.driver.do("s", MotionVerb.STOP, 5)
        assert stopped.ok, stopped
        assert not machine.logic.moving
        if doing is not None:
            cut = await doing
            assert not cut.ok
            assert cut.failure in ("stopped", "alarm"), cut
        await asyncio.sleep(0.1)
        assert not machine.logic.moving, "nothing goes on by itself"


async def _brought_to(machine: Bench, state: str) -> asyncio.Task[object] | None:
    """The machine in ``state``; the motion under way, if there is one."""
    await machine.rig.link()
    if state == "fresh":
        return None
    if state == "homing":
        await machine.driver.do("e", MotionVerb.ENABLE, 3)
        homing = asyncio.create_task(machine.driver.do("home", MotionVerb.HOME, 10))
        await machine.rig.until(lambda: machine.logic.moving)
        return homing
    await machine.ready()
    if state == "idle":
        return None
    move = asyncio.create_task(machine.driver.move("m", FAR, 100, 20))
    await machine.under_way()
    if state == "held" and machine.driver.capabilities.hold:
        assert (await machine.driver.do("h", MotionVerb.HOLD, 3)).ok
    if state == "alarm":
        machine.logic.raise_alarm(1)
        await machine.rig.until(lambda: machine.state is MotionState.FAULT)
    return move


async def test_an_alarm_ends_the_move_and_needs_a_person_and_homing(machine: Bench) -> None:
    await machine.ready()
    move = asyncio.create_task(machine.driver.move("m", FAR, 300, 10))
    await machine.under_way()
    machine.logic.raise_alarm(1)
    failed = await move
    assert (failed.ok, failed.failure) == (False, "alarm"), failed
    await machine.rig.until(lambda: machine.state is MotionState.FAULT)
    assert (machine.trusted, bool(machine.rig.reports[-1].fault)) == (False, True)
    assert (await machine.driver.move("m2", NEAR, 300, 5)).failure == "refused"
    assert (await machine.driver.do("c", MotionVerb.CLEAR_FAULT, 5)).ok
    assert not machine.trusted, "a cleared fault gives no position back"
    assert (await machine.driver.move("m3", NEAR, 300, 5)).failure == "refused"
    await machine.recovered()


async def test_a_restart_in_mid_session_loses_the_position(machine: Bench) -> None:
    await machine.ready()
    move = asyncio.create_task(machine.driver.move("m", FAR, 300, 10))
    await machine.under_way()
    machine.logic.reboot()
    failed = await move
    assert (failed.ok, failed.failure) == (False, "reset"), failed
    assert not machine.trusted
    await machine.recovered()


@EVERY
async def test_a_lost_answer_is_a_timeout_and_no_other_is_taken_for_it(kind: str) -> None:
    async with bench(kind, RobotScenario(faults=[MissingOk(kind="missing_ok", at_move=1)])) as machine:
        await machine.ready()
        lost = await machine.driver.move("m1", NEAR, 600, 0.6)
        assert (lost.ok, lost.failure) == (False, "timeout"), lost
        refused = await machine.driver.move("m2", FAR, 600, 5)
        assert (refused.ok, refused.failure) == (False, "refused"), refused
        assert len(machine.logic.move_starts_s) == 1
        await machine.recovered()


@EVERY
async def test_a_late_answer_is_never_another_moves(kind: str) -> None:
    async with bench(kind, proxied=True) as machine:
        await machine.ready()
        machine.proxy.set(Fault.DELAY, delay_s=0.2)
        late = await machine.driver.move("m1", NEAR, 600, 0.25)
        assert not late.ok
        machine.proxy.set(Fault.PASS)
        second = await machine.driver.move("m2", FAR, 600, 5)
        if second.ok:  # then it is true
            assert machine.logic.flange_mm() == pytest.approx(FAR, abs=0.2)
        await asyncio.sleep(0.3)
        await machine.recovered()


@EVERY
async def test_doubled_bytes_never_end_a_move_early(kind: str) -> None:
    async with bench(kind, proxied=True) as machine:
        await machine.ready()
        machine.proxy.set(Fault.DUPLICATE, machine.to_client)
        done = await machine.driver.move("m", FAR, 600, 5)
        assert not machine.logic.moving
        assert not done.ok or machine.logic.flange_mm() == pytest.approx(FAR, abs=0.2)


@EVERY
async def test_answers_in_pieces_are_still_answers(kind: str) -> None:
    async with bench(kind, proxied=True) as machine:
        await machine.ready()
        machine.proxy.set(Fault.CHOP, machine.to_client, chop=7, delay_s=0.0005)
        assert (await machine.driver.move("m", NEAR, 600, 5)).ok
        assert [event.up for event in machine.rig.links] == [True]


@EVERY
async def test_garbage_on_the_line_never_makes_a_move_done(kind: str) -> None:
    async with bench(kind, proxied=True) as machine:
        await machine.ready()
        machine.proxy.set(Fault.CORRUPT, machine.to_client, corrupt_at=1)
        move = asyncio.create_task(machine.driver.move("m", FAR, 300, 1.0))
        await asyncio.sleep(0.3)
        machine.proxy.set(Fault.PASS)
        done = await move
        assert not done.ok or machine.logic.flange_mm() == pytest.approx(FAR, abs=0.2)
        await machine.recovered()


@pytest.mark.parametrize("kind", KINDS[:3])
async def test_the_silence_of_a_long_motion_is_no_lost_link(kind: str) -> None:
    async with bench(kind, proxied=True, speed=1.0) as machine:
        await machine.ready()
        machine.proxy.set(Fault.DELAY, machine.to_client, delay_s=0.12)
        moved = await machine.driver.move("m", (130.0, 1.0, -1.0), 100, 10)  # longer than a link may be silent
        assert moved.ok, moved
        assert [event.up for event in machine.rig.links] == [True]


@EVERY
async def test_a_lost_link_loses_the_position_and_nothing_resumes(kind: str) -> None:
    async with bench(kind, proxied=True) as machine:
        await machine.ready()
        move = asyncio.create_task(machine.driver.move("m", FAR, 100, 1.2))
        await machine.under_way()
        machine.proxy.set(Fault.BLACKHOLE)
        failed = await move
        assert not failed.ok
        assert failed.failure in ("link", "timeout"), failed
        await machine.rig.link(False)
        assert not machine.trusted
        sent = len(machine.logic.move_starts_s)
        machine.proxy.set(Fault.PASS)
        await machine.rig.link()
        assert (await machine.driver.move("m2", NEAR, 300, 5)).failure == "refused"
        assert len(machine.logic.move_starts_s) == sent
        await machine.recovered()


async def test_a_cancelled_wait_leaves_nothing_moving(machine: Bench) -> None:
    await machine.ready()
    move = asyncio.create_task(machine.driver.move("m", FAR, 100, 20))
    await machine.under_way()
    move.cancel()
    with pytest.raises(asyncio.CancelledError):
        await move
    await machine.rig.until(lambda: not machine.logic.moving)
    assert machine.logic.flange_mm()[0] < FAR[0] - 1, "it was ended on its way"
    await machine.recovered()


@EVERY
async def test_a_driver_that_ends_leaves_nothing_moving(kind: str) -> None:
    async with bench(kind) as machine:
        await machine.ready()
        move = asyncio.create_task(machine.driver.move("m", FAR, 100, 20))
        await machine.under_way()
        await machine.rig.close()
        assert (await move).failure == "link"
        async with asyncio.timeout(3):
            while machine.logic.moving:  # noqa: ASYNC110 - the machine is what is waited for
                await asyncio.sleep(0.01)
        assert machine.logic.flange_mm()[0] < FAR[0] - 1


async def test_programs_run_where_there_are_any(machine: Bench) -> None:
    await machine.ready()
    done = await machine.driver.program("p", "retract", {"feed_mm_s": 300.0}, 5)
    if "program" not in machine.driver.capabilities.targets:
        assert (done.failure, done.detail) == ("refused", "this controller runs no stored programs")
        return
    assert done.ok, done
    assert machine.logic.flange_mm()[2] == pytest.approx(0.0, abs=0.01)
    unknown = await machine.driver.program("q", "dance", {}, 5)
    assert (unknown.failure, unknown.detail) == ("refused", "program 'dance' is not in the robot's map")
    wrong = await machine.driver.program("r", "retract", {}, 5)
    assert (wrong.failure, wrong.detail) == ("refused", "program 'retract' takes feed_mm_s")
