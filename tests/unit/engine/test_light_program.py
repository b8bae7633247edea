"""Light programs in the reducer: lamp by lamp, each confirmed, judged in ambient light."""

from __future__ import annotations

import dataclasses

import pytest
from harness import RULES, World, bolt_step, look_step, plan_of

from delid.core import (
    Command,
    Effect,
    Finished,
    Look,
    LookAct,
    Looked,
    Quality,
    RunCommand,
    State,
    Step,
    Verb,
)
from delid.engine import EngineState, Light

LIGHTS = (Light("rake_left", 1, 0.08), Light("rake_right", 2, 0.08), Light("ambient", 0, 0.05))


def lit_world(*steps: Step, answer=lambda effect, world: None) -> World:
    rules = dataclasses.replace(RULES, lights=LIGHTS)

    def keep(effect: Effect, world: World):
        special = answer(effect, world)
        if special is None and isinstance(effect, Look) and effect.look != "ambient":
            return Finished(world.now, effect.id, True, values={"frames": 1})
        return special

    return World(plan_of(*(steps or (bolt_step(1),))), keep, state=EngineState(rules=rules, now_s=0.0))


def light_effects(world: World) -> list[str]:
    """The looks and lamps of the run in order: what was asked for, in a few words."""
    words = []
    for effect in world.of(RunCommand, Look):
        if isinstance(effect, Look):
            words.append(f"{effect.look} {effect.frames} {effect.settle_s:g} {' '.join(effect.looks)}".strip())
        elif effect.name == "set_light":
            words.append(f"lamps {effect.params['lamps']:g}")
    return words


def alarms(world: World) -> list[str]:
    return [a.code for a in world.state.alarms]


def failing(mask: float, kind: str = "timeout"):
    def answer(effect: Effect, world: World):
        wrong = isinstance(effect, RunCommand) and effect.params.get("lamps") == mask
        return world.fail(effect, kind, "no answer") if wrong else None

    return answer


def test_each_lamp_is_confirmed_before_its_frame_and_ambient_light_comes_last():
    world = lit_world()
    world.start()
    assert light_effects(world) == [
        "lamps 1", "rake_left 1 0.08", "lamps 2", "rake_right 1 0.08", "lamps 0", "ambient 3 0.05 rake_left rake_right",
    ]  # fmt: skip
    judged = world.of(Look)[-1]
    kept = {e.look: e.id for e in world.of(Look)[:-1]}
    assert judged.looks == kept
    ids = [e.id for e in world.effects if hasattr(e, "id")]
    assert len(ids) == len(set(ids)), "an id is used once"
    assert world.packml is State.COMPLETE
    assert not alarms(world)


def test_without_lamps_a_look_is_what_it_was():
    world = World(plan_of(bolt_step(1)))
    world.start()
    assert [e.id for e in world.of(Look)] == ["look.4"]
    assert world.of(Look)[0] == Look("look.4", "identify", 3, 20.0)
    assert not [e for e in world.of(RunCommand) if e.name == "set_light"]


@pytest.mark.parametrize("kind", ["timeout", "refused", "not_verified", "alarm"])
def test_a_lamp_that_is_not_confirmed_is_left_out_and_the_run_goes_on(kind):
    world = lit_world(answer=failing(1.0, kind))
    world.start()
    assert light_effects(world) == ["lamps 1", "lamps 2", "rake_right 1 0.08", "lamps 0", "ambient 3 0.05 rake_right"]
    assert alarms(world) == ["light.rake_left"]
    assert "weaker" in world.state.alarms[0].text
    assert world.records("light")[0]["look"] == "rake_left"
    assert world.packml is State.COMPLETE


def test_a_plc_without_lamps_still_gets_its_pack_judged():
    def refuse(effect: Effect, world: World):
        return world.fail(effect, "refused") if isinstance(effect, RunCommand) and effect.name == "set_light" else None

    world = lit_world(answer=refuse)
    world.start()
    assert light_effects(world) == ["lamps 1", "lamps 2", "lamps 0", "ambient 3 0.05"]
    assert alarms(world) == ["light.rake_left", "light.rake_right", "light.ambient"]
    assert world.packml is State.COMPLETE


def test_while_a_lamp_may_still_burn_nothing_is_judged_and_a_person_is_asked():
    world = lit_world(answer=failing(0.0))
    world.start()
    assert world.packml is State.HELD
    assert "lamp may still burn" in world.state.question.text
    assert world.state.assessment is None
    assert not [e for e in world.of(Look) if e.look == "ambient"]
    world.answer = lit_world().answer
    world.reply_to_question("look again")
    assert world.packml is State.COMPLETE
    assert light_effects(world)[-1] == "ambient 3 0.05 rake_left rake_right"


def test_a_frame_of_a_lamp_that_cannot_be_taken_is_left_out():
    def broken(effect: Effect, world: World):
        raked = isinstance(effect, Look) and effect.look == "rake_right"
        return world.fail(effect, "fault", "no fresh frame") if raked else None

    world = lit_world(answer=broken)
    world.start()
    assert light_effects(world)[-1] == "ambient 3 0.05 rake_left"
    assert alarms(world) == ["light.rake_right"]
    assert world.packml is State.COMPLETE


def test_a_hold_in_the_middle_takes_the_whole_program_again():
    once = {"lamps 2"}

    def withhold(effect: Effect, world: World):
        if isinstance(effect, RunCommand) and f"lamps {effect.params.get('lamps', -1):g}" in once:
            once.clear()
            return "withhold"
        return None

    world = lit_world(answer=withhold)
    world.start()
    world.command(Command.HOLD)
    assert world.packml is State.HOLDING
    world.feed(Finished(world.now, world.withheld[0].id, True))
    assert world.packml is State.HELD
    world.command(Command.UNHOLD)
    assert light_effects(world) == [
        "lamps 1", "rake_left 1 0.08", "lamps 2",
        "lamps 1", "rake_left 1 0.08", "lamps 2", "rake_right 1 0.08", "lamps 0", "ambient 3 0.05 rake_left rake_right",
    ]  # fmt: skip
    ids = [e.id for e in world.effects if hasattr(e, "id")]
    assert len(ids) == len(set(ids)), "an id is used once"
    assert set(world.of(Look)[-1].looks.values()) <= {e.id for e in world.of(Look)[1:]}, "nothing from before the hold"


def test_a_stop_in_the_middle_ends_it_and_what_comes_late_is_ignored():
    world = lit_world(answer=lambda e, w: "withhold" if isinstance(e, Look) and e.look == "rake_left" else None)
    world.start()
    world.command(Command.STOP)
    assert world.packml is State.STOPPED
    assert world.state.program is None
    world.feed(Finished(world.now, world.withheld[0].id, True))
    assert light_effects(world) == ["lamps 1", "rake_left 1 0.08"]


def test_a_light_that_never_reports_is_given_up_after_its_time():
    world = lit_world(answer=lambda e, w: "withhold" if getattr(e, "params", {}).get("lamps") == 1.0 else None)
    world.start()
    world.wait(4.0)
    assert light_effects(world) == ["lamps 1"]
    world.wait(2.0)
    assert alarms(world) == ["light.rake_left"]
    assert world.packml is State.COMPLETE


def test_a_journal_that_fails_sends_no_lamp_and_begins_again():
    refused = []

    def once(effect: Effect, world: World):
        if isinstance(effect, RunCommand) and effect.params.get("lamps") == 1.0 and not refused:
            refused.append(effect)
            return world.fail(effect, "journal")
        return None

    world = lit_world(answer=once)
    world.start()
    assert light_effects(world)[:3] == ["lamps 1", "lamps 1", "rake_left 1 0.08"]
    assert world.packml is State.COMPLETE


def inspect_step() -> Step:
    return Step("p/standard/evidence", Verb.INSPECT, "evidence", "Look", (LookAct("inspect", 2),), contact=False)


def test_a_plans_inspection_is_a_light_program_and_its_verification_is_not():
    world = lit_world(bolt_step(1), inspect_step(), look_step(1))
    world.start()
    assert light_effects(world)[6:] == [
        "lamps 1", "rake_left 1 0.08", "lamps 2", "rake_right 1 0.08", "lamps 0", "ambient 2 0.05 rake_left rake_right",
        "ambient 1 0",
    ]  # fmt: skip
    assert world.packml is State.COMPLETE


def test_a_plans_inspection_in_unknown_light_fails_its_step_and_asks():
    seen = []

    def later(effect: Effect, world: World):
        if isinstance(effect, RunCommand) and effect.params.get("lamps") == 0.0:
            seen.append(effect)
            return world.fail(effect, "timeout") if len(seen) == 2 else None
        return None

    world = lit_world(inspect_step(), answer=later)
    world.start()
    assert world.packml is State.HELD
    assert world.records("failure")[0]["kind"] == "not_verified"
    world.reply_to_question("try again")
    assert world.packml is State.COMPLETE


def test_what_vision_had_to_leave_out_becomes_an_alarm():
    def noted(effect: Effect, world: World):
        if not isinstance(effect, Look) or effect.look != "ambient":
            return None
        note = "look rake_left left out: its lamp changes nothing; check the lamp"
        inspection = _inspection(Quality(True, (note, "pose of the pack ambiguous")))
        assessment = dataclasses.replace(world.assessment(), looks=("ambient", "rake_right"))
        return Looked(world.now, effect.id, (inspection, inspection), assessment)

    world = lit_world(answer=noted)
    world.start()
    assert alarms(world) == ["light.left_out"]
    assert world.state.alarms[0].text == (
        "Judged without rake_left, which is weaker: look rake_left left out: its lamp changes nothing; check the lamp."
    )
    assert world.packml is State.COMPLETE


def _inspection(quality: Quality):
    from delid.core import FrameFacts, HazardClass, Inspection, PackStatus, PackVerdict

    pack = PackVerdict(PackStatus.KNOWN, "p", 0.9)
    return Inspection("overview#1", FrameFacts(8, 6, "00"), quality, pack, (), HazardClass.A, ())
