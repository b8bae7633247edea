"""Manual mode in the reducer: hold to run, the dead man, limits, reduced speed, and when a press is refused."""

from __future__ import annotations

import dataclasses

import pytest
from jog_kit import JOG_RULES, ends, hold, manual, press

from delid.core import (
    Command,
    DoMotion,
    HoldJog,
    Jog,
    JogHeld,
    JogPressed,
    JogReleased,
    Mode,
    MotionVerb,
    Move,
    State,
    TagsRead,
    Ticked,
)


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
