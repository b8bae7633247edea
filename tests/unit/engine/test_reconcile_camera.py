"""What was carried over, and a camera that sees something else: a person says which pack it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from harness import World
from test_reconcile import PLAN, decided_with

from delid.core import (
    Assessment,
    Command,
    Decide,
    Effect,
    Look,
    Looked,
    PackCandidate,
    PackState,
    PackStatus,
    PackVerdict,
    Started,
    State,
)


def carrying(change: Callable[[Assessment], Assessment]) -> World:
    """A run that carries over that lid.01 is out, and whose first look shows something else."""

    def looked(effect: Effect, world: World) -> Looked | None:
        first = isinstance(effect, Look) and effect.purpose == "identify"
        return Looked(world.now, effect.id, (), change(world.assessment())) if first else None

    world = World(PLAN, looked)
    world.feed(Started(0.0, carried=PackState("p", ("lid.01",))))
    world.connect_again()
    world.command(Command.RESET)
    world.command(Command.START)
    return world


def test_a_bolt_that_is_there_again_asks_whether_it_is_the_same_pack():
    world = carrying(lambda seen: seen)
    assert world.packml is State.HELD
    assert world.state.question.reasons == ("the camera sees lid.01, which the last run took out",)
    assert world.of(Decide) == []
    world.reply_to_question("another pack")
    assert decided_with(world) is None
    assert world.packml is State.COMPLETE


def test_a_person_may_be_sure_that_it_is_the_same_pack():
    world = carrying(lambda seen: seen)
    world.reply_to_question("same pack")
    assert decided_with(world) == PackState("p", ("lid.01",))


def test_another_model_is_never_the_same_pack():
    world = carrying(lambda seen: dataclasses.replace(seen, pack=PackVerdict(PackStatus.KNOWN, "other", 0.97)))
    assert world.state.question.answers == ("another pack", "look again", "set aside")
    world.reply_to_question("set aside")
    assert world.state.outcome == "set aside"
    assert world.state.question is None


def test_of_two_packs_that_look_alike_it_is_the_one_from_before():
    alike = PackVerdict(PackStatus.AMBIGUOUS, None, 0.9, (PackCandidate("q", 0.9), PackCandidate("p", 0.89)))
    world = carrying(lambda seen: dataclasses.replace(seen, pack=alike, fasteners=()))
    assert world.of(Decide)[-1].assume_pack == "p"
