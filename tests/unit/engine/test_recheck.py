"""The plan against what is now known: a fastener that vanished is not worked on."""

from __future__ import annotations

import dataclasses

from harness import World, bolt_step, look_step, plan_of

from delid.core import LocateAct, LookAct, Record, RunCommand, State, Step, Verb

LOOK = Step(
    "p/standard/closer", Verb.INSPECT, "closer", "Look", (LookAct("inspect", 3),), contact=False, checkpoint=False
)


def loosened(world):
    return [e.id.split("#")[0].rsplit("/", 1)[-1] for e in world.of(RunCommand) if e.name == "unfasten"]


def test_a_fastener_that_the_newest_look_sees_gone_is_left_out():
    world = World(plan_of(LOOK, bolt_step(1), bolt_step(2), look_step(2)))
    world.removed.add("lid.02")  # somebody took it out after the plan was made
    world.start()
    assert world.packml is State.COMPLETE
    assert loosened(world) == ["lid.01"]
    progress = world.state.progress["p/standard/lid_bolts/lid.02"]
    assert (progress.status.value, progress.detail) == (
        "skipped", "no longer there: the newest look sees its hole empty",
    )  # fmt: skip
    told = [e.data for e in world.of(Record) if e.kind == "step" and e.data["status"] == "skipped"]
    assert [d["key"] for d in told] == ["p/standard/lid_bolts/lid.02"]


def test_what_was_seen_gone_on_one_pack_says_nothing_of_the_next():
    world = World(plan_of(LOOK, bolt_step(1)))
    world.removed.add("lid.01")
    world.start()
    assert loosened(world) == []
    world.removed.clear()
    world.plan = plan_of(bolt_step(1))  # no look that would see it again
    world.start()
    assert loosened(world) == ["lid.01"]


def test_without_a_look_in_between_nothing_is_left_out():
    world = World(plan_of(bolt_step(1), bolt_step(2), look_step(2)))
    world.removed.add("lid.02")
    world.start()
    assert loosened(world) == ["lid.01", "lid.02"]


def test_a_doubtful_look_leaves_nothing_out():
    world = World(plan_of(LOOK, bolt_step(1), bolt_step(2)))
    world.removed.add("lid.02")
    sure = world.assessment

    def doubtful():
        seen = sure()
        return dataclasses.replace(
            seen, fasteners=tuple(dataclasses.replace(f, confidence=0.5) for f in seen.fasteners)
        )

    world.assessment = doubtful
    world.start()
    assert loosened(world) == ["lid.01", "lid.02"]


def test_a_step_that_looks_closely_itself_decides_itself():
    from delid.engine import EngineState
    from delid.engine._recheck import vanished

    world = World(plan_of(bolt_step(1)))
    state: EngineState = dataclasses.replace(world.state, seen_gone=("lid.01",))
    assert vanished(state, bolt_step(1))
    close = dataclasses.replace(bolt_step(1), acts=(LocateAct("lid.01", (0, 0, 0), 8.0), *bolt_step(1).acts))
    assert not vanished(state, close)
    assert not vanished(state, look_step(1))


def test_the_engine_s_own_way_to_the_park_position_goes_around_zones():
    from delid.core import KeepOutArea, Move
    from delid.engine import Rules
    from delid.engine._acting import _to_park
    from delid.planning import Level

    mast = KeepOutArea("mast", ((480.0, 480.0), (520.0, 480.0), (520.0, 520.0), (480.0, 520.0)))
    world = World(plan_of(bolt_step(1)))
    rules: Rules = dataclasses.replace(
        world.state.rules, level=Level([mast], ((40, 40), (-40, 40), (-40, -40), (40, -40)))
    )
    state = dataclasses.replace(world.state, rules=rules)
    around = [e for e in _to_park((1000.0, 1000.0, -20.0), state, "x") if isinstance(e, Move)]
    assert [e.id for e in around] == ["x.corner1", "x.park"]
    assert around[0].to_mm[2] == rules.safe_z_mm
    assert [e.id for e in _to_park((1000.0, 10.0, -20.0), state, "x")] == ["x.park"]
    assert [e.id for e in _to_park((1000.0, 1000.0, -20.0), world.state, "x")] == ["x.park"]
