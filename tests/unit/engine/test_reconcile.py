"""After a run that broke off: the list, the questions before a reset, and what the next run of the pack knows."""

from __future__ import annotations

import dataclasses

import pytest
from harness import World, bolt_step, look_step, plan_of

from delid.core import (
    Answered,
    Command,
    CommandAct,
    Decide,
    Effect,
    Finished,
    ItemStatus,
    Move,
    MoveAct,
    PackState,
    Reconciliation,
    RunCommand,
    Started,
    State,
    Step,
    Verb,
    reconcile,
)

UP, DOWN = (300.0, 50.0, -20.0), (300.0, 50.0, -300.0)
LIFT = Step(
    "p/standard/lift_lid", Verb.LIFT, "lift_lid", "Lift the lid",
    (MoveAct(DOWN, 60), CommandAct("hold_part"), MoveAct(UP, 500)),
)  # fmt: skip
PLACE = Step(
    "p/standard/set_lid_down", Verb.PLACE, "set_lid_down", "Set the lid down",
    (MoveAct(DOWN, 60), CommandAct("release_part"), MoveAct(UP, 500)), contact=False,
)  # fmt: skip
MODULE = Step(
    "p/standard/take/module.01", Verb.PICK, "take", "Take out module.01",
    (CommandAct("hold_part"), CommandAct("release_part")), targets=("module.01",),
)  # fmt: skip
PLAN = plan_of(bolt_step(1), bolt_step(2), look_step(2), LIFT, PLACE, MODULE)
STEPS = [step.key for step in PLAN.steps if "seen_empty" not in step.key]


def broken_at(key: str, command: str | None = None) -> World:
    """A run that was aborted while this command, or the first move, of a step was under way."""

    def withhold(effect: Effect, world: World) -> str | None:
        wanted = isinstance(effect, RunCommand) and effect.name == command if command else isinstance(effect, Move)
        return "withhold" if wanted and getattr(effect, "id", "").startswith(f"{key}#") else None

    world = World(PLAN, withhold)
    world.start()
    assert world.withheld, world.packml
    world.answer = lambda effect, world: None
    world.command(Command.ABORT)
    assert world.packml is State.ABORTED
    return world


def found(world: World) -> Reconciliation:
    assert world.state.leftover.reconciliation is not None
    return world.state.leftover.reconciliation


def statuses(world: World) -> dict[str, str]:
    return {item.key.removeprefix("p/standard/"): item.status.value for item in found(world).items}


CASES: list[tuple[str, str | None, list[str], str]] = [
    # step, command under way; status of both bolts, lid up, lid down, module; what is asked about
    ("lid_bolts/lid.01", None, ["todo", "todo", "todo", "todo", "todo"], ""),
    ("lid_bolts/lid.01", "unfasten", ["unknown", "todo", "todo", "todo", "todo"], "lid.01"),
    ("lid_bolts/lid.02", None, ["done", "todo", "todo", "todo", "todo"], ""),
    ("lift_lid", None, ["done", "done", "todo", "todo", "todo"], ""),
    ("lift_lid", "hold_part", ["done", "done", "unknown", "todo", "todo"], "lid"),
    ("set_lid_down", None, ["done", "done", "unknown", "unknown", "todo"], "lid"),
    ("set_lid_down", "release_part", ["done", "done", "unknown", "unknown", "todo"], "lid"),
    ("take/module.01", "hold_part", ["done", "done", "done", "done", "unknown"], "module.01"),
    ("take/module.01", "release_part", ["done", "done", "done", "done", "unknown"], "module.01"),
]


@pytest.mark.parametrize(("step", "command", "wanted", "asked"), CASES, ids=[f"{c[0]} {c[1] or 'move'}" for c in CASES])
def test_the_list_after_an_abort(step: str, command: str | None, wanted: list[str], asked: str):
    world = broken_at(f"p/standard/{step}", command)
    assert list(statuses(world).values()) == wanted
    if set(wanted) == {"todo"}:
        assert world.state.question is None
        return
    assert found(world).in_flight
    assert world.reconcile() == ["the pack", *([asked] if asked else [])]


def test_the_person_is_asked_before_a_reset_and_nothing_moves():
    world = broken_at("p/standard/lift_lid", "hold_part")
    world.effects.clear()
    assert world.state.question is not None
    assert world.state.question.reasons == ("under way when it broke off: hold_part",)
    assert "2 done, 1 unknown, 2 to do" in world.state.question.text
    world.command(Command.CLEAR)
    assert world.packml is State.STOPPED
    world.command(Command.RESET)
    assert world.packml is State.STOPPED
    assert "answer the questions" in str(world.records("command")[-1]["reasons"])
    world.reply_to_question("same pack")
    assert world.state.question.text == (
        "Lift the lid: hold part was sent, and its end is not known. Look at the pack: is it done?"
        " See that nothing hangs at the tool."
    )
    world.command(Command.RESET)
    assert world.packml is State.STOPPED
    world.reply_to_question("not done")
    assert world.state.question is None
    assert world.packml is State.STOPPED
    assert world.of(Move) == []
    world.command(Command.RESET)
    assert world.packml is State.IDLE


def decided_with(world: World) -> PackState | None:
    return world.of(Decide)[-1].carried


NEXT: list[tuple[str, str | None, str, PackState]] = [
    ("lift_lid", "hold_part", "done", PackState("p", ("lid.01", "lid.02"), True)),
    ("lift_lid", "hold_part", "not done", PackState("p", ("lid.01", "lid.02"))),
    ("set_lid_down", None, "done", PackState("p", ("lid.01", "lid.02"), True)),
    ("set_lid_down", None, "not done", PackState("p", ("lid.01", "lid.02"))),
    ("take/module.01", "release_part", "done", PackState("p", ("lid.01", "lid.02"), True, ("module.01",))),
    ("take/module.01", "hold_part", "not done", PackState("p", ("lid.01", "lid.02"), True)),
    ("lid_bolts/lid.01", "unfasten", "done", PackState("p", ("lid.01",))),
    ("lid_bolts/lid.01", "unfasten", "let the camera decide", PackState("p")),
    ("lid_bolts/lid.02", None, "done", PackState("p")),  # the camera has not seen lid.01 empty yet
]


@pytest.mark.parametrize(("step", "command", "answer", "wanted"), NEXT, ids=[f"{n[0]} {n[1]} {n[2]}" for n in NEXT])
def test_the_next_run_plans_with_what_was_confirmed(step: str, command: str | None, answer: str, wanted: PackState):
    world = broken_at(f"p/standard/{step}", command)
    world.reconcile(answer)
    world.removed |= set(wanted.removed)
    world.command(Command.CLEAR)
    world.command(Command.RESET)
    world.command(Command.START)
    assert decided_with(world) == wanted
    assert world.packml is State.COMPLETE
    world.command(Command.RESET)
    assert world.state.leftover.carried is None, "the pack was dismantled"


def test_another_pack_begins_with_nothing():
    world = broken_at("p/standard/lift_lid", "hold_part")
    world.reply_to_question("another pack")
    assert world.state.question is None
    assert world.records("reconciled")[-1]["same_pack"] is False
    world.command(Command.CLEAR)
    world.command(Command.RESET)
    world.command(Command.START)
    assert decided_with(world) is None


def test_what_is_known_is_kept_over_several_runs_and_asked_about_again():
    world = broken_at("p/standard/take/module.01", "hold_part")
    world.reconcile()
    world.command(Command.CLEAR)
    world.command(Command.RESET)
    world.command(Command.STOP)
    assert world.packml is State.STOPPED
    assert world.reconcile() == ["the pack"], "it may have been changed since"
    world.command(Command.RESET)
    world.command(Command.START)
    assert decided_with(world) == PackState("p", ("lid.01", "lid.02"), True, ("module.01",))


def test_an_answer_to_another_question_is_refused():
    world = broken_at("p/standard/lift_lid", "hold_part")
    world.feed(Answered(world.now, "q.left.pack.0", "same pack", "test"))
    world.feed(Answered(world.now, world.state.question.id, "perhaps", "test"))
    assert [a["accepted"] for a in world.records("answer")] == [False, False]
    assert found(world).same_pack is None


def test_an_abort_while_a_question_is_open_asks_it_again():
    world = broken_at("p/standard/lift_lid", "hold_part")
    first_id = world.state.question.id
    world.command(Command.CLEAR)
    world.command(Command.ABORT)
    assert world.packml is State.ABORTED
    assert world.state.question is not None
    assert world.state.question.id != first_id
    assert world.reconcile() == ["the pack", "lid"]


def test_a_late_confirmation_changes_nothing():
    """The robot and the PLC were told to stop; how far the command came is for a person to see."""
    world = broken_at("p/standard/lid_bolts/lid.01", "unfasten")
    before = world.state
    world.feed(Finished(world.now, world.withheld[0].id, True))
    assert world.state == before


def test_a_command_that_was_refused_is_not_unknown():
    def refuse(effect: Effect, world: World) -> Finished | None:
        unfasten = isinstance(effect, RunCommand) and effect.name == "unfasten"
        return world.fail(effect, "refused", "busy") if unfasten else None

    world = World(PLAN, refuse)
    world.start()
    assert world.packml is State.HELD
    world.command(Command.ABORT)
    assert set(statuses(world).values()) == {"todo"}
    assert world.state.question is None


def test_a_failed_step_is_unknown_only_where_the_part_may_have_moved():
    def fails(kind: str) -> World:
        def answer(effect: Effect, world: World) -> Finished | None:
            hold = isinstance(effect, RunCommand) and effect.name == "hold_part" and "lift" in effect.id
            return world.fail(effect, kind) if hold else None

        world = World(PLAN, answer)
        world.start()
        assert world.packml is State.HELD
        world.command(Command.STOP)
        return world

    assert statuses(fails("not_found"))["lift_lid"] == "todo"
    assert statuses(fails("dropped"))["lift_lid"] == "unknown"
    assert statuses(fails("timeout"))["lift_lid"] == "unknown"


def test_a_bolt_that_the_camera_still_sees_is_not_carried_over():
    world = broken_at("p/standard/lift_lid", "hold_part")
    trace = world.state.leftover.trace
    bolt = dataclasses.replace(trace.steps["p/standard/lid_bolts/lid.01"], seen=False)
    left = reconcile(dataclasses.replace(trace, steps={bolt.key: bolt}))
    assert left.items[0].status is ItemStatus.DONE
    assert "looks again" in left.items[0].basis
    assert dataclasses.replace(left, same_pack=True).pack_state() == PackState("p")


# --- the journal of a process that is gone ------------------------------------------------------------------------


def test_a_new_process_asks_about_what_the_journal_left():
    old = broken_at("p/standard/lift_lid", "hold_part")
    trace = dataclasses.replace(old.state.leftover.trace, run="r1", outcome="")
    world = World(PLAN)
    world.feed(Started(0.0, "r1", "p/standard/lift_lid", left=trace))
    assert world.packml is State.ABORTED
    assert world.state.question is not None
    assert world.state.question.text.startswith("Run r1 broke off at 'Lift the lid': 2 done, 1 unknown, 2 to do.")
    world.connect_again()
    assert world.reconcile() == ["the pack", "lid"]
    world.removed |= {"lid.01", "lid.02"}
    world.command(Command.CLEAR)
    world.command(Command.RESET)
    world.command(Command.START)
    assert decided_with(world) == PackState("p", ("lid.01", "lid.02"), True, run="r1")


def test_a_run_told_what_was_carried_over_does_not_ask_again():
    """As the executor begins a run: a fresh state that is told what a person confirmed."""
    world = World(PLAN)
    carried = PackState("p", ("lid.01", "lid.02"), True, run="r1")
    world.feed(Started(0.0, carried=carried))
    world.connect_again()
    assert world.state.question is None
    world.removed |= {"lid.01", "lid.02"}
    world.command(Command.RESET)
    world.command(Command.START)
    assert decided_with(world) == carried
