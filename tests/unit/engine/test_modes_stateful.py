"""The modes under random events, on top of everything that must hold for the reducer in any case.

The model keeps its own account of fingers on directions and of confirmed steps, and reads no function of the engine.
"""

from __future__ import annotations

import dataclasses

import hypothesis.strategies as st
import test_engine_stateful as base
from harness import RULES, World
from hypothesis import settings
from hypothesis.stateful import initialize, precondition, rule

from delid.core import (
    Answered,
    Command,
    HoldJog,
    Jog,
    JogHeld,
    JogPressed,
    JogReleased,
    Mode,
    ModeSelected,
    Move,
    OperatorCommanded,
    Record,
    RunCommand,
    Started,
    State,
    TagsRead,
)
from delid.engine import EngineState

HOLD_S = 0.3
LIMITS = {"x": (-50.0, 100.0), "y": (-70.0, 100.0), "z": (-100.0, 100.0)}
QUIET = {State.STOPPED, State.IDLE, State.ABORTED}


class Modes(base.Engine):
    """The same events, and people who change modes, press, hold and let go."""

    @initialize(
        plan=st.sampled_from(base.PLANS),
        mode=st.sampled_from((Mode.MANUAL, Mode.MANUAL, Mode.MAINTENANCE)),
        calm=st.sampled_from((True, True, False)),
    )
    def begin(self, plan, mode, calm):
        rules = dataclasses.replace(RULES, can_jog=True, limits_mm=LIMITS, jog_feed_mm_s=40.0, jog_hold_s=HOLD_S)
        self.fresh = EngineState(rules=rules, now_s=0.0)
        self.state, self.plan, self.tags = self.fresh, plan, dict(base.GOOD_TAGS)
        self.links, self.motion, self.tags_at_s, self.known, self.trusted = {}, None, None, {}, False
        self.world, self.ledger, self.history = World(plan), base.Ledger(), []
        self.calm = calm
        self.mode, self.finger_s, self.pressed, self.allowed = Mode.PRODUCTION, None, 0, None
        self._take(Started(0.0))
        self._take(ModeSelected(0.0, mode, "test"))
        self._begin_run(6)

    @rule(mode=st.sampled_from(Mode))
    def choose(self, mode):
        self._take(ModeSelected(self.now, mode, "test"))

    @precondition(lambda self: self.state.packml is not State.EXECUTE)
    @rule(mode=st.sampled_from((Mode.MANUAL, Mode.MANUAL, Mode.MAINTENANCE)))
    def begin_in(self, mode):
        """What a person does to come to Execute in a mode."""
        self._take(OperatorCommanded(self.now, Command.STOP, "test"))
        self._answer_everything()
        self._take(ModeSelected(self.now, mode, "test"))
        self._begin_run(6)

    @precondition(lambda self: self.state.mode is Mode.MANUAL)
    @rule(
        axis=st.sampled_from("xyz"),
        signals=st.integers(1, 5),
        gap_s=st.sampled_from((0.1, 0.1, 0.25, 0.35)),
        looked_at=st.booleans(),
    )
    def press_and_hold(self, axis, signals, gap_s, looked_at):
        """With and without other events between the signals."""
        self.good_day()
        self._take(OperatorCommanded(self.now, Command.UNHOLD, "test"))
        self.press(axis, True, None)
        for _ in range(signals):
            if looked_at:
                self._take(TagsRead(self.now + gap_s, dict(self.tags)))
            self.still_hold(0.0 if looked_at else gap_s, 0)

    @precondition(lambda self: self.state.question is not None)
    @rule()
    def confirm(self):
        self._take(Answered(self.now, self.state.question.id, "do it", "test"))
        self._answer_everything(6)

    @rule(axis=st.sampled_from("xyz"), forward=st.booleans(), feed_mm_s=st.sampled_from((None, None, 10.0, 41.0)))
    def press(self, axis, forward, feed_mm_s):
        self.pressed += 1
        self._take(JogPressed(self.now, f"p{self.pressed}", axis, forward, "test", feed_mm_s))

    @rule(after_s=st.sampled_from((0.0, 0.1, 0.1, 0.1, 0.2, 0.4)), older=st.sampled_from((0, 0, 0, 1)))
    def still_hold(self, after_s, older):
        self._take(JogHeld(self.now + after_s, f"p{self.pressed - older}"))

    @rule(older=st.sampled_from((0, 0, 1)))
    def let_go(self, older):
        self._take(JogReleased(self.now, f"p{self.pressed - older}"))

    # --- what must hold ----------------------------------------------------------------------------------------------

    def _take(self, event):
        jogs = [e for e in self.ledger.open.values() if isinstance(e, Jog)]
        before, now_s = self.state, max(self.state.now_s, event.at_s)
        super()._take(event)
        effects = self.history[-1][3]
        self._mode(event, before)
        self._fingers(event, jogs, now_s, effects)
        self._confirmed(event, effects)

    def _mode(self, event, before):
        """Only a person changes it, and only where nothing is under way."""
        if self.state.mode is not self.mode:
            assert isinstance(event, ModeSelected)
            assert before.packml in QUIET
            self.mode = self.state.mode

    def _fingers(self, event, jogs, now_s, effects):
        """One jog at a time, begun by a press alone, in manual alone; none lives longer than a finger lies on it."""
        begun = [e for e in effects if isinstance(e, Jog)]
        assert not begun or (isinstance(event, JogPressed) and not jogs and self.mode is Mode.MANUAL)
        if self.mode is Mode.MANUAL:
            kinds = (Move, RunCommand) if self.state.packml is State.EXECUTE else (Move,)
            moved = [e for e in effects if isinstance(e, kinds) and not e.id.endswith(".retract")]
            assert not moved, "in manual nothing moves but what is held, and the tool up after a thermal event"
        for jog in begun:
            assert 0 < jog.feed_mm_s <= 40.0
            assert jog.to_mm in LIMITS[jog.axis]
            self.finger_s = event.at_s
        if jogs and isinstance(event, JogHeld) and event.press == f"p{self.pressed}" and self.finger_s is not None:
            self.finger_s = event.at_s if event.at_s - self.finger_s <= HOLD_S else None
        for signal in (e for e in effects if isinstance(e, HoldJog)):
            assert signal.jog in {j.id for j in jogs}
            assert signal.held_at_s is None or signal.held_at_s == self.finger_s
            self.finger_s = None if signal.held_at_s is None else self.finger_s
        if not [e for e in self.ledger.open.values() if isinstance(e, Jog)]:
            self.finger_s = None
        assert self.finger_s is None or now_s - self.finger_s <= HOLD_S, "nobody holds, and the robot was not told"

    def _confirmed(self, event, effects):
        """In maintenance each begun step, and putting away, was allowed by a person just before."""
        if isinstance(event, Answered) and event.answer == "do it":
            self.allowed = [e for e in effects if isinstance(e, Record) and e.kind == "answer" and e.data["accepted"]]
        if self.mode is not Mode.MAINTENANCE:
            return
        for effect in effects:
            if isinstance(effect, Record) and effect.kind == "transition" and effect.data["to"] == "Completing":
                by_person = isinstance(event, OperatorCommanded) and event.command is Command.COMPLETE
                assert self.allowed or by_person
                self.allowed = None
            if isinstance(effect, Record) and effect.kind == "transition" and effect.data["to"] == "Holding":
                self.allowed = None
        current = self.state.current
        if current is not None and self.history[-1][0].current is None:
            assert self.allowed, f"{current.step.key} began without a person"
            self.allowed = None


Modes.TestCase.settings = settings(base.Engine.TestCase.settings, max_examples=max(1, base.EXAMPLES // 2))
TestModes = Modes.TestCase
