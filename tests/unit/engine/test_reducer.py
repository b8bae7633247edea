"""The reducer on good and bad days; every row drives the real tables."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from harness import World, bolt_step, look_step, plan_of

from delid.core import (
    ACTING_DONE,
    COMMANDED,
    AskAct,
    CancelCommand,
    Command,
    CommandAct,
    Condition,
    Damage,
    DamageKind,
    Decide,
    Decided,
    Decision,
    DoMotion,
    FailureKind,
    FastenerKind,
    Finished,
    HazardClass,
    LinkChanged,
    Look,
    MotionState,
    MotionVerb,
    Move,
    PackCandidate,
    PackStatus,
    PackVerdict,
    Reaction,
    Record,
    Refusal,
    RunCommand,
    Started,
    State,
    Step,
    Ticked,
    Verb,
    WaitAct,
)

PLAN = plan_of(bolt_step(1), bolt_step(2), look_step(2))


def unfastens(world):
    return [e for e in world.of(RunCommand) if e.name == "unfasten"]


def test_a_good_run_goes_from_reset_to_complete():
    world = World(PLAN)
    world.start()
    assert world.packml is State.COMPLETE
    assert world.state.outcome == "dismantled"
    assert [t["to"] for t in world.records("transition")] == [
        "Resetting", "Idle", "Starting", "Execute", "Completing", "Complete",
    ]  # fmt: skip
    assert all(p.status.value == "done" for p in world.state.progress.values())
    assert world.records("seen")[-1]["left"] == []
    ids = [e.id for e in world.effects if not isinstance(e, Record)]
    assert len(ids) == len(set(ids)), "an effect id was used twice"


def test_nothing_moves_before_a_person_resets_and_starts():
    world = World(PLAN)
    world.connect()
    world.wait(5)
    assert [e for e in world.effects if not isinstance(e, Record)] == []
    world.command(Command.START)
    assert world.records("command")[-1]["reasons"] == ["not possible in Stopped"]
    world.command(Command.RESET)
    world.wait(5)
    assert world.packml is State.IDLE
    assert world.of(Move) == []


def test_after_a_run_without_an_end_a_person_has_to_clear_first():
    world = World(PLAN)
    world.feed(Started(0.0, "r1", "p/standard/lid_bolts/lid.02"))
    assert world.packml is State.ABORTED
    assert "r1" in world.state.alarms[0].text
    assert "lid.02" in world.state.alarms[0].text
    world.connect()
    world.command(Command.RESET)
    assert world.records("command")[-1]["accepted"] is False
    world.command(Command.CLEAR)
    assert world.packml is State.STOPPED
    assert world.of(Move) == []


@pytest.mark.parametrize(
    ("tags", "words"),
    [({"estop_ok": False}, "release it"), ({"guard_closed": False}, "close the guard"), ({"gas_ppm": 80}, "over 50")],
)  # fmt: skip
def test_reset_is_refused_with_the_reason(tags, words):
    world = World(PLAN)
    world.connect()
    world.set_tags(**tags)
    world.command(Command.RESET)
    assert world.packml is State.STOPPED
    assert words in str(world.records("command")[-1]["reasons"])


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("command", list(Command))
def test_every_cell_of_the_command_table(state, command):
    """In each state each command leads where the table says, or is refused and changes nothing."""
    world = World(PLAN, answer=lambda e, w: "withhold", trusted=True)
    world.connect()
    world.state = dataclasses.replace(world.state, packml=state, phase=world.state.phase)
    if state is State.EXECUTE:
        world.feed(Ticked(world.now))
    world.effects.clear()
    world.command(command)
    accepted = world.records("command")[-1]["accepted"]
    if (state, command) not in COMMANDED:
        assert not accepted
        assert world.records("command")[-1]["reasons"][0] == f"not possible in {state.value}"
        return
    assert accepted, world.records("command")[-1]
    target = COMMANDED[(state, command)]
    seen = [t["to"] for t in world.records("transition")]
    assert seen[0] == target.value
    for earlier, later in itertools.pairwise(seen):
        assert ACTING_DONE.get(State(earlier)) is State(later)


@pytest.mark.parametrize(
    ("tags", "code"),
    [({"estop_ok": False}, "plc.estop"), ({"guard_closed": False}, "plc.guard"), ({"gas_ppm": 51}, "plc.gas"),
     ({"watchdog_ok": False}, "plc.watchdog")],
)  # fmt: skip
def test_danger_while_moving_aborts_and_stays_latched(tags, code):
    world = World(PLAN, answer=lambda e, w: "withhold" if isinstance(e, Move) and "lid.01#1.1" in e.id else None)
    world.start()
    assert world.packml is State.EXECUTE
    world.effects.clear()
    world.set_tags(**tags)
    assert world.packml is State.ABORTED
    acts = [e for e in world.effects if not isinstance(e, Record)]
    assert [type(e) for e in acts] == [DoMotion, CancelCommand]
    assert acts[0].verb is MotionVerb.STOP
    assert world.state.alarms[0].code == code
    good = {
        "estop_ok": True,
        "guard_closed": True,
        "gas_ppm": 0,
        "watchdog_ok": True,
    }
    world.set_tags(**good)
    world.wait(10)
    assert world.packml is State.ABORTED, "a fault must stay until a person clears it"
    assert world.state.alarms[0].code == code
    world.command(Command.CLEAR)
    assert world.packml is State.STOPPED


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (LinkChanged(0, "plc", False, "no answer"), "plc.link"),
        (LinkChanged(0, "motion", False, "port gone"), "motion.link"),
    ],
)
def test_a_lost_link_aborts(event, code):
    world = World(PLAN, answer=lambda e, w: "withhold" if isinstance(e, Move) and "lid.01#1.1" in e.id else None)
    world.start()
    world.feed(event)
    assert world.packml is State.ABORTED
    assert world.state.alarms[0].code == code


def test_old_plc_values_abort():
    world = World(PLAN, answer=lambda e, w: "withhold" if isinstance(e, Move) and "lid.01#1.1" in e.id else None)
    world.start()
    world.feed(Ticked(world.now + 1.2))
    assert world.packml is State.ABORTED
    assert world.state.alarms[0].code == "plc.stale"


def test_stop_reaches_robot_and_plc_at_once_and_is_confirmed():
    world = World(PLAN, answer=lambda e, w: "withhold" if not isinstance(e, Look) and "lid.01#1.2" in e.id else None)
    world.start()
    assert [e.name for e in world.withheld] == ["unfasten"]
    world.effects.clear()
    world.answer = lambda e, w: "withhold"
    world.command(Command.STOP)
    assert [type(e) for e in world.effects if not isinstance(e, Record)] == [DoMotion, CancelCommand]
    assert world.packml is State.STOPPING
    for effect in world.withheld[1:]:
        world.feed(Finished(world.now, effect.id, True))
    assert world.packml is State.STOPPED
    assert world.state.outcome == "stopped"
    world.feed(Finished(world.now, world.withheld[0].id, True))  # the late end of the command changes nothing
    assert world.packml is State.STOPPED


def test_a_stop_that_is_not_confirmed_aborts_and_says_so():
    world = World(
        PLAN,
        answer=lambda e, w: (
            "withhold" if "lid.01#1.1" in e.id or (isinstance(e, DoMotion) and e.verb is MotionVerb.STOP) else None
        ),
    )
    world.start()
    world.command(Command.STOP)
    world.wait(20)
    assert world.packml is State.ABORTED
    assert "hardwired emergency stop" in world.state.alarms[-1].text


def test_hold_stops_the_move_and_unhold_goes_on_with_it():
    world = World(PLAN, answer=lambda e, w: "withhold" if isinstance(e, Move) and "lid.01#1.1" in e.id else None)
    world.start()
    world.command(Command.HOLD)
    assert world.packml is State.HELD
    assert world.of(DoMotion)[-1].verb is MotionVerb.HOLD
    world.wait(200)  # longer than any deadline of the move
    assert world.packml is State.HELD
    world.command(Command.UNHOLD)
    assert world.of(DoMotion)[-1].verb is MotionVerb.RESUME
    assert world.packml is State.EXECUTE
    world.feed(Finished(world.now, world.withheld[0].id, True))
    assert world.packml is State.COMPLETE


def test_a_hold_that_is_not_confirmed_escalates():
    world = World(
        PLAN,
        answer=lambda e, w: (
            "withhold" if "lid.01#1.1" in e.id or (isinstance(e, DoMotion) and e.verb is MotionVerb.HOLD) else None
        ),
    )
    world.start()
    world.command(Command.HOLD)
    world.wait(10)
    assert world.packml is State.ABORTED
    assert world.of(DoMotion)[-1].verb is MotionVerb.STOP


def test_a_seized_bolt_is_retried_then_hit_then_asked():
    impact = (*bolt_step(1).acts[:2], CommandAct("unfasten", {"torque_nm": 60.0, "impact": 1.0}))
    plan = plan_of(bolt_step(1, alternative=impact), look_step(1))
    world = World(
        plan,
        answer=lambda e, w: (
            w.fail(e, "seized", "31 N m") if isinstance(e, RunCommand) and e.name == "unfasten" else None
        ),
    )
    world.start()
    assert world.packml is State.HELD
    assert [f["reaction"] for f in world.records("failure")] == ["retry", "impact", "ask"]
    assert [e.params["impact"] for e in unfastens(world)] == [0.0, 0.0, 1.0]
    assert "does not turn" in world.state.question.text
    assert world.state.question.answers == ("try again", "done by hand", "stop")
    # before each reaction the tool came straight up
    for failed in unfastens(world):
        after = world.effects[world.effects.index(failed) + 1 :]
        move = next(e for e in after if isinstance(e, Move))
        assert move.to_mm == (100.0, 50.0, -20.0)


def test_done_by_hand_is_believed_only_when_the_camera_agrees():
    world = World(
        plan_of(bolt_step(1), look_step(1)),
        answer=lambda e, w: w.fail(e, "stripped") if isinstance(e, RunCommand) and e.name == "unfasten" else None,
    )
    world.start()
    world.reply_to_question("done by hand")
    assert world.packml is State.HELD, "the camera still sees the bolt"
    assert world.records("failure")[-1]["kind"] in ("still_seen", "stripped")


def test_a_bolt_that_is_still_seen_is_done_again_once():
    misses = iter([True])

    def answer(effect, world):
        if (
            isinstance(effect, RunCommand)
            and effect.name == "unfasten"
            and "lid.02" in effect.id
            and next(misses, False)
        ):
            return Finished(world.now, effect.id, True)  # the PLC says done, the bolt is still there
        return None

    world = World(PLAN, answer=answer)
    world.start()
    assert world.packml is State.COMPLETE
    assert [e.id for e in unfastens(world)] == [
        "p/standard/lid_bolts/lid.01#1.2", "p/standard/lid_bolts/lid.02#1.2", "p/standard/lid_bolts/lid.02#2.2",
    ]  # fmt: skip


def test_an_unsure_hole_is_not_an_empty_hole():
    world = World(plan_of(bolt_step(1), look_step(1)))
    sure = world.assessment

    def unsure():
        seen = sure()
        return dataclasses.replace(
            seen, fasteners=tuple(dataclasses.replace(f, confidence=0.5) for f in seen.fasteners)
        )

    world.assessment = unsure
    world.start()
    assert world.packml is State.HELD
    assert "does not see the hole empty" in world.state.question.text
    world.reply_to_question("done by hand")
    assert world.packml is State.COMPLETE
    assert world.state.progress["p/standard/lid_bolts/seen_empty"].values["seen_empty"] == 0, "a hand is no eye"


def test_a_device_failure_aborts_instead_of_retrying():
    world = World(
        PLAN,
        answer=lambda e, w: w.fail(e, "alarm", "ALARM:1") if isinstance(e, Move) and "lid.01#1.1" in e.id else None,
    )
    world.start()
    assert world.packml is State.ABORTED
    assert "ALARM:1" in world.state.alarms[0].text


def test_a_report_that_never_comes_fails_the_act():
    world = World(PLAN, answer=lambda e, w: "withhold" if isinstance(e, RunCommand) and e.name == "unfasten" else None)
    world.start()
    world.wait(30)
    assert world.packml is State.HELD
    assert world.records("failure")[0]["kind"] == "timeout"


def test_contact_steps_wait_for_their_permissives():
    plan = plan_of(bolt_step(1), permissives=(Condition("extraction_on", equals=True),))
    world = World(plan)
    world.connect()
    world.tags["extraction_on"] = False
    world.set_tags()
    world.command(Command.RESET)
    world.command(Command.START)
    assert world.packml is State.HELD
    assert unfastens(world) == []
    assert "extraction_on" in world.state.alarms[0].text
    world.set_tags(extraction_on=True)
    assert world.packml is State.HELD, "going on is a person's act"
    world.command(Command.UNHOLD)
    assert world.packml is State.COMPLETE


def test_no_contact_above_the_cells_voltage_limit_whatever_the_recipe_says():
    world = World(plan_of(bolt_step(1)))
    world.tags["pack_voltage_v"] = 360.0
    world.start()
    assert world.packml is State.HELD
    assert unfastens(world) == []
    assert "pack_voltage_v is 360, not below 60" in world.state.alarms[0].text


def test_a_wait_ends_with_its_tag_or_with_its_deadline():
    wait = WaitAct(Condition("vacuum_ok", equals=True), 2.0, FailureKind.NOT_VERIFIED)
    plan = plan_of(Step("p/standard/lift", Verb.LIFT, "lift", "Lift", (wait,)))
    world = World(plan)
    world.start()
    assert world.packml is State.EXECUTE
    world.set_tags(vacuum_ok=True)
    assert world.packml is State.COMPLETE
    late = World(plan)
    late.start()
    late.wait(3.0)
    assert late.packml is State.HELD
    assert "could not be verified" in late.state.question.text


def test_a_question_step_goes_on_or_stops():
    ask = AskAct("Disconnect pulled?", ("pulled", "cannot"), ("pulled",))
    plan = plan_of(Step("p/standard/hv", Verb.DISCONNECT, "hv", "Disconnect", (ask,), contact=False))
    world = World(plan)
    world.start()
    assert world.packml is State.HELD
    world.command(Command.UNHOLD)
    assert "answer the question first" in world.records("command")[-1]["reasons"]
    world.reply_to_question("pulled")
    assert world.packml is State.COMPLETE
    other = World(plan)
    other.start()
    other.reply_to_question("cannot")
    assert other.packml is State.STOPPED


def test_a_foreign_answer_is_refused():
    world = World(plan_of(Step("p/s/q", Verb.ASK, "q", "Q", (AskAct("?", ("a", "b"), ("a",)),), contact=False)))
    world.start()
    world.reply_to_question("c")
    assert world.records("answer")[-1]["accepted"] is False
    assert world.packml is State.HELD


def test_an_unknown_pack_asks_and_can_be_set_aside():
    world = World(Refusal(("no taught pack looks like this",)), verdict=PackVerdict(PackStatus.UNKNOWN, None, 0.4))
    world.start()
    assert world.packml is State.HELD
    assert world.state.question.answers == ("look again", "set aside")
    world.reply_to_question("look again")
    assert len(world.of(Look)) == 2
    world.reply_to_question("set aside")
    assert world.packml is State.STOPPED
    assert world.state.outcome == "set aside"
    assert unfastens(world) == []


def test_an_unclear_damage_is_asked_about_and_the_answer_is_planned_with():
    doubt = Damage(DamageKind.LEAK, 0.3, 0.5, (0, 0, 9, 9))

    def decided(effect, world):
        if not isinstance(effect, Decide):
            return None
        if DamageKind.LEAK in effect.ruled_out:
            return Decided(world.now, effect.id, Decision(effect.assessment, PLAN))
        judged = dataclasses.replace(effect.assessment, unclear=(doubt,), hazard_class=HazardClass.B)
        return Decided(world.now, effect.id, Decision(judged, Refusal(("is there leak?",))))

    world = World(PLAN, answer=decided)
    world.start()
    assert world.packml is State.HELD
    assert world.state.question.answers == ("it is not there", "it is there", "look again", "set aside")
    world.reply_to_question("it is not there")
    assert world.packml is State.COMPLETE
    assert world.of(Decide)[-1].ruled_out == (DamageKind.LEAK,)
    world.start()
    assert world.packml is State.HELD, "the answer counts for one run, and one pack"
    world.reply_to_question("set aside")
    assert world.state.outcome == "set aside"


def test_unclear_damages_are_asked_about_one_by_one_and_what_is_there_goes_into_the_plan():
    doubts = [Damage(kind, 0.3, 0.5, (0, 0, 9, 9)) for kind in (DamageKind.LEAK, DamageKind.DENT)]

    def decided(effect, world):
        if not isinstance(effect, Decide):
            return None
        told = {*effect.ruled_out, *effect.ruled_in}
        left = tuple(d for d in doubts if d.kind not in told)
        if not left:
            return Decided(world.now, effect.id, Decision(effect.assessment, PLAN))
        judged = dataclasses.replace(effect.assessment, unclear=left, hazard_class=HazardClass.B)
        return Decided(world.now, effect.id, Decision(judged, Refusal((f"is there {left[0].kind.value}?",))))

    world = World(PLAN, answer=decided)
    world.start()
    assert world.state.question.text == "is there leak?"
    world.reply_to_question("it is not there")
    assert world.packml is State.HELD
    assert world.state.question.text == "is there dent?"
    assert unfastens(world) == []
    world.reply_to_question("it is there")
    assert world.packml is State.COMPLETE
    last = world.of(Decide)[-1]
    assert (last.ruled_out, last.ruled_in) == ((DamageKind.LEAK,), (DamageKind.DENT,))
    world.start()
    assert world.state.question.text == "is there leak?", "what was found in one pack is not in the next"
    assert world.of(Decide)[-1].ruled_in == ()


def test_looking_again_forgets_what_a_person_found():
    doubt = Damage(DamageKind.DENT, 0.3, 0.5, (0, 0, 9, 9))

    def decided(effect, world):
        if not isinstance(effect, Decide):
            return None
        unclear = () if DamageKind.DENT in effect.ruled_in else (doubt,)
        judged = dataclasses.replace(effect.assessment, unclear=unclear, hazard_class=HazardClass.B)
        return Decided(world.now, effect.id, Decision(judged, Refusal(("no recipe serves this",))))

    world = World(PLAN, answer=decided)
    world.start()
    world.reply_to_question("it is there")
    assert world.state.question.answers == ("look again", "set aside"), "found, and no recipe for it"
    world.reply_to_question("look again")
    assert world.of(Decide)[-1].ruled_in == ()
    assert "it is there" in world.state.question.answers


def test_an_ambiguous_pack_may_be_named_by_a_person():
    seen = PackVerdict(PackStatus.AMBIGUOUS, None, 0.8, (PackCandidate("p", 0.8), PackCandidate("q", 0.79)))
    world = World(Refusal(("two packs look alike",)), verdict=seen)
    world.start()
    assert world.state.question.answers == ("p", "q", "set aside")
    world.plan = PLAN
    world.reply_to_question("p")
    assert world.packml is State.COMPLETE


def test_the_run_holds_when_the_journal_cannot_be_written():
    world = World(PLAN, answer=lambda e, w: "withhold" if isinstance(e, Move) and "lid.01#1.1" in e.id else None)
    world.start()
    world.feed(LinkChanged(world.now, "journal", False, "disk full"))
    assert world.packml is State.HELD
    world.command(Command.UNHOLD)
    assert "Journal" in str(world.records("command")[-1]["reasons"])
    world.feed(LinkChanged(world.now, "journal", True))
    world.command(Command.UNHOLD)
    assert world.packml is State.EXECUTE


def test_losing_the_position_while_running_aborts():
    world = World(PLAN, answer=lambda e, w: "withhold" if isinstance(e, Move) and "lid.01#1.1" in e.id else None)
    world.start()
    world.trusted = False
    world.feed(world.report(MotionState.IDLE))
    assert world.packml is State.ABORTED
    assert world.state.alarms[0].code == "motion.position"


def test_the_same_events_give_the_same_effects():
    first, second = World(PLAN), World(PLAN)
    first.start()
    second.start()
    assert first.effects == second.effects


def test_a_failed_alternative_brings_the_usual_tool_back():
    impact = (CommandAct("fit_tool", {"tool_number": 2}), *bolt_step(1).acts[:3])
    refit = (CommandAct("fit_tool", {"tool_number": 1}),)
    only = dataclasses.replace(
        bolt_step(1, on_failure={"seized": (Reaction.IMPACT, Reaction.ASK)}, alternative=impact), refit=refit
    )
    world = World(
        plan_of(only),
        answer=lambda e, w: w.fail(e, "seized") if isinstance(e, RunCommand) and e.name == "unfasten" else None,
    )
    world.start()
    assert world.packml is State.HELD
    assert [e.params["tool_number"] for e in world.of(RunCommand) if e.name == "fit_tool"] == [2, 1]


def test_a_way_back_that_fails_asks_instead_of_trying_again():
    def answer(effect, world):
        if isinstance(effect, RunCommand) and effect.name in ("unfasten", "fit_tool"):
            return world.fail(effect, "tool_missing" if effect.name == "fit_tool" else "seized")
        return None

    only = dataclasses.replace(
        bolt_step(
            1,
            on_failure={"seized": (Reaction.IMPACT,), "tool_missing": (Reaction.RETRY,)},
            alternative=bolt_step(1).acts[:3],
        ),
        refit=(CommandAct("fit_tool", {"tool_number": 1}),),
    )
    world = World(plan_of(only), answer=answer)
    world.start()
    assert world.packml is State.HELD
    assert "tool is not there" in world.state.question.text


def test_a_fastener_that_only_seems_gone_is_planned():
    """Planning gets sure findings only; a doubtful hole or head is left to the nutrunner."""
    world = World(PLAN)
    known = world.assessment()
    doubtful = (
        dataclasses.replace(known.fasteners[0], kind=FastenerKind.EMPTY, confidence=0.5),
        dataclasses.replace(known.fasteners[1], kind=FastenerKind.STRIPPED, confidence=0.5),
        dataclasses.replace(known.fasteners[2], kind=FastenerKind.EMPTY, confidence=0.99),
        dataclasses.replace(known.fasteners[3], confidence=0.3),
    )
    world.assessment = lambda: dataclasses.replace(known, fasteners=doubtful)
    world.start()
    planned = world.of(Decide)[0].assessment.fasteners
    assert [f.id for f in planned] == ["lid.03"]
    assert [f.id for f in world.state.assessment.fasteners] == [f.id for f in doubtful], (
        "what was seen is kept as it was"
    )


def at_first_descent(effect, world):
    return "withhold" if isinstance(effect, Move) and "lid.01#1.1" in effect.id else None


def test_a_suspended_run_whose_permission_is_gone_is_held_and_not_resumed():
    world = World(PLAN, answer=at_first_descent)
    world.start()
    world.command(Command.SUSPEND)
    assert world.packml is State.SUSPENDED
    world.set_tags(motion_permitted=False)
    assert world.packml is State.HELD
    world.effects.clear()
    world.command(Command.UNSUSPEND)
    world.command(Command.UNHOLD)
    assert [r["accepted"] for r in world.records("command")] == [False, False]
    assert world.of(DoMotion, Move) == []


def test_a_move_that_was_held_for_long_is_resumed_and_not_submitted_again():
    world = World(PLAN, answer=at_first_descent)
    world.start()
    world.command(Command.HOLD)
    world.wait(200)  # longer than any deadline of the move
    world.effects.clear()
    world.command(Command.UNHOLD)
    assert [e.verb for e in world.of(DoMotion, Move)] == [MotionVerb.RESUME]


def test_a_question_that_comes_up_while_suspending_can_be_answered():
    world = World(PLAN, answer=lambda e, w: "withhold" if isinstance(e, Look) and not w.removed else None)
    world.start()
    world.command(Command.SUSPEND)
    world.feed(world.fail(world.withheld[0], "fault", "the camera is gone"))
    assert world.packml is State.HELD
    world.answer = lambda e, w: None
    world.reply_to_question("look again")
    assert world.packml is State.COMPLETE


def test_an_act_that_is_submitted_again_has_an_id_of_its_own():
    refused = iter([True])

    def answer(effect, world):
        first = isinstance(effect, RunCommand) and effect.name == "unfasten" and next(refused, False)
        return world.fail(effect, "journal", "not written") if first else None

    world = World(plan_of(bolt_step(1)), answer=answer)
    world.start()
    assert world.packml is State.COMPLETE
    ids = [e.id for e in unfastens(world)]
    assert len(ids) == len(set(ids)) == 2


def test_a_move_that_is_suspended_for_long_and_then_held_is_not_lost():
    world = World(PLAN, answer=at_first_descent)
    world.start()
    world.command(Command.SUSPEND)
    world.wait(100)  # longer than the move's deadline
    world.answer = lambda e, w: "withhold"
    world.set_tags(motion_permitted=False)
    assert world.packml is State.HOLDING
    world.wait(1.0)
    assert [p.effect.id for p in world.state.pending.values() if isinstance(p.effect, Move)] == [
        "p/standard/lid_bolts/lid.01#1.1"
    ]
