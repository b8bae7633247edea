"""The grbl driver against a controller written from grbl's documentation; the conformance suite has the others."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delid.core import MotionState, MotionVerb
from delid.devices.motion import move_bytes, verb_bytes

sys.path.insert(0, str(Path(__file__).parent))
from motion_rig import DocumentedGrbl, Rig, running

# golden bytes, written from the documentation: G21 mm, G90 absolute, G94 mm/min, G53 machine coordinates, G4 P0 barrier
TO_100_50 = b"G21G90G94G53G1X100.000Y50.000Z-10.000F6000.0\nG4P0\n"


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    peer = DocumentedGrbl()
    async with running(peer.path) as made:
        yield made
    peer.pull_the_cable()


async def test_after_a_connect_nothing_is_sent_but_queries(rig: Rig) -> None:
    await rig.link()
    await rig.until(lambda: b"$$\n" in [wire.data for wire in rig.wires])
    await asyncio.sleep(0.1)
    assert [(wire.id, wire.data) for wire in rig.wires] == [("", b"$I\n"), ("", b"$$\n")]
    assert rig.driver.status_age_s() < 1.0
    assert not rig.reports[-1].position_trusted


async def test_a_move_is_refused_until_homed_and_then_confirmed_at_its_target(rig: Rig) -> None:
    await rig.link()
    refused = await rig.driver.move("m0", (100, 50, -10), 100, 5)
    assert (refused.ok, refused.failure) == (False, "refused")
    assert "home" in refused.detail
    assert rig.sent("m0") == b""
    await rig.homed()
    assert rig.sent("home") == b"$H\n"
    done = await rig.driver.move("m1", (100, 50, -10), 100, 5)
    assert done.ok, done
    assert (done.values["x_mm"], done.values["y_mm"], done.values["z_mm"]) == pytest.approx((100, 50, -10), abs=0.2)
    assert rig.sent("m1") == TO_100_50 == move_bytes((100, 50, -10), 100)
    assert rig.reports[-1].state is MotionState.IDLE
    assert MotionState.MOVING in [report.state for report in rig.reports]


async def test_hold_stands_and_resume_finishes_the_move(rig: Rig) -> None:
    await rig.homed()
    move = asyncio.create_task(rig.driver.move("m", (900, 50, -10), 300, 10))
    await rig.until(lambda: rig.reports[-1].state is MotionState.MOVING)
    held = await rig.driver.do("h", MotionVerb.HOLD, 2)
    assert held.ok, held
    assert rig.reports[-1].state is MotionState.HELD
    assert not move.done()
    resumed = await rig.driver.do("r", MotionVerb.RESUME, 2)
    assert resumed.ok, resumed
    done = await move
    assert done.ok, done
    assert (rig.sent("h"), rig.sent("r"), rig.sent("m").count(b"\n")) == (b"!", b"~", 2)


async def test_stop_keeps_the_position_when_the_machine_could_hold(rig: Rig) -> None:
    await rig.homed()
    move = asyncio.create_task(rig.driver.move("m", (900, 50, -10), 300, 10))
    await rig.until(lambda: rig.reports[-1].state is MotionState.MOVING)
    stopped = await rig.driver.do("s", MotionVerb.STOP, 3)
    assert stopped.ok, stopped
    assert rig.sent("s") == b"!\x18" == verb_bytes(MotionVerb.STOP)
    cut = await move
    assert (cut.ok, cut.failure) == (False, "stopped")
    assert "cut short" in cut.detail
    assert stopped.values["position_trusted"] is True
    again = await rig.driver.move("m2", (100, 50, -10), 500, 10)
    assert again.ok, again


async def test_stop_of_an_idle_machine_is_confirmed(rig: Rig) -> None:
    await rig.homed()
    stopped = await rig.driver.do("s", MotionVerb.STOP, 3)
    assert stopped.ok, stopped
    assert stopped.values["position_trusted"] is True


async def test_resume_is_refused_where_nothing_is_held(rig: Rig) -> None:
    await rig.homed()
    refused = await rig.driver.do("r", MotionVerb.RESUME, 1)
    assert (refused.ok, refused.failure) == (False, "refused")
    assert rig.sent("r") == b""


async def test_unlocking_does_not_make_the_position_trusted(rig: Rig) -> None:
    await rig.link()
    assert rig.reports[-1].state is MotionState.FAULT
    cleared = await rig.driver.do("x", MotionVerb.CLEAR_FAULT, 2)
    assert cleared.ok, cleared
    assert rig.sent("x") == b"$X\n"
    assert cleared.values["position_trusted"] is False
    refused = await rig.driver.move("m", (100, 50, -10), 100, 5)
    assert refused.failure == "refused"


async def test_enable_sees_that_the_controller_is_awake(rig: Rig) -> None:
    await rig.link()
    assert (await rig.driver.do("e", MotionVerb.ENABLE, 2)).ok
