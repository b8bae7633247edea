"""The fine look in the reducer: over the target, found, corrected; and what follows when it is not there."""

from __future__ import annotations

import dataclasses

import pytest
from harness import RULES, World, bolt_step, plan_of

from delid.core import (
    Command,
    Effect,
    FastenerKind,
    Finished,
    Locate,
    LocateAct,
    Located,
    Move,
    MoveAct,
    Reaction,
    RunCommand,
    Sighting,
    State,
    Step,
)
from delid.engine import EngineState

PLACE = (100.0, 50.0, -460.0)
CAMERA = (40.0, 50.0, -190.0)


def fine_step(on_failure: dict[str, tuple[Reaction, ...]] | None = None, alternative: bool = False) -> Step:
    """Loosen lid.01 at (100, 50), 60 mm beside the camera at the tool."""
    usual = bolt_step(1)
    bound = tuple(dataclasses.replace(a, target="lid.01") if isinstance(a, MoveAct) else a for a in usual.acts)
    high = MoveAct((CAMERA[0], CAMERA[1], -20.0), 500)
    acts = (high, MoveAct(CAMERA, 500), LocateAct("lid.01", PLACE, 8.0, 0.2), high, *bound)
    failures = usual.on_failure if on_failure is None else on_failure
    return dataclasses.replace(usual, acts=acts, on_failure=failures, alternative=bound if alternative else ())


def seen(kind: str = "bolt", x: float = 102.4, y: float = 48.2, confidence: float = 0.95) -> Sighting:
    return Sighting(FastenerKind(kind), (160.0, 120.0), (x, y), confidence)


def world_that_sees(found: Sighting | None, step: Step | None = None, *more: Step) -> World:
    def answer(effect: Effect, world: World):
        if isinstance(effect, Locate):
            return Located(world.now, effect.id, found, "" if found else "the fine look finds no fastener")
        return None

    rules = dataclasses.replace(RULES)
    return World(plan_of(step or fine_step(), *more), answer, state=EngineState(rules=rules, now_s=0.0))


def moves(world: World) -> list[tuple[float, float, float]]:
    return [e.to_mm for e in world.of(Move) if "lid_bolts" in e.id]


def test_the_tool_goes_to_where_the_fastener_was_found():
    world = world_that_sees(seen())
    world.start()
    assert moves(world) == [
        (40.0, 50.0, -20.0), CAMERA, (40.0, 50.0, -20.0),
        (102.4, 48.2, -20.0), (102.4, 48.2, -300.0), (102.4, 48.2, -20.0),
    ]  # fmt: skip
    asked = world.of(Locate)[0]
    assert (asked.target, asked.at_mm, asked.flange_mm, asked.settle_s) == ("lid.01", PLACE, CAMERA, 0.2)
    assert world.records("located")[0] == {
        "key": "p/standard/lid_bolts/lid.01", "target": "lid.01", "kind": "bolt", "off_mm": 3.0,
    }  # fmt: skip
    assert world.packml is State.COMPLETE


def test_the_impact_tool_goes_there_too_without_a_second_look():
    tried = []

    def answer(effect: Effect, world: World):
        if isinstance(effect, Locate):
            return Located(world.now, effect.id, seen())
        if isinstance(effect, RunCommand) and effect.name == "unfasten" and not tried:
            tried.append(effect)
            return world.fail(effect, "seized")
        return None

    step = fine_step({"seized": (Reaction.IMPACT,)}, alternative=True)
    world = World(plan_of(step), answer)
    world.start()
    assert len(world.of(Locate)) == 1
    assert moves(world)[-3:] == [(102.4, 48.2, -20.0), (102.4, 48.2, -300.0), (102.4, 48.2, -20.0)]
    assert world.packml is State.COMPLETE


def test_a_hole_that_is_already_empty_is_skipped_with_the_reason():
    world = world_that_sees(seen("empty"), None, bolt_step(2))
    world.start()
    assert world.packml is State.COMPLETE
    step = world.records("step")[0]
    assert step["status"] == "skipped"
    assert "empty (0.95)" in step["detail"]
    assert "already out" in step["detail"]
    assert moves(world)[2] == (40.0, 50.0, -20.0), "straight up before the way to the next one"
    assert "lid.01" not in world.removed, "the tool never turned there"


@pytest.mark.parametrize(
    ("found", "kind", "words"),
    [
        (None, "not_found", "finds no fastener"),
        (seen("empty", confidence=0.4), "not_found", "too doubtful"),
        (seen(x=109.0), "misaligned", "more than 8 mm"),
        (seen("empty", x=109.0), "misaligned", "more than 8 mm"),
        (seen("stripped"), "stripped", "sees stripped"),
    ],
)
def test_what_does_not_fit_fails_and_the_question_has_the_picture(found, kind, words):
    world = world_that_sees(found, fine_step({}))
    world.start()
    failure = world.records("failure")[0]
    assert (failure["kind"], failure["reaction"]) == (kind, "ask")
    assert words in failure["detail"]
    assert world.packml is State.HELD
    assert world.state.question.picture == world.of(Locate)[0].id
    assert world.state.question.target == "lid.01"
    assert not [e for e in world.of(RunCommand) if e.name == "unfasten"]


def test_the_recipes_reaction_is_taken_and_a_retry_looks_again():
    world = world_that_sees(seen(x=120.0), fine_step({"misaligned": (Reaction.RETRY, Reaction.ASK)}))
    world.start()
    assert [r["reaction"] for r in world.records("failure")] == ["retry", "ask"]
    ids = [e.id for e in world.of(Locate)]
    assert len(set(ids)) == 2


def test_a_question_that_follows_from_something_else_has_no_picture():
    def answer(effect: Effect, world: World):
        if isinstance(effect, Locate):
            return Located(world.now, effect.id, seen())
        return world.fail(effect, "seized") if isinstance(effect, RunCommand) and effect.name == "unfasten" else None

    world = World(plan_of(fine_step({})), answer)
    world.start()
    assert world.packml is State.HELD
    assert world.state.question.picture is None


def test_a_hold_waits_for_the_fine_look_and_goes_on_with_it():
    world = World(plan_of(fine_step()), lambda e, w: "withhold" if isinstance(e, Locate) else None)
    world.start()
    world.command(Command.HOLD)
    assert world.packml is State.HOLDING
    world.feed(Located(world.now, world.withheld[0].id, seen()))
    assert world.packml is State.HELD
    world.command(Command.UNHOLD)
    assert world.packml is State.COMPLETE
    assert moves(world)[-2] == (102.4, 48.2, -300.0)


def test_after_a_stop_the_answer_is_late():
    world = World(plan_of(fine_step()), lambda e, w: "withhold" if isinstance(e, Locate) else None)
    world.start()
    world.command(Command.STOP)
    world.feed(Located(world.now, world.withheld[0].id, seen()))
    assert world.packml is State.STOPPED
    assert not world.records("located")


def test_a_tool_camera_that_has_gone_asks():
    def answer(effect: Effect, world: World):
        return Finished(world.now, effect.id, False, "fault", "camera gone") if isinstance(effect, Locate) else None

    world = World(plan_of(fine_step()), answer)
    world.start()
    assert world.packml is State.HELD
    assert world.state.question is not None
    assert world.state.question.reasons == ("camera gone",)


def test_a_new_run_knows_nothing_of_where_things_were():
    world = world_that_sees(seen())
    world.start()
    assert world.state.located == {"lid.01": (102.4, 48.2)}
    world.command(Command.RESET)
    assert world.state.located == {}
