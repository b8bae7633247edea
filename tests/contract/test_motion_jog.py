"""Jogging: every driver with its simulated machine. Those that can hold to run do; the others refuse by capability."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delid.core import Axis, Finished, MotionState, MotionVerb
from delid.sim.robot import MissingOk, RobotScenario

sys.path.insert(0, str(Path(__file__).parent))
from motion_machines import KINDS, NEAR, Bench, Fault, bench

JOGGING = KINDS[:2]
EVERY = pytest.mark.parametrize("kind", JOGGING)
FEED_MM_S, HOLD_S, SPEED = 40.0, 0.3, 4.0
AHEAD_MM = 0.25 * FEED_MM_S
"""The most that the machine still travels once nobody tells it anything: the pieces it was given, and slowing down."""


class Person:
    """Presses, and holds for as long as ``holding``."""

    def __init__(self, machine: Bench) -> None:
        self.machine, self.holding = machine, True

    def press(self, axis: Axis = "x", to_mm: float = 2400.0, id: str = "j", **limits: float) -> asyncio.Task[Finished]:
        values = {"feed": FEED_MM_S, "hold_s": HOLD_S, "deadline_s": 20.0, **limits}
        driver = self.machine.driver
        jog = asyncio.create_task(driver.jog(id, axis, to_mm, values["feed"], values["hold_s"], values["deadline_s"]))
        self.finger = asyncio.create_task(self._finger(id, jog))
        return jog

    async def _finger(self, id: str, jog: asyncio.Task[Finished]) -> None:
        while self.holding and not jog.done():
            await asyncio.sleep(0.05)
            if self.holding:
                self.machine.driver.hold_jog(id, self.machine.driver.clock.now_s())

    @property
    def x_mm(self) -> float:
        return float(self.machine.logic.flange_mm()[0])


@contextlib.asynccontextmanager
async def person(kind: str, scenario: RobotScenario | None = None, *, proxied: bool = False) -> AsyncIterator[Person]:
    """A homed machine and somebody in front of it."""
    async with bench(kind, scenario, proxied=proxied, speed=SPEED) as machine:
        await machine.ready()
        somebody = Person(machine)
        try:
            yield somebody
        finally:
            somebody.holding = False
            if hasattr(somebody, "finger"):
                await somebody.finger


@pytest.mark.parametrize("kind", KINDS)
async def test_who_cannot_jog_says_so_and_sends_nothing(kind: str) -> None:
    async with bench(kind) as machine:
        await machine.ready()
        if machine.driver.capabilities.jog:
            return
        refused = await machine.driver.jog("j", "x", 100.0, 10.0, HOLD_S, 5.0)
        assert (refused.failure, refused.detail) == ("refused", "this controller cannot be jogged")
        machine.driver.hold_jog("j", 1.0)
        machine.driver.hold_jog("j", None)
        assert machine.rig.sent("j") == b""
        assert (await machine.driver.move("m", NEAR, 500, 5)).ok


@EVERY
async def test_it_creeps_while_held_and_stands_when_let_go(kind: str) -> None:
    async with person(kind) as ann:
        jog = ann.press()
        await ann.machine.under_way()
        await asyncio.sleep(0.6)
        assert not jog.done(), "a hold goes on for as long as it likes"
        at_mm = ann.x_mm
        ann.holding = False
        ann.machine.driver.hold_jog("j", None)
        done = await jog
        assert (done.ok, done.detail) == (True, "let go"), done
        assert not ann.machine.logic.moving
        assert 10 < ann.x_mm < at_mm + AHEAD_MM
        assert done.values["x_mm"] == pytest.approx(ann.x_mm, abs=0.01)
        assert (ann.machine.state, ann.machine.trusted) == (MotionState.IDLE, True)
        sent = ann.machine.rig.sent("j")
        assert sent.startswith(b"$J=G21G90G53X5.000F2400.0\n$J=G21G90G53X9.000F2400.0\n"), sent
        assert sent.endswith(b"\x85")
        assert (await ann.machine.driver.move("m", NEAR, 500, 5)).ok, "and the controller is as it was before"


@EVERY
async def test_the_drivers_own_dead_man(kind: str) -> None:
    """Whoever should have held is gone: the engine, the panel, a cable, a finger."""
    async with person(kind) as ann:
        jog = ann.press()
        await ann.machine.under_way()
        ann.holding = False
        last_s, at_mm = ann.machine.driver.clock.now_s(), ann.x_mm
        done = await jog
        assert (done.ok, done.detail) == (True, "no hold signal for 0.3 s"), done
        assert ann.machine.driver.clock.now_s() - last_s < HOLD_S + 2.0
        assert ann.x_mm < at_mm + HOLD_S * SPEED * FEED_MM_S + AHEAD_MM
        ann.machine.driver.hold_jog("j", ann.machine.driver.clock.now_s())
        stood_mm = ann.x_mm
        await asyncio.sleep(0.2)
        assert ann.x_mm == stood_mm, "a late signal moves nothing"


async def test_it_stops_at_the_limit() -> None:
    async with person(JOGGING[0]) as ann:
        done = await ann.press(to_mm=12.0)
        assert (done.ok, done.detail) == (True, ""), done
        assert ann.x_mm == pytest.approx(12.0, abs=0.03)


async def test_every_axis_and_back() -> None:
    async with person(JOGGING[0]) as ann:
        for number, (axis, to_mm) in enumerate((("y", 6.0), ("z", -6.0), ("y", 2.0), ("z", -2.0))):
            done = await ann.press(axis, to_mm, f"j{number}")
            assert done.ok, done
        assert ann.machine.logic.flange_mm() == pytest.approx((1.0, 2.0, -2.0), abs=0.03)


@EVERY
async def test_what_is_refused_never_reaches_the_wire(kind: str) -> None:
    async with bench(kind) as machine:
        await machine.rig.link()
        unhomed = await machine.driver.jog("j", "x", 100.0, 10.0, HOLD_S, 5.0)
        assert (unhomed.failure, "home" in unhomed.detail) == ("refused", True)
        await machine.ready()
        for axis, to_mm, feed in (("x", 2400.1, 10.0), ("y", -0.1, 10.0), ("z", 0.1, 10.0), ("x", 10.0, 601.0),
                                  ("x", float("nan"), 10.0), ("x", 10.0, 0.0)):  # fmt: skip
            refused = await machine.driver.jog("j", axis, to_mm, feed, HOLD_S, 5.0)
            assert refused.failure == "refused", refused
        assert machine.rig.sent("j") == b""


async def test_let_go_before_it_began_and_a_second_jog_beside_it() -> None:
    async with person(JOGGING[0]) as ann:
        driver = ann.machine.driver
        driver.hold_jog("early", None)
        assert (await driver.jog("early", "x", 100.0, 10.0, HOLD_S, 5.0)).detail == "let go"
        assert ann.machine.rig.sent("early") == b""
        jog = ann.press()
        await ann.machine.under_way()
        second = await driver.jog("k", "y", 100.0, 10.0, HOLD_S, 5.0)
        assert (second.failure, second.detail) == ("refused", "the controller is busy with j")
        driver.hold_jog("k", None)
        await asyncio.sleep(0.1)
        assert not jog.done(), "another one's finger"
        driver.hold_jog("j", None)
        assert (await jog).ok


@pytest.mark.parametrize(("kind", "verb"), [*zip(JOGGING, (MotionVerb.STOP, MotionVerb.HOLD), strict=True)])
async def test_stop_and_hold_end_a_jog_whoever_holds(kind: str, verb: MotionVerb) -> None:
    async with person(kind) as ann:
        jog = ann.press()
        await ann.machine.under_way()
        stopped = await ann.machine.driver.do("s", verb, 3)
        assert stopped.ok, stopped
        await jog
        assert not ann.machine.logic.moving
        stood_mm = ann.x_mm
        await asyncio.sleep(0.3)
        assert ann.x_mm == stood_mm
        assert ann.machine.trusted, "it could slow down first"


async def test_a_cancelled_jog_and_a_driver_that_ends_leave_nothing_moving() -> None:
    async with person(JOGGING[0]) as ann:
        jog = ann.press()
        await ann.machine.under_way()
        jog.cancel()
        await asyncio.gather(jog, return_exceptions=True)
        await ann.machine.rig.until(lambda: not ann.machine.logic.moving and ann.machine.state is MotionState.IDLE)
        jog = ann.press(id="k")
        await ann.machine.rig.until(lambda: ann.machine.logic.moving)
        await ann.machine.rig.close()
        await jog
        await ann.machine.rig.until(lambda: not ann.machine.logic.moving, 1.0)


@pytest.mark.parametrize(("kind", "fault"), [*zip(JOGGING, (Fault.BLACKHOLE, Fault.RESET), strict=True)])
async def test_without_the_wire_the_machine_stands_by_itself(kind: str, fault: Fault) -> None:
    """Killed, cut or hung: no byte reaches the controller any more, and it was never given more than a little."""
    async with person(kind, proxied=True) as ann:
        jog = ann.press()
        await ann.machine.under_way()
        await asyncio.sleep(0.2)
        ann.machine.proxy.set(fault)
        cut_mm = ann.x_mm
        await asyncio.sleep(0.5)
        assert not ann.machine.logic.moving
        assert ann.x_mm < cut_mm + AHEAD_MM
        failed = await jog
        assert not failed.ok
        assert failed.failure in ("link", "timeout"), failed


@pytest.mark.parametrize(
    ("kind", "failure"),
    [("grbl 1.1", "alarm"), ("grblHAL", "alarm"), ("grblHAL", "reset"), ("grblHAL", "door"), ("grbl 1.1", "door")],
)
async def test_an_alarm_a_restart_and_an_open_door_end_it(kind: str, failure: str) -> None:
    async with person(kind) as ann:
        jog = ann.press()
        await ann.machine.under_way()
        logic = ann.machine.logic
        ends = {
            "alarm": lambda: logic.raise_alarm(1),
            "reset": logic.reboot,
            "door": lambda: logic.set_permitted(False),
        }
        ends[failure]()
        failed = await jog
        assert (failed.ok, failed.failure) == (False, failure), failed
        await ann.machine.rig.until(lambda: not logic.moving)


async def test_an_answer_that_never_comes_ends_it_standing() -> None:
    async with person(JOGGING[0], RobotScenario(faults=[MissingOk(kind="missing_ok", at_move=2)])) as ann:
        failed = await ann.press(deadline_s=0.8)
        assert (failed.ok, failed.failure) == (False, "timeout"), failed
        assert not ann.machine.logic.moving
        assert len(ann.machine.logic.move_starts_s) == 2


@EVERY
async def test_a_refusal_of_the_controller_is_an_error_and_it_stands(kind: str) -> None:
    """The controller's own limits are narrower than the cell's."""
    async with person(kind) as ann:
        machine = ann.machine.logic.machine
        reaches = type(machine).reaches
        try:
            type(machine).reaches = lambda self, at_mm: at_mm[0] < 8.0
            failed = await ann.press()
        finally:
            type(machine).reaches = reaches
        assert (failed.ok, failed.failure) == (False, "error"), failed
        assert not ann.machine.logic.moving
        assert (await ann.machine.driver.move("m", NEAR, 500, 5)).ok, "the error is not repeated for ever"
