"""What is not known counts as not known: pictures that show nothing, commands without an answer, a part at the tool."""

from __future__ import annotations

import pytest
from harness import World, bolt_step, look_step, plan_of

from delid.core import (
    Command,
    Effect,
    Event,
    Finished,
    FrameFacts,
    HazardClass,
    Inspection,
    Look,
    Looked,
    Move,
    PackStatus,
    PackVerdict,
    Quality,
    RunCommand,
    State,
    Ticked,
)

PLAN = plan_of(bolt_step(1), bolt_step(2), look_step(2))
NOTHING = PackVerdict(PackStatus.UNKNOWN, None, 0.0)


def black_frame(reason: str = "too dark") -> Inspection:
    facts = FrameFacts(16, 12, "0" * 64)
    return Inspection("overview", facts, Quality(False, (reason,)), NOTHING, (), HazardClass.C, ("no usable frame",))


def verifies(effect: Effect) -> bool:
    return isinstance(effect, Look) and effect.purpose == "seen_empty"


def unfastens(world: World) -> list[Effect]:
    return [e for e in world.of(RunCommand) if e.name == "unfasten"]


def test_black_frames_of_a_verification_look_are_no_answer():
    """They neither show a hole empty nor a bolt still there, so that no bolt is loosened again because of them."""

    def black(effect: Effect, world: World) -> Event | None:
        assessment = world.assessment()
        return Looked(world.now, effect.id, (black_frame(),), assessment) if verifies(effect) else None

    world = World(PLAN, black)
    world.start()
    assert world.packml is State.HELD
    assert world.records("seen") == []
    assert [f["kind"] for f in world.records("failure")] == ["not_verified"]
    assert len(unfastens(world)) == 2, "each bolt once"
    question = world.state.question
    assert question is not None
    assert "could not be verified" in question.text
    assert question.reasons == ("no frame can be judged: too dark",)
    assert question.picture is not None
    world.answer = lambda effect, world: None
    world.reply_to_question("try again")
    assert world.packml is State.COMPLETE
    assert len(unfastens(world)) == 2


def test_one_usable_frame_is_enough_to_judge():
    def partly(effect: Effect, world: World) -> Event | None:
        good = black_frame()
        good = Inspection("overview", good.frame, Quality(True), NOTHING, (), HazardClass.A, ())
        return Looked(world.now, effect.id, (black_frame(), good), world.assessment()) if verifies(effect) else None

    world = World(PLAN, partly)
    world.start()
    assert world.packml is State.COMPLETE


@pytest.mark.parametrize("failure", ["fault", "link"])
def test_a_camera_lost_in_a_verification_look_asks_as_in_the_first_look(failure: str):
    world = World(PLAN, lambda e, w: w.fail(e, failure, "cannot be opened [camera.gone]") if verifies(e) else None)
    world.start()
    assert world.packml is State.HELD
    question = world.state.question
    assert question is not None
    assert question.reasons == ("cannot be opened [camera.gone]",)
    assert world.state.alarms == ()
    world.answer = lambda effect, world: None
    world.reply_to_question("try again")
    assert world.packml is State.COMPLETE


def held_while(world: World, waits: type) -> Effect:
    """The run is being held while an effect of this kind is awaited."""
    world.start()
    (awaited,) = world.withheld
    assert isinstance(awaited, waits)
    world.command(Command.HOLD)
    return awaited


def test_a_command_that_timed_out_while_holding_is_not_sent_again():
    world = World(PLAN, lambda e, w: "withhold" if isinstance(e, RunCommand) and e.name == "unfasten" else None)
    awaited = held_while(world, RunCommand)
    assert world.packml is State.HOLDING
    world.answer = lambda effect, world: None
    world.feed(world.fail(awaited, "timeout", "the PLC took it but did not end it"))
    assert world.packml is State.HELD
    assert [f["kind"] for f in world.records("failure")] == ["timeout"]
    world.command(Command.UNHOLD)
    assert world.packml is State.HELD, "the tool went up, then a person is asked"
    assert world.of(Move)[-1].to_mm[2] == -20.0
    assert "took too long" in world.state.question.text
    assert len(unfastens(world)) == 1
    world.reply_to_question("try again")
    assert world.packml is State.COMPLETE
    assert len(unfastens(world)) == 3


def test_a_command_that_the_engine_gave_up_while_holding_is_not_sent_again():
    world = World(PLAN, lambda e, w: "withhold" if isinstance(e, RunCommand) and e.name == "unfasten" else None)
    awaited = held_while(world, RunCommand)
    world.answer = lambda effect, world: None
    world.wait(awaited.deadline_s + 3.0)
    assert world.packml is State.HELD
    world.command(Command.UNHOLD)
    assert len(unfastens(world)) == 1
    assert world.state.question is not None


def test_a_command_that_was_never_sent_is_sent_when_the_run_goes_on():
    world = World(PLAN, lambda e, w: "withhold" if isinstance(e, RunCommand) and e.name == "unfasten" else None)
    awaited = held_while(world, RunCommand)
    world.answer = lambda effect, world: None
    world.feed(Finished(world.now, awaited.id, False, "journal", "disk full"))
    world.command(Command.UNHOLD)
    assert world.packml is State.COMPLETE


@pytest.mark.parametrize("tag", ["vacuum_ok", "grip_ok"])
def test_a_part_that_hangs_at_the_tool_is_on_the_checklist(tag: str):
    world = World(PLAN)
    world.connect()
    world.set_tags(**{tag: True})
    world.command(Command.RESET)
    assert world.packml is State.STOPPED
    assert "take it away by hand" in str(world.records("command")[-1]["reasons"])
    world.set_tags(**{tag: False})
    world.command(Command.RESET)
    assert world.packml is State.IDLE
    world.set_tags(**{tag: True})
    world.command(Command.START)
    assert world.packml is State.IDLE


def test_a_run_that_carries_a_part_may_be_held_and_go_on():
    world = World(PLAN, lambda e, w: "withhold" if isinstance(e, RunCommand) and e.name == "unfasten" else None)
    awaited = held_while(world, RunCommand)
    world.set_tags(vacuum_ok=True)
    world.feed(Finished(world.now, awaited.id, True))
    world.answer = lambda effect, world: None
    world.command(Command.UNHOLD)
    assert world.packml is State.COMPLETE


@pytest.mark.parametrize("tags", [{}, {"grip_ok": True}])
def test_complete_before_the_end_is_no_dismantling(tags: dict[str, bool]):
    world = World(PLAN, lambda e, w: "withhold" if isinstance(e, RunCommand) and e.name == "unfasten" else None)
    world.start()
    world.set_tags(**tags)
    world.command(Command.COMPLETE)
    if tags:
        assert world.packml is State.EXECUTE
        assert "a part hangs at the tool" in str(world.records("command")[-1]["reasons"])
        return
    world.feed(Finished(world.now, world.withheld[0].id, True))
    world.feed(Ticked(world.now))
    assert world.packml is State.COMPLETE
    assert world.state.outcome == "ended early"
    assert world.records("end")[-1]["reason"] == "completed by a person before all steps were done"
    assert world.records("end")[-1]["steps_done"] == 0
