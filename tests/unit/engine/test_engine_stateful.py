"""The reducer under random events: whatever happens in whatever order, what must hold, holds after every event.

The model keeps its own account of what the cell knows and of every effect, and reads no function of the engine.
As in the executor, an accepted reset begins a new run with a fresh state that is told again what is known.
``DELID_STATEFUL_EXAMPLES`` and ``DELID_STATEFUL_STEPS`` make it go deeper.
"""

from __future__ import annotations

import dataclasses
import os

import hypothesis.strategies as st
from engine_facts import CALM_FAULTS, DEVICES, FAILURES, FAULTS, LAMPS, PLANS, rest_of
from engine_invariants import Checked, Ledger
from harness import GOOD_TAGS, RULES, World
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import initialize, precondition, rule

from delid.core import (
    AlarmAcknowledged,
    AlarmShelved,
    Answered,
    Candidate,
    Command,
    Decide,
    Decided,
    Decision,
    DoMotion,
    FastenerKind,
    Finished,
    LinkChanged,
    Locate,
    Located,
    Look,
    Looked,
    MotionReported,
    MotionState,
    OperatorCommanded,
    PackReport,
    PackReported,
    Refusal,
    Route,
    Sighting,
    Started,
    State,
    TagsRead,
    Ticked,
)
from delid.engine import EngineState

EXAMPLES = int(os.environ.get("DELID_STATEFUL_EXAMPLES", "40"))
STEPS = int(os.environ.get("DELID_STATEFUL_STEPS", "40"))


class Engine(Checked):
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
            again = self.state.plan is not None
            plan = Refusal(("fits no more",)) if again and gone else rest_of(self.plan, effect.carried)
            decision = Decision(effect.assessment, plan, (Candidate("p/standard", True, ("fits",)),))
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

    @rule(route=st.sampled_from((None, Route.REUSE)))
    def tell(self, route):
        """During a run that makes the plan anew."""
        self._take(PackReported(self.now, PackReport(route=route), "test"))

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


Engine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    phases=[Phase.generate, *([Phase.shrink] if "DELID_STATEFUL_SHRINK" in os.environ else [])],
    derandomize="DELID_STATEFUL_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
TestEngine = Engine.TestCase
