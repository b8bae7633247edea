"""The reducer under random events: whatever happens in whatever order, what must hold, holds after every event.

The model keeps its own account of what the cell knows and of every effect, and reads no function of the engine.
As in the executor, an accepted reset begins a new run with a fresh state that is told again what is known.
``DELID_STATEFUL_EXAMPLES`` and ``DELID_STATEFUL_STEPS`` make it go deeper.
"""

from __future__ import annotations

import dataclasses
import os

import hypothesis.strategies as st
from harness import GOOD_TAGS, RULES, World, bolt_step, look_step, plan_of
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from delid.core import (
    ACTING_DONE,
    COMMANDED,
    UNAWAITED,
    AlarmAcknowledged,
    AlarmShelved,
    Answered,
    AskAct,
    CancelCommand,
    Candidate,
    Command,
    CommandAct,
    Condition,
    Decide,
    Decided,
    Decision,
    DoMotion,
    FailureKind,
    FastenerKind,
    Finished,
    HoldJog,
    Jog,
    LinkChanged,
    Locate,
    LocateAct,
    Located,
    Look,
    Looked,
    Mode,
    MotionReported,
    MotionState,
    MotionVerb,
    Move,
    OperatorCommanded,
    Reaction,
    Record,
    Refusal,
    RunCommand,
    Sighting,
    Started,
    State,
    Step,
    TagsRead,
    Ticked,
    Verb,
    WaitAct,
)
from delid.engine import EngineState, Light, step

EXAMPLES = int(os.environ.get("DELID_STATEFUL_EXAMPLES", "40"))
STEPS = int(os.environ.get("DELID_STATEFUL_STEPS", "40"))

DEVICES = ("plc", "motion", "journal", "camera")
FAULTS = (
    {"estop_ok": False},
    {"guard_closed": False},
    {"smoke": True},
    {"quench_on": True},
    {"isolation_ohm_per_v": 40.0},
    {"pack_temperature_c": 75.0},
    {"gas_ppm": 90},
    {"pack_voltage_v": 380.0},
    {"watchdog_ok": False},
    {"motion_permitted": False},
    {"extraction_on": False},
    {"vacuum_ok": True},
)
CALM_FAULTS = tuple(f for f in FAULTS if set(f) & {"motion_permitted", "pack_voltage_v", "extraction_on", "vacuum_ok"})
"""Those that hold a run; all others end it, so that few runs would come far."""
FAILURES = (
    "journal",
    "timeout",
    "not_reached",
    *(kind.value for kind in FailureKind),
    "link",
    "alarm",
    "reset",
    "door",
    "stopped",
    "fault",
    "journal",
)
WAITING = frozenset({State.STOPPED, State.IDLE, State.COMPLETE, State.ABORTED, State.HELD, State.SUSPENDED})
ONWARD = frozenset({State.RESETTING, State.STARTING, State.CLEARING, State.UNHOLDING, State.UNSUSPENDING})
PAUSED = frozenset({State.HELD, State.SUSPENDED, State.UNHOLDING, State.UNSUSPENDING})
HALTING = frozenset({State.STOPPING, State.ABORTING})
HALTED = HALTING | {State.ABORTED}
LEFT = (State.STOPPED, State.ABORTED, State.CLEARING, State.COMPLETE)
"""Where a person may be asked about what a run left."""
EDGES = {(a, b) for (a, _), b in COMMANDED.items()} | set(ACTING_DONE.items())
WORKING = {State.STARTING, State.EXECUTE, State.COMPLETING}
ALLOWED_IN = {
    Move: WORKING,
    Jog: {State.EXECUTE},
    HoldJog: {State.EXECUTE},
    RunCommand: WORKING | {State.RESETTING, State.CLEARING},
    CancelCommand: HALTING,
    Look: {State.EXECUTE},
    Locate: {State.EXECUTE},
    Decide: {State.EXECUTE},
    MotionVerb.STOP: HALTING,
    MotionVerb.HOLD: {State.HOLDING, State.SUSPENDING},
    MotionVerb.RESUME: {State.UNHOLDING, State.UNSUSPENDING},
    MotionVerb.HOME: {State.RESETTING},
    MotionVerb.ENABLE: {State.RESETTING},
    MotionVerb.CLEAR_FAULT: {State.RESETTING, State.CLEARING},
}
"""In which states an effect may be asked for; after a fault only stop and cancel are left until a person clears it."""

AFTER_HALT = ("quench", "extraction_full", "signal_quarantine")
"""What the PLC is told once everything has been stopped; besides, the tool may be brought up, and nothing else."""

LAMPS = (Light("rake_left", 1, 0.1), Light("ambient", 0, 0.1))


def _rich_plan():
    impact = (CommandAct("fit_tool", {"tool_number": 2}), *bolt_step(1).acts[:3])
    refit = (CommandAct("fit_tool", {"tool_number": 1}),)
    hit = {"seized": (Reaction.RETRY, Reaction.IMPACT, Reaction.ASK), "slipped": (Reaction.SKIP,)}
    first = dataclasses.replace(bolt_step(1, on_failure=hit, alternative=impact), refit=refit)
    fine = bolt_step(2, on_failure={"not_found": (Reaction.RETRY,), "stripped": (Reaction.STOP,)})
    fine = dataclasses.replace(fine, acts=(LocateAct("lid.02", (200.0, 50.0, -290.0), 8.0), *fine.acts))
    lift = Step(
        "p/standard/lift", Verb.LIFT, "lift", "Lift",
        (CommandAct("vacuum_on"), WaitAct(Condition("vacuum_ok", equals=True), 2.0)),
    )  # fmt: skip
    asked = AskAct("Plug pulled?", ("pulled", "cannot"), ("pulled",))
    ask = Step("p/standard/plug", Verb.DISCONNECT, "plug", "Pull the plug", (asked,), contact=False)
    permissives = (Condition("extraction_on", equals=True),)
    return plan_of(first, fine, look_step(2), ask, lift, permissives=permissives)


PLANS = (plan_of(bolt_step(1), look_step(1)), _rich_plan(), Refusal(("no recipe fits",)))


class Ledger:
    """The model's own account of one run's effects and steps."""

    def __init__(self):
        self.open = {}
        self.due_s = {}
        self.closed = []
        self.done = set()


class Engine(RuleBasedStateMachine):
    """Events at random; every one is checked by ``_take``."""

    @initialize(
        plan=st.sampled_from(PLANS),
        lamps=st.booleans(),
        can_hold=st.sampled_from((True, True, False)),
        unfinished=st.sampled_from((None, None, "r0")),
        answers=st.sampled_from((None, 0, 4, 6, 8, 10, 12, 14, 18, 22, 28)),
        calm=st.sampled_from((True, True, True, False)),
    )
    def begin(self, plan, lamps, can_hold, unfinished, answers, calm):
        rules = dataclasses.replace(RULES, lights=LAMPS if lamps else (), can_hold=can_hold)
        self.fresh = EngineState(rules=rules, now_s=0.0)
        self.state, self.plan, self.tags = self.fresh, plan, dict(GOOD_TAGS)
        self.links, self.motion, self.tags_at_s, self.known, self.trusted = {}, None, None, {}, False
        self.world, self.ledger, self.history = World(plan), Ledger(), []
        self.calm = calm
        self._take(Started(0.0, unfinished))
        if answers is not None:
            self._begin_run(answers)

    def _begin_run(self, answers):
        """What a person does to begin a run from wherever the cell is, and the first good answers."""
        self.good_day()
        self._take(AlarmAcknowledged(self.now, "*", "test"))
        for _ in range(4):
            self._answer_everything()
            self._say_what_was_left()
            by_state = {State.ABORTED: Command.CLEAR, State.IDLE: Command.START}
            command = by_state.get(self.state.packml, Command.RESET)
            self._take(OperatorCommanded(self.now, command, "test"))
            if command is Command.START:
                break
        self._answer_everything(answers)

    def _say_what_was_left(self):
        for _ in range(8):
            question = self.state.question
            if question is not None and question.id.startswith("q.left."):
                self._take(Answered(self.now, question.id, question.answers[0], "test"))

    @property
    def now(self):
        return self.state.now_s

    # --- what may happen ---------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.calm)
    @rule(command=st.sampled_from(Command))
    def command(self, command):
        self._take(OperatorCommanded(self.now, command, "test"))

    @rule(command=st.sampled_from((Command.HOLD, Command.UNHOLD, Command.SUSPEND, Command.UNSUSPEND)))
    def pause_or_go_on(self, command):
        """The commands that do not end a run."""
        self._take(OperatorCommanded(self.now, command, "test"))

    @rule(
        pause=st.sampled_from(((Command.HOLD, Command.UNHOLD), (Command.SUSPEND, Command.UNSUSPEND))),
        change=st.sampled_from(({}, {}, {"motion_permitted": False})),
        held_s=st.sampled_from((0.1, 100.0)),
        fails=st.booleans(),
    )
    def pause_for_a_while(self, pause, change, held_s, fails):
        """The robot confirms that it stands, or what is under way fails meanwhile; then a person goes on."""
        self._take(OperatorCommanded(self.now, pause[0], "test"))
        for effect in [e for e in self.ledger.open.values() if fails or isinstance(e, DoMotion)]:
            self._take(Finished(self.now, effect.id, isinstance(effect, DoMotion), "", "test"))
        self.tags |= change
        self._take(TagsRead(self.now + held_s, dict(self.tags)))
        self._take(OperatorCommanded(self.now, pause[1], "test"))

    @rule(which=st.integers(0, 3), minutes=st.sampled_from((None, 0, 5)))
    def see_to_an_alarm(self, which, minutes):
        """Acknowledge or shelve; neither lets anything happen."""
        codes = [a.code for a in self.state.alarms] or ["plc.gas"]
        code, before = codes[which % len(codes)], self.state
        event = AlarmAcknowledged(self.now, code, "test")
        if minutes is not None:
            event = AlarmShelved(self.now, code, "test", "why", 60.0 * minutes)
        self._take(event)
        assert (self.state.packml, self.state.pending) == (before.packml, before.pending)

    @precondition(lambda self: self.ledger.open)
    @rule()
    def the_journal_refuses(self):
        self._take(Finished(self.now, next(iter(self.ledger.open)), False, "journal", "disk full"))

    @rule()
    def good_day(self):
        """Everything that a person at the cell can put right is right."""
        for device in ("plc", "motion", "journal", "camera"):
            if self.links.get(device) is not True:
                self._take(LinkChanged(self.now, device, True))
        self.tags = dict(GOOD_TAGS)
        self._take(TagsRead(self.now, dict(self.tags)))
        self._take(MotionReported(self.now, MotionState.IDLE, (0, 0, 0), True))

    @rule(change=st.sampled_from(CALM_FAULTS))
    def condition_lost(self, change):
        self.tags |= change
        self._take(TagsRead(self.now + 0.05, dict(self.tags)))

    @precondition(lambda self: not self.calm)
    @rule(change=st.sampled_from(FAULTS))
    def fault(self, change):
        self.tags |= change
        self._take(TagsRead(self.now + 0.05, dict(self.tags)))

    @rule(duration_s=st.sampled_from((0.1, 0.9, 1.3, 4.0, 20.0, 70.0)), fresh=st.sampled_from((True, True, False)))
    def time_passes(self, duration_s, fresh):
        fresh = fresh or self.calm
        if fresh:
            self._take(TagsRead(self.now + duration_s, dict(self.tags)))
        self._take(Ticked(self.now + (0.0 if fresh else duration_s)))

    @rule(up=st.booleans())
    def journal(self, up):
        self._take(LinkChanged(self.now, "journal", up, "disk full"))

    @precondition(lambda self: not self.calm)
    @rule(device=st.sampled_from(DEVICES), up=st.booleans())
    def link(self, device, up):
        self._take(LinkChanged(self.now, device, up, "test"))

    @precondition(lambda self: not self.calm)
    @rule(state=st.sampled_from(MotionState), trusted=st.sampled_from((True, True, False)))
    def motion_report(self, state, trusted):
        self._take(MotionReported(self.now, state, (0, 0, 0), trusted))

    @precondition(lambda self: self.ledger.open)
    @rule(which=st.integers(0, 3), gone=st.sampled_from(((), (), ("lid.01",), ("lid.01", "lid.02"))))
    def answer_well(self, which, gone):
        names = list(self.ledger.open)
        effect = self.ledger.open[names[which % len(names)]]
        self.world.removed |= set(gone)
        if isinstance(effect, Look) and effect.look == "ambient":
            self._take(Looked(self.now, effect.id, (), self.world.assessment()))
        elif isinstance(effect, Decide):
            decision = Decision(effect.assessment, self.plan, (Candidate("p/standard", True, ("fits",)),))
            self._take(Decided(self.now, effect.id, decision))
        elif isinstance(effect, Locate):
            seen = Sighting(FastenerKind.BOLT, (0, 0), (effect.at_mm[0] + 1.0, effect.at_mm[1]), 0.95)
            self._take(Located(self.now, effect.id, seen))
        else:
            self._take(Finished(self.now, effect.id, True))

    @precondition(lambda self: self.ledger.open)
    @rule(count=st.integers(1, 6))
    def answer_several(self, count):
        self._answer_everything(count)

    def _answer_everything(self, most=12):
        for _ in range(most):
            if self.ledger.open:
                self.answer_well(0, ())

    @precondition(lambda self: self.state.packml in (State.ABORTED, State.STOPPED, State.COMPLETE, State.IDLE))
    @rule(answers=st.sampled_from((6, 8, 10, 14, 20)))
    def another_run(self, answers):
        self._begin_run(answers)

    @precondition(lambda self: self.ledger.open)
    @rule(which=st.integers(0, 3), failure=st.sampled_from(FAILURES))
    def answer_badly(self, which, failure):
        names = list(self.ledger.open)
        effect = self.ledger.open[names[which % len(names)]]
        if self.calm and failure in FAILURES[-7:-1]:
            failure = "seized"
        if isinstance(effect, Locate) and failure == "not_found":
            self._take(Located(self.now, effect.id, None, "nothing there"))
        else:
            self._take(Finished(self.now, effect.id, False, failure, "test"))

    @rule(which=st.integers(0, 50), ok=st.booleans(), late=st.booleans())
    def answer_late_twice_or_from_nowhere(self, which, ok, late):
        closed = self.ledger.closed
        name = closed[-1 - which % len(closed)] if closed and late else f"unknown.{which}"
        before = self.state
        self._take(Finished(self.now, name, ok, "" if ok else "timeout"))
        held = before.packml is State.SUSPENDED and self.state.packml in (State.HOLDING, State.HELD)
        assert held or self.state == before, f"an answer to {name}, which is over, changed something"

    @rule(which=st.integers(0, 3), wrong_id=st.sampled_from((False, False, False, True)))
    def reply(self, which, wrong_id):
        question = self.state.question
        answers = (*question.answers, "something else") if question else ("try again",)
        name = "q.other" if wrong_id or question is None else question.id
        self._take(Answered(self.now, name, answers[which % len(answers)], "test"))

    # --- what must hold ----------------------------------------------------------------------------------------------

    def _take(self, event):
        self._note(event)
        reset = isinstance(event, OperatorCommanded) and event.command is Command.RESET
        if reset and step(self.state, event)[0].packml is State.RESETTING:
            self._new_run(event.at_s)
        before = self.state
        self.state, effects = step(before, event)
        self.history.append((before, event, self.state, effects))
        self._transitions(event, before, effects)
        self._effects(before, effects)
        self._ledger(event, before, effects)
        self._steps(event, effects)
        self._nobody_is_stuck()

    def _new_run(self, at_s):
        mode, carried = self.state.mode, self.state.leftover.next_run().carried
        self.state, self.ledger = dataclasses.replace(self.fresh, now_s=at_s), Ledger()
        self.world.removed.clear()
        self.world.removed |= set(carried.removed if carried else ())
        for fact in (Started(at_s, mode=mode, carried=carried), *(self.known[k] for k in sorted(self.known))):
            self.state, effects = step(self.state, fact)
            assert not effects

    def _note(self, event):
        """What the model knows of the cell."""
        if isinstance(event, LinkChanged):
            self.links[event.device] = event.up
            self.known[f"0 {event.device}"] = event
            if event.device == "motion" and not event.up:
                self.motion = None
        elif isinstance(event, TagsRead):
            self.tags, self.tags_at_s = dict(event.values), event.at_s
            self.known["2 tags"] = event
        elif isinstance(event, MotionReported):
            self.motion = event
            self.known["1 motion"] = event

    def _transitions(self, event, before, effects):
        """Only those of the table, without a gap; onward from a waiting state only by a person."""
        at = before.packml
        for record in (e for e in effects if isinstance(e, Record) and e.kind == "transition"):
            edge = State(record.data["from"]), State(record.data["to"])
            assert edge[0] is at
            broke_off = isinstance(event, Started) and edge == (State.STOPPED, State.ABORTED)
            assert edge in EDGES or broke_off, f"{edge[0].value} to {edge[1].value} is not in the table"
            by_person = isinstance(event, (OperatorCommanded, Answered))
            assert by_person or not (edge[0] in WAITING and edge[1] in ONWARD), f"nobody asked for {edge}"
            left = before.leftover.reconciliation
            assert edge[1] is not State.RESETTING or left is None or left.settled, "reset with open questions"
            at = edge[1]
        assert at is self.state.packml

    def _effects(self, before, effects):
        """Each in a state that allows it, and what moves or works only with permission."""
        at = before.packml
        for effect in effects:
            if isinstance(effect, Record):
                at = State(effect.data["to"]) if effect.kind == "transition" else at
                continue
            kind = effect.verb if isinstance(effect, DoMotion) else type(effect)
            if at in HALTED and isinstance(effect, (Move, RunCommand)):
                self._after_halt(effect)
                continue
            assert at in ALLOWED_IN[kind], f"{kind} in {at.value}"
            assert self.state.thermal is None or kind in (MotionVerb.STOP, CancelCommand), f"{kind} in a thermal event"
            if isinstance(effect, (Move, Jog)) or kind in (MotionVerb.HOME, MotionVerb.RESUME):
                assert not (why := self._danger()), f"{effect.id}: {why}"
            works = isinstance(effect, (Move, Jog)) or kind is MotionVerb.RESUME
            lamp = isinstance(effect, RunCommand) and effect.name == "set_light"  # moves nothing and touches nothing
            if works or (isinstance(effect, RunCommand) and at is State.EXECUTE and not lamp):
                assert not (why := self._danger() or self._not_permitted()), f"{effect.id}: {why}"
            current = self.state.current
            acts = isinstance(effect, (Move, RunCommand)) and current and current.act_id == effect.id
            if acts and current.step.contact and current.reaction is None:
                assert self.tags["pack_voltage_v"] < RULES.contact_voltage_v
                assert self.tags["extraction_on"] or not self.state.plan.permissives

    def _after_halt(self, effect):
        if isinstance(effect, RunCommand):
            assert effect.name in AFTER_HALT
            return
        assert effect.id.endswith(".retract")
        assert effect.to_mm[2] == RULES.safe_z_mm
        closed = self.tags["estop_ok"], self.tags["guard_closed"]
        linked = self.links.get("plc"), self.links.get("motion")
        assert (closed, linked) == ((True, True), (True, True)), effect.id
        assert not (why := self._not_permitted(but_journal=True)), f"{effect.id}: {why}"

    def _danger(self):
        tags, links = self.tags, self.links
        if not (links.get("plc") and links.get("motion")):
            return "a link is down"
        if self.tags_at_s is None or self.now - self.tags_at_s > 1.0:
            return "old values"
        if not (tags["estop_ok"] and tags["guard_closed"]) or tags["smoke"]:
            return "e-stop, guard or smoke"
        return "heat or gas" if tags["pack_temperature_c"] > 60 or tags["gas_ppm"] > 50 else ""

    def _not_permitted(self, but_journal=False):
        if not (self.tags["motion_permitted"] and self.tags["watchdog_ok"]):
            return "the PLC does not permit"
        if self.links.get("journal") is False and not but_journal:
            return "the journal cannot be written"
        motion = self.motion
        return "" if motion and motion.position_trusted and motion.state is not MotionState.FAULT else "position"

    def _ledger(self, event, before, effects):
        """Every effect is pending with a deadline, or confirmed, or its failure is told; every id is used once."""
        ledger, state = self.ledger, self.state
        if isinstance(event, Finished) and event.failure == "journal":
            ledger.open.pop(event.id, None)  # it was never performed, and the link to the journal tells so
        for effect in (e for e in effects if not isinstance(e, UNAWAITED)):
            assert effect.id not in {*ledger.open, *ledger.closed}, f"{effect.id} is used twice"
            ledger.open[effect.id] = effect
            assert 0 < getattr(effect, "deadline_s", 30.0) <= 120
        told = [e.kind for e in effects if isinstance(e, Record) and e.kind not in ("seen", "located", "command")]
        for name in [n for n in ledger.open if n not in state.pending]:
            due_s = ledger.due_s.get(name, state.now_s)
            halted = "transition" in told and state.packml in HALTING
            halted |= any(isinstance(e, DoMotion) and e.verb is MotionVerb.STOP for e in effects)
            answered, late = getattr(event, "id", None) == name, state.now_s > due_s
            assert answered or late or halted, f"{name} was forgotten"
            failed = not getattr(event, "ok", True) if answered else late
            again = state.redo_act or state.phase.value == "none" or state.program is not None
            assert not failed or told or state.alarms or again, f"the failure of {name} was not told"
            del ledger.open[name]
            ledger.closed.append(name)
        assert set(ledger.open) == set(state.pending)
        for name, pending in state.pending.items():
            held = state.packml in PAUSED and isinstance(pending.effect, Move)
            assert held or state.packml in (State.HELD, State.SUSPENDED) or pending.due_s >= state.now_s, name
            ledger.due_s[name] = pending.due_s

    def _steps(self, event, effects):
        """What is done is not done again, unless the camera still sees it."""
        done = self.ledger.done
        for effect in effects:
            if isinstance(effect, Record) and effect.kind == "step" and effect.data["status"] in ("done", "skipped"):
                assert effect.data["key"] not in done, f"{effect.data['key']} ended twice"
                done.add(effect.data["key"])
            elif isinstance(effect, Record) and effect.kind == "failure" and effect.data["kind"] == "still_seen":
                if not any(isinstance(e, Record) and e.kind == "seen" for e in effects):
                    done.clear()  # a look that names none means all
            elif isinstance(effect, Record) and effect.kind == "seen":
                done -= {key for key in done if key.rsplit("/", 1)[-1] in effect.data["left"]}
            elif isinstance(effect, (Move, RunCommand)) and "#" in effect.id:
                assert effect.id.split("#")[0] not in done, f"{effect.id}: the step is done"

    def _nobody_is_stuck(self):
        state = self.state
        if state.packml in ACTING_DONE and state.packml is not State.EXECUTE:
            assert state.pending, f"{state.packml.value} waits for nothing"
        if state.packml is State.EXECUTE and state.mode is not Mode.MANUAL:
            current = state.current
            waits = current is not None and isinstance(current.acts[current.index], WaitAct)
            assert state.pending or waits, "Execute waits for nothing"
        if state.packml is State.ABORTED:
            assert state.alarms, "aborted, and nobody is told why"
        if state.question is not None:
            left = state.question.id.startswith("q.left.")
            assert state.packml in (LEFT if left else (State.HOLDING, State.HELD, State.SUSPENDING, State.SUSPENDED))
        found = state.leftover.reconciliation
        if found is not None and not found.settled and state.packml in (State.STOPPED, State.ABORTED):
            assert state.question is not None, "something is open, and nobody is asked"

    def teardown(self):
        """The same events in the same states give the same again, and nothing that was handed out has changed."""
        for before, event, after, effects in self.history:
            assert step(before, event) == (after, effects)


Engine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    phases=[Phase.generate, *([Phase.shrink] if "DELID_STATEFUL_SHRINK" in os.environ else [])],
    derandomize="DELID_STATEFUL_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
TestEngine = Engine.TestCase
