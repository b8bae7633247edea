"""Modes: where they may be changed, what they refuse, and maintenance, in which nothing begins without a person."""

from __future__ import annotations

import dataclasses

import pytest
from harness import RULES, World, bolt_step, look_step, plan_of

from delid.core import (
    COMMANDED,
    MODE_CHANGE_STATES,
    PACKTAGS_MODES,
    Command,
    CommandAct,
    Condition,
    Finished,
    LinkChanged,
    Mode,
    ModeSelected,
    Move,
    MoveAct,
    Record,
    RunCommand,
    Started,
    State,
    allowed_commands,
)
from delid.engine import EngineState, snapshot
from delid.engine._modes import words

PLAN = plan_of(bolt_step(1), bolt_step(2), look_step(2))
DO, STOP = "do it", "stop here"


def select(world: World, mode: Mode) -> dict:
    world.feed(ModeSelected(world.now, mode, "test"))
    return world.records("mode")[-1]


def maintenance(plan=PLAN, **options) -> World:
    world = World(plan, **options)
    world.connect()
    assert select(world, Mode.MAINTENANCE)["accepted"]
    world.command(Command.RESET)
    world.command(Command.START)
    return world


def test_a_process_begins_in_production_whatever_happened_before():
    for event in (Started(0.0), Started(0.0, "r1", "p/standard/lid_bolts/lid.02")):
        world = World(PLAN)
        world.feed(event)
        assert world.state.mode is Mode.PRODUCTION


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("mode", list(Mode))
def test_a_mode_is_changed_only_where_nothing_is_under_way(state, mode):
    world = World(PLAN, answer=lambda e, w: "withhold", trusted=True)
    world.connect()
    world.state = dataclasses.replace(world.state, packml=state)
    record = select(world, mode)
    allowed = state in (State.STOPPED, State.IDLE, State.ABORTED)
    assert (state in MODE_CHANGE_STATES) is allowed
    assert record["accepted"] is allowed
    assert world.state.mode is (mode if allowed else Mode.PRODUCTION)
    if not allowed:
        assert state.value in record["reasons"][0]


@pytest.mark.parametrize("mode", list(Mode))
def test_choosing_a_mode_moves_nothing_and_sends_nothing(mode):
    world = World(PLAN)
    world.connect()
    world.effects.clear()
    select(world, mode)
    world.wait(2)
    assert all(isinstance(e, Record) for e in world.effects)
    assert world.packml is State.STOPPED


def test_the_next_run_of_the_same_process_keeps_the_mode():
    world = World(PLAN)
    world.feed(Started(0.0, mode=Mode.MANUAL))
    assert world.state.mode is Mode.MANUAL


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("state", list(State))
def test_manual_lacks_complete_and_nothing_else(state, mode):
    table = {c for c in Command if (state, c) in COMMANDED}
    assert set(allowed_commands(state, mode)) == table - ({Command.COMPLETE} if mode is Mode.MANUAL else set())


def test_the_numbers_of_the_modes_are_those_of_packtags():
    assert PACKTAGS_MODES == {Mode.PRODUCTION: 1, Mode.MAINTENANCE: 2, Mode.MANUAL: 3}


# --- maintenance -----------------------------------------------------------------------------------------------------


def test_no_step_begins_before_a_person_confirms_it():
    world = maintenance()
    begun = []
    for step in PLAN.steps:
        question = world.state.question
        assert (world.packml, question.step, question.answers) == (State.HELD, step.key, (DO, STOP))
        before = [e for e in world.effects if not isinstance(e, Record)]
        world.wait(60)
        assert [e for e in world.effects if not isinstance(e, Record)] == before, "time alone begins nothing"
        world.reply_to_question(DO)
        begun.append(step.key)
        assert [r["key"] for r in world.records("step")] == begun, "one step, and no more"
    assert world.state.question.step is None
    assert "clamp" in world.state.question.text
    assert [e for e in world.of(RunCommand) if e.name == "open_clamp"] == []
    world.reply_to_question(DO)
    assert (world.packml, world.state.outcome) == (State.COMPLETE, "dismantled")
    ids = [e.id for e in world.effects if not isinstance(e, Record)]
    assert len(ids) == len(set(ids))


def test_the_question_says_what_the_step_will_do():
    world = maintenance()
    question = world.state.question
    assert "Loosen lid.01" in question.text
    assert question.reasons == (
        "1. move to 100, 50, -20 mm at 500 mm/s",
        "2. move to 100, 50, -300 mm at 60 mm/s",
        "3. unfasten, torque_nm 12, impact 0",
        "4. move to 100, 50, -20 mm at 500 mm/s",
    )
    assert words(MoveAct((1.5, 2.0, 3.0), 10)) == "move to 1.5, 2, 3 mm at 10 mm/s"
    assert words(CommandAct("fit_tool", {"tool_number": 2})) == "fit tool, tool_number 2"


def test_a_person_ends_it_before_a_step():
    world = maintenance()
    world.reply_to_question(DO)
    moves = len(world.of(Move))
    world.reply_to_question(STOP)
    assert (world.packml, world.state.outcome) == (State.STOPPED, "stopped")
    assert world.records("end")[-1]["steps_done"] == 1
    assert len(world.of(Move)) == moves


def test_unhold_is_no_confirmation():
    world = maintenance()
    world.command(Command.UNHOLD)
    assert world.records("command")[-1]["reasons"] == ["answer the question first"]
    assert world.packml is State.HELD


def test_a_step_done_again_is_asked_for_again():
    """The look finds the first bolt still in its hole, so that it is loosened once more: another step, another word."""
    world = maintenance()
    for _ in PLAN.steps[:2]:
        world.reply_to_question(DO)
    world.removed.discard("lid.01")
    world.reply_to_question(DO)
    assert world.packml is State.HELD
    assert world.state.question.step == "p/standard/lid_bolts/lid.01"


def test_what_was_confirmed_before_a_hold_is_asked_again():
    """A confirmation is for now: if the run is held before the step begins, it is void."""
    plan = plan_of(bolt_step(1), permissives=(Condition("extraction_on", equals=True),))
    world = maintenance(plan)
    world.set_tags(extraction_on=False)
    world.reply_to_question(DO)
    assert world.packml is State.HELD
    assert world.state.confirmed is None
    world.set_tags(extraction_on=True)
    moves = len(world.of(Move))
    world.command(Command.UNHOLD)
    assert world.state.question.step == plan.steps[0].key
    assert len(world.of(Move)) == moves
    world.reply_to_question(DO)
    assert world.records("step")[-1]["status"] == "done"


def test_a_stop_and_an_abort_void_the_question():
    for command, state in ((Command.STOP, State.STOPPED), (Command.ABORT, State.ABORTED)):
        world = maintenance()
        world.command(command)
        assert (world.packml, world.state.question, world.state.confirmed) == (state, None, None)


def test_a_question_of_the_recipe_is_none_about_the_next_step():
    """A seized bolt asks as in production; the answer belongs to it."""

    def seize(effect, world):
        turned = isinstance(effect, RunCommand) and effect.name == "unfasten"
        return world.fail(effect, "seized") if turned else None

    world = maintenance(plan_of(bolt_step(1, on_failure={"seized": ()})), answer=seize)
    world.reply_to_question(DO)
    assert "done by hand" in world.state.question.answers
    world.reply_to_question("done by hand")
    assert world.state.question.step is None, "the last step is over; next is putting away"


def test_production_asks_nothing():
    world = World(PLAN)
    world.start()
    assert world.packml is State.COMPLETE
    assert world.records("question") == []


# --- putting the tool up before it travels ---------------------------------------------------------------------------


def test_a_start_goes_straight_up_first_where_the_tool_stands_low():
    """A person may have left it between parts: by hand, by jogging, by a stop in the middle of a step."""
    world = World(PLAN, trusted=True)
    world.connect()
    world.command(Command.RESET)
    low = dataclasses.replace(world.report(), pose_mm=(400.0, 300.0, -310.0))
    world.feed(low)
    world.command(Command.START)
    up, park = world.of(Move)[:2]
    assert (up.to_mm, park.to_mm) == ((400.0, 300.0, RULES.safe_z_mm), RULES.park_mm)


# --- what people see -------------------------------------------------------------------------------------------------


def test_the_snapshot_shows_mode_and_choices(repository):
    from delid.config import load_cell

    cell = load_cell(repository / "cell_configs/cells/demo.yaml")
    state = EngineState(rules=RULES, now_s=0.0)
    shown = snapshot(state, cell, "r", 0.0)
    assert (shown["mode"], shown["modes"], shown["jog"]) == (
        "production",
        ["production", "maintenance", "manual"],
        None,
    )
    running = dataclasses.replace(state, packml=State.EXECUTE, mode=Mode.MAINTENANCE)
    assert snapshot(running, cell, "r", 0.0)["modes"] == ["maintenance"]
    manual = snapshot(dataclasses.replace(state, mode=Mode.MANUAL), cell, "r", 0.0)
    assert manual["jog"]["why_not"] == ["jogging needs Execute, this is Stopped"]
    assert Command.COMPLETE.value not in manual["allowed"]


def test_a_lost_link_in_maintenance_is_what_it_is_in_production():
    world = maintenance()
    world.feed(LinkChanged(world.now, "motion", False, "cable"))
    assert world.packml is State.ABORTED
    world.feed(LinkChanged(world.now, "motion", True))
    world.feed(world.report())
    world.effects.clear()
    world.wait(5)
    world.feed(Finished(world.now, "nothing", True))
    assert all(isinstance(e, Record) for e in world.effects)
