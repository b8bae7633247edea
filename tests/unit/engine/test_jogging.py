"""Manual mode in the reducer: hold to run, the dead man, limits, reduced speed, and everything that ends a jog."""

from __future__ import annotations

import dataclasses

import pytest
from harness import RULES, World, bolt_step, plan_of

from delid.core import (
    CancelCommand,
    Command,
    DoMotion,
    Finished,
    HoldJog,
    Jog,
    JogHeld,
    JogPressed,
    JogReleased,
    LinkChanged,
    Mode,
    ModeSelected,
    MotionReported,
    MotionState,
    MotionVerb,
    Move,
    Record,
    State,
    TagsRead,
    Ticked,
)
from delid.engine import EngineState

LIMITS = {"x": (0.0, 2400.0), "y": (0.0, 1900.0), "z": (-600.0, 0.0)}
JOG_RULES = dataclasses.replace(RULES, can_jog=True, limits_mm=LIMITS, jog_feed_mm_s=40.0, jog_hold_s=0.3)


def manual(rules=JOG_RULES, answer=lambda effect, world: None, pose_mm=(100.0, 200.0, -50.0), start=True) -> World:
    """Homed, in the mode manual and, with ``start``, in Execute."""
    world = World(plan_of(bolt_step(1)), answer=answer)
    world.state = EngineState(rules=rules, now_s=0.0)
    world.connect()
    world.feed(ModeSelected(0.0, Mode.MANUAL, "test"))
    world.command(Command.RESET)
    world.feed(dataclasses.replace(world.report(), pose_mm=pose_mm))
    if start:
        world.command(Command.START)
        assert world.packml is State.EXECUTE, world.records("command")
    return world


def press(world: World, name="p1", axis="x", forward=True, feed_mm_s=None, by="Ann") -> dict:
    world.feed(JogPressed(world.now, name, axis, forward, by, feed_mm_s))
    return world.records("jog")[-1]


def hold(world: World, for_s: float, name="p1", every_s=0.1) -> None:
    """Signals as a client sends them."""
    for _ in range(round(for_s / every_s)):
        at_s = world.now + every_s
        world.feed(TagsRead(at_s, dict(world.tags)))
        world.feed(JogHeld(at_s, name))


def ends(world: World) -> list[str]:
    return [r["cause"] for r in world.records("jog_end")]


def test_after_the_start_in_manual_nothing_moves_by_itself():
    world = manual()
    world.wait(30)
    assert world.of(Move, Jog) == []
    assert world.packml is State.EXECUTE
    assert [e.verb for e in world.of(DoMotion)] == [MotionVerb.ENABLE, MotionVerb.HOME], (
        "a person's reset, nothing else"
    )


@pytest.mark.parametrize(
    ("axis", "forward", "to_mm"),
    [("x", True, 2400.0), ("x", False, 0.0), ("y", True, 1900.0), ("y", False, 0.0), ("z", True, 0.0),
     ("z", False, -600.0)],
)  # fmt: skip
def test_a_press_creeps_towards_the_cells_own_limit(axis, forward, to_mm):
    world = manual()
    assert press(world, axis=axis, forward=forward)["accepted"]
    (jog,) = world.of(Jog)
    assert (jog.axis, jog.to_mm, jog.feed_mm_s, jog.hold_s) == (axis, to_mm, 40.0, 0.3)


def test_it_runs_while_signals_come_and_ends_when_the_person_lets_go():
    world = manual()
    press(world)
    hold(world, 5.0)
    signals = world.of(HoldJog)
    assert len(signals) == 50
    assert all(s.held_at_s is not None and s.jog == world.of(Jog)[0].id for s in signals)
    world.feed(JogReleased(world.now, "p1"))
    assert world.of(HoldJog)[-1].held_at_s is None
    assert ends(world) == ["let go"]
    assert (world.packml, world.state.jog, dict(world.state.pending)) == (State.EXECUTE, None, {})
    assert world.state.alarms == ()


@pytest.mark.parametrize("event", [Ticked, lambda at_s: JogHeld(at_s, "p1"), lambda at_s: JogHeld(at_s, "other")])
def test_the_dead_man_ends_it_with_whatever_event_comes_next(event):
    world = manual()
    press(world)
    hold(world, 1.0)
    last_s = world.now
    world.feed(event(last_s + 0.25))
    assert ends(world) == []
    world.feed(TagsRead(last_s + 0.25 + 0.31, dict(world.tags)))
    assert ends(world) == ["no hold signal for 0.3 s"]
    assert world.packml is State.EXECUTE


def test_a_signal_after_the_dead_man_is_none_even_if_nobody_looked_in_between():
    """The engine stood still while signals were missing: the first one after the gap must not go on."""
    world = manual()
    press(world)
    hold(world, 0.5)
    world.feed(JogHeld(world.now + 0.35, "p1"))
    assert world.of(HoldJog)[-1].held_at_s is None
    assert ends(world) == ["no hold signal for 0.3 s"]


@pytest.mark.parametrize("first", ["let go", "dead man"])
def test_a_press_that_is_over_never_moves_again(first):
    world = manual()
    press(world)
    if first == "let go":
        world.feed(JogReleased(world.now, "p1"))
    else:
        world.wait(1)
    hold(world, 1.0)
    assert press(world)["reasons"] == ["this press is over; let go and press again"]
    assert len(world.of(Jog)) == 1
    assert press(world, "p2")["accepted"]


def test_a_press_that_was_refused_does_not_begin_when_the_reason_goes():
    world = manual(start=False)
    assert not press(world)["accepted"]
    world.command(Command.START)
    hold(world, 1.0)
    assert not press(world)["accepted"]
    assert world.of(Jog) == []


def test_a_press_that_is_let_go_before_it_arrives_never_begins():
    world = manual()
    world.feed(JogReleased(world.now, "p1"))
    assert not press(world)["accepted"]


def test_one_person_at_a_time():
    world = manual()
    press(world, "ann")
    assert press(world, "bob", by="Bob")["reasons"] == ["the jog before has not ended"]
    hold(world, 0.2, "bob")
    world.feed(JogReleased(world.now, "bob"))
    assert ends(world) == [], "Bob's finger neither holds nor ends Ann's jog"
    world.wait(0.2)
    assert ends(world) == ["no hold signal for 0.3 s"]


def test_nobody_holds_for_ever():
    world = manual()
    press(world)
    hold(world, 61.0)
    assert ends(world) == ["held for 60 s; press again to go on"]


# --- when a press is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.PRODUCTION, Mode.MAINTENANCE])
@pytest.mark.parametrize("state", list(State))
def test_no_jog_outside_manual(mode, state):
    world = manual(start=False)
    world.state = dataclasses.replace(world.state, mode=mode, packml=state)
    world.effects.clear()
    assert press(world)["reasons"] == [f"jogging needs the mode manual, this is {mode.value}"]
    assert world.of(Jog) == []


@pytest.mark.parametrize("state", [s for s in State if s is not State.EXECUTE])
def test_no_jog_outside_execute(state):
    world = manual(answer=lambda e, w: None)
    world.answer = lambda effect, world: "withhold"
    world.state = dataclasses.replace(world.state, packml=state)
    assert press(world)["reasons"] == [f"jogging needs Execute, this is {state.value}"]
    assert world.of(Jog) == []


def test_no_jog_with_a_robot_that_cannot():
    world = manual(dataclasses.replace(JOG_RULES, can_jog=False))
    assert "cannot be jogged" in press(world)["reasons"][0]


@pytest.mark.parametrize("feed_mm_s", [40.1, 0.0, -5.0, float("nan"), float("inf")])
def test_no_jog_beyond_the_reduced_speed(feed_mm_s):
    world = manual()
    assert "the reduced speed of this cell" in press(world, feed_mm_s=feed_mm_s)["reasons"][0]
    assert world.of(Jog) == []


def test_slower_is_allowed():
    world = manual()
    press(world, feed_mm_s=5.0)
    assert world.of(Jog)[0].feed_mm_s == 5.0


@pytest.mark.parametrize(
    ("pose_mm", "axis", "forward"),
    [((2400.0, 0, 0), "x", True), ((-0.01, 0, 0), "x", False), ((0, 0, 0), "z", True)],
)
def test_no_jog_beyond_the_limits(pose_mm, axis, forward):
    world = manual(pose_mm=pose_mm)
    assert "stands at its limit" in press(world, axis=axis, forward=forward)["reasons"][0]
    assert press(world, "back", axis=axis, forward=not forward)["accepted"], "back inside is always possible"


def test_no_jog_from_an_unknown_place():
    world = manual(pose_mm=None)
    assert press(world)["reasons"] == ["the robot does not say where it stands"]


def test_no_jog_on_old_values():
    world = manual()
    world.feed(JogPressed(world.now + 1.5, "p1", "x", True, "Ann"))
    assert "PLC values fresh" in world.records("jog")[-1]["reasons"][0]
    assert world.of(Jog) == []


@pytest.mark.parametrize(
    ("tags", "state"), [({"motion_permitted": False}, State.HELD), ({"smoke": True}, State.ABORTED)]
)
def test_no_jog_while_an_interlock_is_broken(tags, state):
    world = manual()
    world.set_tags(**tags)
    assert press(world)["reasons"] == [f"jogging needs Execute, this is {state.value}"]
    assert world.of(Jog) == []


# --- what ends a jog -------------------------------------------------------------------------------------------------


def jogging(answer=lambda effect, world: None) -> World:
    world = manual(answer=answer)
    press(world)
    hold(world, 0.2)
    return world


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
