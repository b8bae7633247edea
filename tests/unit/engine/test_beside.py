"""Checks that are watched beside the robot's work: what may go on meanwhile, what waits, and how they fail."""

from __future__ import annotations

import dataclasses

from harness import World, bolt_step, plan_of

from delid.core import Command, Condition, FailureKind, Mode, Move, Reaction, RunCommand, State, Step, Verb, WaitAct
from delid.core import ModeSelected as Selected

COOL = Step(
    "p/standard/cooled", Verb.MEASURE, "cooled", "Check that it is cool",
    (WaitAct(Condition("pack_temperature_c", below=35.0), 60.0, FailureKind.NOT_VERIFIED),),
    contact=False, beside=True, on_failure={"not_verified": (Reaction.RETRY, Reaction.ASK)},
)  # fmt: skip
AFTER = dataclasses.replace(bolt_step(2), waits_for=(COOL.key,))
HOT, COLD = {"pack_temperature_c": 45.0}, {"pack_temperature_c": 20.0}


def world_of(*steps):
    world = World(plan_of(*steps))
    world.tags |= HOT
    return world


def loosened(world):
    return [e.id.split("#")[0].rsplit("/", 1)[-1] for e in world.of(RunCommand) if e.name == "unfasten"]


def status(world, step=COOL):
    return world.state.progress[step.key].status.value


def test_the_robot_goes_on_with_what_does_not_come_after_the_check():
    world = world_of(COOL, bolt_step(1), AFTER, bolt_step(3))
    world.start()
    assert loosened(world) == ["lid.01"], "the next one waits, and the order of the plan is kept"
    assert (world.packml, status(world), status(world, AFTER)) == (State.EXECUTE, "active", "todo")
    world.wait(5.0)
    assert loosened(world) == ["lid.01"]
    world.set_tags(**COLD)
    assert loosened(world) == ["lid.01", "lid.02", "lid.03"]
    assert (world.packml, world.state.outcome, status(world)) == (State.COMPLETE, "dismantled", "done")
    told = [r["key"].rsplit("/", 1)[-1] for r in world.records("step")]
    assert told == ["lid.01", "cooled", "lid.02", "lid.03"]


def test_a_check_that_holds_at_once_is_over_at_once():
    world = world_of(COOL, AFTER)
    world.tags |= COLD
    world.start()
    assert (loosened(world), world.packml) == (["lid.02"], State.COMPLETE)


def test_a_run_does_not_end_before_its_checks():
    world = world_of(COOL, bolt_step(1))
    world.start()
    assert (loosened(world), world.packml) == (["lid.01"], State.EXECUTE)
    world.set_tags(**COLD)
    assert (world.packml, status(world)) == (State.COMPLETE, "done")


def test_a_check_that_fails_is_answered_when_the_step_under_way_is_over():
    world = world_of(COOL, bolt_step(1), bolt_step(3), AFTER)
    world.answer = lambda effect, w: (
        "withhold" if isinstance(effect, Move) and "lid.01#" in effect.id and not w.withheld else None
    )
    world.start()
    world.wait(59.0)
    assert world.records("failure") == []
    world.wait(2.0)
    assert world.records("failure") == [], "the robot is at work"
    world.answer = lambda effect, w: None
    world.feed(dataclasses.replace(world.fail(world.withheld[0], ""), ok=True, failure=""))
    (failure,) = world.records("failure")
    assert (failure["key"], failure["kind"], failure["reaction"]) == (COOL.key, "not_verified", Reaction.RETRY)
    assert loosened(world) == ["lid.01"], "nothing else begins before it is answered"
    world.wait(61.0)
    assert (world.packml, world.state.question.step) == (State.HELD, COOL.key)
    world.reply_to_question("done by hand")
    assert loosened(world) == ["lid.01", "lid.03", "lid.02"]
    assert world.packml is State.COMPLETE


def test_after_a_hold_a_check_has_its_full_time_again():
    world = world_of(COOL, bolt_step(1))
    world.start()
    world.wait(50.0)
    world.command(Command.HOLD)
    world.wait(30.0)
    assert (world.packml, world.records("failure")) == (State.HELD, [])
    world.command(Command.UNHOLD)
    world.wait(50.0)
    assert world.records("failure") == []
    world.set_tags(**COLD)
    assert world.packml is State.COMPLETE


def test_a_stop_and_an_abort_end_what_is_watched():
    for end in (Command.STOP, Command.ABORT):
        world = world_of(COOL, bolt_step(1))
        world.start()
        world.command(end)
        assert world.state.beside == ()
        world.set_tags(**COLD)
        assert [r["key"] for r in world.records("step")] == [bolt_step(1).key], "it was never done"


def test_a_person_who_completes_ends_the_run_early():
    world = world_of(COOL, bolt_step(1))
    world.start()
    world.command(Command.COMPLETE)
    assert (world.packml, world.state.outcome) == (State.COMPLETE, "ended early")


def test_in_maintenance_everything_is_done_one_by_one():
    world = world_of(COOL, bolt_step(1))
    world.connect()
    world.feed(Selected(world.now, Mode.MAINTENANCE, "test"))
    world.command(Command.RESET)
    world.command(Command.START)
    world.reply_to_question("do it")
    world.wait(5.0)
    assert (world.state.current.step, world.state.beside) == (COOL, ())
    assert loosened(world) == []


def test_a_new_plan_does_the_check_anew():
    from delid.core import PackReport, PackReported, Route

    world = world_of(COOL, bolt_step(1), AFTER)
    world.start()
    world.plan = plan_of(COOL, AFTER)
    world.feed(PackReported(world.now, PackReport(route=Route.REUSE), "Ann"))
    assert [b.step.key for b in world.state.beside] == [COOL.key]
    world.set_tags(**COLD)
    assert (loosened(world), world.packml) == (["lid.01", "lid.02"], State.COMPLETE)
