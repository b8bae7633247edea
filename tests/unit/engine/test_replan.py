"""A plan that is made anew in the middle of a run: why, when, and that what is done is not done again."""

from __future__ import annotations

import dataclasses

import pytest
from harness import World, bolt_step, look_step, plan_of
from test_recheck import LOOK, loosened

from delid.core import (
    AskAct,
    Command,
    CommandAct,
    Damage,
    DamageKind,
    Decide,
    Decided,
    Decision,
    FastenerKind,
    Finished,
    HazardClass,
    HealthReport,
    ItemStatus,
    KeepOutArea,
    Look,
    Move,
    MoveAct,
    PackReport,
    PackReported,
    Refusal,
    Route,
    RunCommand,
    RunTrace,
    State,
    Step,
    StepTrace,
    Verb,
    planned,
    reconcile,
)

BURN = Damage(DamageKind.BURN, 0.9, 0.4, (0.0, 0.0, 1.0, 1.0))
RUST = Damage(DamageKind.CORROSION, 0.9, 0.2, (0.0, 0.0, 1.0, 1.0))
UP = (300.0, 50.0, -20.0)
AWAY = Step(
    "p/quarantine/away", Verb.QUARANTINE, "away", "Away", (CommandAct("signal_quarantine"),), contact=False
)  # fmt: skip
LIFT = Step("p/standard/lift", Verb.LIFT, "lift", "Lift", (CommandAct("hold_part"),))
PLACE = Step("p/standard/place", Verb.PLACE, "place", "Set down", (CommandAct("release_part"),))
MEASURE = Step("p/standard/volts", Verb.MEASURE, "volts", "Check", (CommandAct("measure"),), contact=False)


class Anew(World):
    """A world whose later looks may tell more, and whose planner answers the second time with ``then``."""

    def __init__(self, plan, then, **facts):
        super().__init__(plan, **facts)
        self.then, self.looks, self.more, self.decides = then, 0, {}, []
        self.back = set()  # fasteners that stand in their holes again from the second look on

    def _reply(self, effect):
        if isinstance(effect, Look):
            self.looks += 1
            self.removed -= self.back if self.looks == 2 else set()
        if isinstance(effect, Decide) and self.decides:
            found = Decided(self.now, effect.id, Decision(effect.assessment, self.then))
            return self.answer(effect, self) or found
        if isinstance(effect, Decide):
            self.decides.append(effect)
        return super()._reply(effect)

    def assessment(self):
        return dataclasses.replace(super().assessment(), **self.more.get(self.looks, {}))

    @property
    def second(self):
        """What the planner was asked the second time."""
        return self.of(Decide)[1]

    @property
    def reasons(self):
        return [r["reasons"] for r in self.records("replan")]


def burnt():
    return {"damage": (BURN,), "hazard_class": HazardClass.C, "hazard_reasons": ("burn marks",)}


def test_a_later_look_that_sees_a_worse_hazard_leads_to_another_plan():
    world = Anew(plan_of(bolt_step(1), LOOK, bolt_step(2)), plan_of(AWAY))
    world.more[2] = burnt()
    world.start()
    assert loosened(world) == ["lid.01"], "nothing touches the pack any more"
    assert world.state.outcome == "quarantined"
    assert world.reasons == [["hazard class C: burn marks", "burn, severity 0.40, where 0.00 was known"]]
    asked = world.second
    assert asked.assessment.hazard_class is HazardClass.C
    assert asked.assessment.pack.model == "p", "which pack it is was settled before"
    assert asked.stands_mm == (100.0, 50.0, -20.0)
    assert [(s.key.split("/", 1)[1], world.state.progress[s.key].status.value) for s in world.state.plan.steps] == [
        ("standard/lid_bolts/lid.01", "done"), ("standard/closer", "done"), ("quarantine/away", "done"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "anew"),
    [
        ({"damage": (RUST,)}, False),
        ({"damage": (dataclasses.replace(RUST, severity=0.3),)}, False),
        ({"damage": (dataclasses.replace(RUST, severity=0.4),)}, True),
        ({"damage": (RUST, dataclasses.replace(RUST, kind=DamageKind.DENT))}, True),
        ({"hazard_class": HazardClass.B, "unclear": (BURN,)}, False),
    ],
)
def test_only_what_is_surely_worse_is_a_reason(more, anew):
    world = Anew(plan_of(LOOK, bolt_step(1)), plan_of(bolt_step(1)))
    world.more = {1: {"damage": (RUST,), "hazard_class": HazardClass.B}, 2: more}
    world.start()
    assert bool(world.reasons) is anew
    assert world.packml is State.COMPLETE
    assert loosened(world) == ["lid.01"]


def test_a_fastener_that_nobody_planned_for_is_planned_and_what_is_done_is_not_done_again():
    world = Anew(plan_of(MEASURE, bolt_step(1), look_step(2)), plan_of(bolt_step(2), look_step(2)))
    world.removed, world.back = {"lid.02"}, {"lid.02"}
    world.start()
    assert world.reasons == [["lid.02 is there, and was not planned for"]]
    assert loosened(world) == ["lid.01", "lid.02"]
    assert (world.packml, world.records("failure")) == (State.COMPLETE, [])
    carried = world.second.carried
    assert (carried.removed, carried.loosened, carried.done) == (("lid.01",), (), ("p/standard/volts",))
    assert [e.name for e in world.of(RunCommand)].count("measure") == 1
    assert len({e.id for e in world.of(Decide)}) == 2, "an id is used once"


def test_what_the_look_still_sees_is_planned_again_together_with_what_appeared():
    world = Anew(plan_of(bolt_step(1), bolt_step(3), look_step(3)), plan_of(bolt_step(1), bolt_step(2), look_step(3)))
    world.removed, world.back = {"lid.02"}, {"lid.02"}

    def sticks(effect, _):
        """The first time the bolt only turns."""
        stuck = isinstance(effect, RunCommand) and effect.id.startswith("p/standard/lid_bolts/lid.01#1.")
        return Finished(world.now, effect.id, True) if stuck and effect.name == "unfasten" else None

    world.answer = sticks
    world.start()
    assert loosened(world) == ["lid.01", "lid.03", "lid.01", "lid.02"]
    assert (world.second.carried.removed, world.second.carried.loosened) == (("lid.03",), ())
    assert world.packml is State.COMPLETE


def test_a_fastener_for_which_the_planner_has_no_step_is_asked_about_not_planned_for_ever():
    world = Anew(plan_of(bolt_step(1), look_step(2)), plan_of(look_step(2)))
    world.removed, world.back = {"lid.02"}, {"lid.02"}
    world.start()
    assert len(world.of(Decide)) == 2
    assert (world.packml, world.state.question.target) == (State.HELD, "lid.02")


def test_with_a_part_at_the_tool_the_new_plan_waits_until_it_is_set_down():
    look = dataclasses.replace(LOOK, key="p/standard/under")
    world = Anew(plan_of(LIFT, look, PLACE, bolt_step(1)), plan_of(AWAY))
    world.more[2] = burnt()
    world.tags |= {"vacuum_ok": False}
    world.start()
    assert [e.name for e in world.of(RunCommand) if "/" in e.id] == ["hold_part", "release_part", "signal_quarantine"]
    assert world.second.carried.lid_off


def test_around_zones_a_fastener_that_is_gone_needs_a_new_plan():
    zone = KeepOutArea("mast", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)))
    plan = dataclasses.replace(plan_of(LOOK, bolt_step(1), bolt_step(2)), keep_out=(zone,))
    world = Anew(plan, plan_of(bolt_step(2)))
    world.removed.add("lid.01")
    world.start()
    assert world.reasons == [["lid.01 is gone, and the ways lead around zones"]]
    assert loosened(world) == ["lid.02"]
    seen = {f.id: f.kind for f in world.second.assessment.fasteners}
    assert seen["lid.01"] is FastenerKind.EMPTY


def refused_then(plan):
    """A world in which the planner says no to the burn, and goes on with ``plan`` where there is none."""
    world = Anew(plan_of(bolt_step(1), LOOK, bolt_step(2)), plan)
    world.more[2] = burnt()

    def no(effect, _):
        if not isinstance(effect, Decide) or effect.assessment.hazard_class is not HazardClass.C:
            return None
        return Decided(world.now, effect.id, Decision(effect.assessment, Refusal(("burn marks",))))

    world.answer = no
    world.start()
    assert (world.packml, world.state.question.answers) == (State.HELD, ("look again", "set aside"))
    return world


def test_where_no_recipe_fits_any_more_a_person_may_have_the_pack_looked_at_from_the_park_position():
    world = refused_then(plan_of(bolt_step(2)))
    before = len(world.effects)
    world.reply_to_question("look again")
    after = [e for e in world.effects[before:] if isinstance(e, (Move, Look, Decide))]
    assert [type(e).__name__ for e in after[:3]] == ["Move", "Look", "Decide"]
    assert after[0].to_mm == world.state.rules.park_mm
    assert after[2].assessment.damage == (), "the second look is what counts"
    assert (loosened(world), world.packml) == (["lid.01", "lid.02"], State.COMPLETE)


def test_a_second_look_that_sees_it_too_asks_again_and_ends_nothing_by_itself():
    world = refused_then(plan_of(bolt_step(2)))
    world.more[3] = burnt()
    world.reply_to_question("look again")
    assert (world.packml, world.state.question.answers) == (State.HELD, ("look again", "set aside"))
    world.reply_to_question("set aside")
    assert (world.state.outcome, loosened(world)) == ("set aside", ["lid.01"])


def test_a_second_look_without_a_picture_is_no_plan_either():
    world = refused_then(plan_of(bolt_step(2)))
    said_no = world.answer
    world.answer = lambda effect, w: (
        Finished(w.now, effect.id, False, "link", "no frames") if isinstance(effect, Look) else said_no(effect, w)
    )
    world.reply_to_question("look again")
    world.reply_to_question("done by hand")
    assert (world.packml, world.state.question.answers) == (State.HELD, ("look again", "set aside"))


def test_a_tool_that_is_down_is_brought_up_before_a_new_plan():
    low = dataclasses.replace(LOOK, acts=(MoveAct((300.0, 50.0, -200.0), 60.0), *LOOK.acts))
    world = Anew(plan_of(low, bolt_step(1)), plan_of(AWAY))
    world.more[2] = burnt()
    world.start()
    assert [e.to_mm for e in world.of(Move) if "again" in e.id] == [UP]
    assert world.second.stands_mm == UP


def test_a_decision_that_the_journal_could_not_announce_is_asked_for_again():
    world = Anew(plan_of(LOOK, bolt_step(1)), plan_of(AWAY))
    world.more[2], lost = burnt(), []

    def once(effect, _):
        if isinstance(effect, Decide) and len(world.of(Decide)) == 2 and not lost:
            lost.append(effect)
            return Finished(world.now, effect.id, False, "journal", "not written")
        return None

    world.answer = once
    world.start()
    assert (len(world.of(Decide)), world.state.outcome) == (3, "quarantined")


def test_a_run_that_breaks_off_after_a_new_plan_still_knows_what_was_done_before_it():
    world = Anew(plan_of(bolt_step(1), LOOK, bolt_step(2)), plan_of(dataclasses.replace(
        AWAY, acts=(AskAct("Away?", ("done", "stop"), ("done",)),)
    )))  # fmt: skip
    world.more[2] = burnt()
    world.start()
    found = reconcile(world.state.leftover.trace)
    assert [(i.part, i.status) for i in found.items] == [("lid.01", ItemStatus.DONE)]
    assert (world.second.carried.removed, world.second.carried.loosened) == (("lid.01",), ())


# --- what people say ------------------------------------------------------------------------------------------------


TOLD = PackReport(HealthReport(capacity_ah=185.0, by="Ann"), Route.REUSE)


def told_world(plan, then=None):
    world = Anew(plan, then or plan)
    rules = dataclasses.replace(world.state.rules, knows_health=True)
    world.state = dataclasses.replace(world.state, rules=rules)
    return world


def tell(world, told=TOLD):
    world.feed(PackReported(world.now, told, "Ann"))
    return world.records("told")[-1]


def test_what_is_told_between_reset_and_start_goes_into_the_decision():
    world = told_world(plan_of(bolt_step(1)))
    world.start()
    assert world.of(Decide)[0].told is None
    assert tell(world)["reasons"] == ["not possible in Complete: tell it in Idle, before the start, or during the run"]
    world = told_world(plan_of(bolt_step(1)))
    world.connect()
    world.command(Command.RESET)
    record = tell(world)
    assert (record["accepted"], record["words"]) == (True, "capacity_ah 185, route reuse")
    world.command(Command.START)
    assert world.of(Decide)[0].told == TOLD
    assert world.state.leftover.trace.told == TOLD, "it goes with the pack if the run breaks off"
    world.command(Command.RESET)
    assert world.state.told is None, "the next pack is another one"


def test_a_cell_without_health_rules_takes_a_route_only():
    world = Anew(plan_of(bolt_step(1)), plan_of(bolt_step(1)))
    world.answer = lambda effect, w: "withhold" if isinstance(effect, Decide) else None
    world.start()
    assert tell(world)["reasons"] == ["the cell has no health rules: name them as 'health' in the cell file"]
    assert tell(world, PackReport(route=Route.REUSE))["accepted"]


def test_what_is_told_during_the_run_leads_to_another_plan_before_the_next_step():
    world = told_world(plan_of(bolt_step(1), bolt_step(2)), plan_of(bolt_step(2)))
    world.answer = lambda effect, w: (
        "withhold" if isinstance(effect, RunCommand) and effect.name == "unfasten" and not w.withheld else None
    )
    world.start()
    tell(world)
    assert len(world.of(Decide)) == 1, "the step goes on"
    world.removed.add("lid.01")
    world.feed(Finished(world.now, world.withheld[0].id, True))
    assert world.second.told == TOLD
    assert (world.second.carried.removed, world.second.carried.loosened) == ((), ("lid.01",)), "no camera has seen it"
    assert (loosened(world), world.packml) == (["lid.01", "lid.02"], State.COMPLETE)


def test_what_was_told_stays_with_a_pack_whose_run_broke_off():
    world = told_world(plan_of(bolt_step(1), bolt_step(2)))
    world.answer = lambda effect, w: "withhold" if isinstance(effect, Move) and "lid.02#" in effect.id else None
    world.start()
    tell(world)
    world.command(Command.STOP)
    world.reconcile()
    world.answer = lambda effect, w: None
    world.command(Command.RESET)
    assert world.state.told is None
    world.command(Command.START)
    assert world.of(Decide)[-1].told == TOLD
    tell(world, PackReport())
    assert world.records("told")[-1]["words"] == "nothing"


def test_a_step_that_is_planned_again_was_still_sent_once():
    sent = StepTrace(
        bolt_step(1).key, "Loosen", Verb.UNFASTEN, ("lid.01",), touches=True, status="done", sent="unfasten",
        confirmed=True,
    )  # fmt: skip
    (item,) = reconcile(planned(RunTrace(steps={sent.key: sent}), plan_of(bolt_step(1)))).items
    assert (item.status, item.basis) == (ItemStatus.UNKNOWN, "unfasten was confirmed, and the step not ended")
