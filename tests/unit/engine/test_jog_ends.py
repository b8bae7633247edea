"""What ends a jog, and that nothing takes it up again."""

from __future__ import annotations

import dataclasses

import pytest
from jog_kit import JOG_RULES, ends, hold, jogging, manual, press

from delid.core import (
    CancelCommand,
    Command,
    DoMotion,
    Finished,
    HoldJog,
    Jog,
    JogReleased,
    LinkChanged,
    MotionReported,
    MotionState,
    MotionVerb,
    Record,
    State,
)


@pytest.mark.parametrize(
    "change",
    [{"estop_ok": False}, {"guard_closed": False}, {"smoke": True}, {"pack_temperature_c": 80.0}, {"gas_ppm": 90},
     {"watchdog_ok": False}],
)  # fmt: skip
def test_what_aborts_a_run_aborts_a_jog(change):
    world = jogging()
    world.set_tags(**change)
    assert world.packml is State.ABORTED
    assert world.state.jog is None
    assert MotionVerb.STOP in [e.verb for e in world.of(DoMotion)]
    assert world.of(CancelCommand)
    hold(world, 1.0)
    assert len(world.of(Jog)) == 1


@pytest.mark.parametrize("device", ["plc", "motion"])
def test_a_lost_link_aborts_a_jog_and_its_return_moves_nothing(device):
    world = jogging()
    world.feed(LinkChanged(world.now, device, False, "cable"))
    assert world.packml is State.ABORTED
    world.feed(LinkChanged(world.now, device, True))
    world.feed(world.report())
    hold(world, 1.0)
    assert len(world.of(Jog)) == 1
    assert world.state.jog is None


@pytest.mark.parametrize(
    "report",
    [MotionReported(0, MotionState.FAULT, (0, 0, 0), False, "limit"),
     MotionReported(0, MotionState.IDLE, (0, 0, 0), False)],
)  # fmt: skip
def test_a_robot_that_locks_or_forgets_its_place_aborts_a_jog(report):
    world = jogging()
    world.feed(dataclasses.replace(report, at_s=world.now))
    assert world.packml is State.ABORTED


@pytest.mark.parametrize("cause", ["permission", "journal", "hold", "suspend"])
def test_a_hold_ends_the_jog_and_going_on_does_not_take_it_up_again(cause):
    world = jogging()
    if cause == "permission":
        world.set_tags(motion_permitted=False)
    elif cause == "journal":
        world.feed(LinkChanged(world.now, "journal", False, "disk full"))
    else:
        world.command(Command.HOLD if cause == "hold" else Command.SUSPEND)
    assert world.packml is (State.SUSPENDED if cause == "suspend" else State.HELD)
    assert len(ends(world)) == 1
    assert not [e for e in world.of(DoMotion) if e.verb in (MotionVerb.HOLD, MotionVerb.STOP)], (
        "the jog's own end is enough"
    )
    world.set_tags(motion_permitted=True)
    world.feed(LinkChanged(world.now, "journal", True))
    world.command(Command.UNSUSPEND if cause == "suspend" else Command.UNHOLD)
    assert world.packml is State.EXECUTE
    hold(world, 1.0)
    assert len(world.of(Jog)) == 1


def test_holding_waits_for_the_standstill():
    world = jogging(answer=lambda effect, world: "withhold" if isinstance(effect, HoldJog) else None)
    world.command(Command.HOLD)
    assert world.packml is State.HOLDING
    world.feed(Finished(world.now, world.of(Jog)[0].id, True))
    assert world.packml is State.HELD


@pytest.mark.parametrize(("command", "state"), [(Command.STOP, State.STOPPED), (Command.ABORT, State.ABORTED)])
def test_stop_and_abort_take_the_stops_own_path(command, state):
    world = jogging()
    world.command(command)
    assert world.packml is state
    assert MotionVerb.STOP in [e.verb for e in world.of(DoMotion)]
    assert (world.state.jog, world.state.outcome) == (None, "stopped" if command is Command.STOP else "aborted")


def test_a_jog_whose_end_nobody_confirms_aborts():
    world = jogging(answer=lambda effect, world: "withhold" if isinstance(effect, HoldJog) else None)
    world.feed(JogReleased(world.now, "p1"))
    world.wait(JOG_RULES.stop_timeout_s + 2.5)
    assert world.packml is State.ABORTED
    assert [a.code for a in world.state.alarms] == ["jog.failed"]
    assert MotionVerb.STOP in [e.verb for e in world.of(DoMotion)]


@pytest.mark.parametrize("failure", ["alarm", "reset", "door", "link", "timeout", "stopped", "fault"])
def test_a_jog_that_did_not_end_in_order_aborts(failure):
    world = jogging()
    world.feed(Finished(world.now, world.of(Jog)[0].id, False, failure, "why"))
    assert world.packml is State.ABORTED
    assert world.state.alarms[0].code == "jog.failed"


@pytest.mark.parametrize("failure", ["refused", "error", "journal"])
def test_a_jog_that_never_moved_is_told_and_another_may_follow(failure):
    world = jogging()
    world.feed(Finished(world.now, world.of(Jog)[0].id, False, failure, "limit of the controller"))
    assert world.packml is State.EXECUTE
    assert ends(world) == ["limit of the controller"]
    assert press(world, "p2")["accepted"]


def test_a_driver_whose_own_dead_man_was_first_is_believed():
    world = jogging()
    world.feed(
        Finished(world.now, world.of(Jog)[0].id, True, detail="no hold signal for 0.3 s", values={"x_mm": 123.0})
    )
    assert world.records("jog_end")[-1] == {
        "press": "p1", "axis": "x", "ok": True, "cause": "no hold signal for 0.3 s", "x_mm": 123.0,
    }  # fmt: skip
    hold(world, 0.3)
    assert len(world.of(Jog)) == 1


def test_ids_are_used_once_over_many_presses():
    world = manual()
    for number in range(120):
        assert press(world, f"p{number}")["accepted"]
        hold(world, 0.2, f"p{number}")
        world.feed(JogReleased(world.now, f"p{number}"))
    ids = [e.id for e in world.effects if not isinstance(e, Record)]
    assert len(ids) == len(set(ids))
    assert len(world.state.presses) == 100, "old names are forgotten"
