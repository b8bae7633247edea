"""One turn of the reducer: a draft of the next state and the effects it asks for."""

from __future__ import annotations

import dataclasses
from typing import Any

from delid.core import ACTING_DONE, UNAWAITED, Effect, Locate, Look, Move, Record, RunCommand, State

from ._alarm import Alarm, came, recent
from ._alarm_texts import advice_of
from ._state import EngineState, Pending, Phase

RUNNING = frozenset(
    {
        State.STARTING,
        State.EXECUTE,
        State.HOLDING,
        State.HELD,
        State.UNHOLDING,
        State.SUSPENDING,
        State.SUSPENDED,
        State.UNSUSPENDING,
        State.COMPLETING,
    }
)
"""States of a run in progress."""

MARGIN_S = 2.0
"""How long after a driver's own deadline the engine gives up waiting for its report."""


class Turn:
    """A mutable draft over the frozen state; only the reducer's functions see it."""

    def __init__(self, state: EngineState, at_s: float) -> None:
        self.state = _changed(state, {"now_s": max(state.now_s, at_s)})
        self.effects: list[Effect] = []

    @property
    def now_s(self) -> float:
        return self.state.now_s

    def set(self, **changes: Any) -> None:
        self.state = _changed(self.state, changes)

    def record(self, kind: str, /, **data: object) -> None:
        self.effects.append(Record(kind, data))

    def emit(self, effect: Effect) -> None:
        """Ask for an effect and await its end, if it has one."""
        self.effects.append(effect)
        if isinstance(effect, UNAWAITED):
            return
        limit_s = getattr(effect, "deadline_s", self.state.rules.decide_timeout_s)
        pending = dict(self.state.pending)
        pending[effect.id] = Pending(effect, self.now_s + limit_s + MARGIN_S)
        self.set(pending=pending)
        if isinstance(effect, Move):
            self.set(last_target_mm=effect.to_mm)

    def settle(self, effect_id: str) -> Pending | None:
        """Take an effect off the list of awaited ones; None if it was not awaited."""
        pending = dict(self.state.pending)
        found = pending.pop(effect_id, None)
        self.set(pending=pending)
        return found

    def forget(self, keep_stops: bool = True) -> None:
        """Stop awaiting everything that moves, works or looks; what still arrives is late and ignored."""
        awaited = (Move, RunCommand, Look, Locate)
        self.set(
            pending={k: p for k, p in self.state.pending.items() if keep_stops and not isinstance(p.effect, awaited)}
        )

    def awaiting(self, *kinds: type) -> bool:
        return any(isinstance(p.effect, kinds) for p in self.state.pending.values())

    def enter(self, to: State, cause: str) -> None:
        """Change the PackML state; acting states get their work from the acting table."""
        self.record("transition", **{"from": self.state.packml.value, "to": to.value, "cause": cause})
        self.set(packml=to, packml_since_s=self.now_s, turns=self.state.turns + 1, work=())

    def look_again(self) -> None:
        """Look at the pack anew when the run goes on, under ids of its own."""
        self.set(phase=Phase.NONE, turns=self.state.turns + 1)

    def finish_acting(self) -> None:
        """The work of the acting state is confirmed done."""
        self.enter(ACTING_DONE[self.state.packml], "done")

    def alarm(self, code: str, text: str) -> None:
        """Raise an alarm; one that stands already is not raised again."""
        advice = advice_of(code)
        alarms = came(self.state.alarms, Alarm(code, text, self.now_s, advice.priority, latched=advice.latched))
        if alarms is None:
            return
        self.set(alarms=alarms, alarm_times_s=recent(self.state.alarm_times_s, self.now_s))
        self.record(
            "alarm", code=code, text=text, priority=advice.priority.value, first_out=alarms[-1].first_out,
        )  # fmt: skip

    def end_run(self, outcome: str, reason: str) -> None:
        """Note how the run ended; the first word counts."""
        if self.state.outcome:
            return
        self.set(outcome=outcome, phase=Phase.NONE)
        done = sum(p.status.value == "done" for p in self.state.progress.values())
        self.record("end", outcome=outcome, reason=reason, steps_done=done, steps=len(self.state.progress))


_NAMES = frozenset(f.name for f in dataclasses.fields(EngineState))


def _changed(state: EngineState, changes: dict[str, Any]) -> EngineState:
    """As dataclasses.replace, in a small part of its time: a state has many fields, and changes often in a turn."""
    if not changes.keys() <= _NAMES:
        raise TypeError(f"the engine's state has no {', '.join(sorted(changes.keys() - _NAMES))}")
    new = object.__new__(EngineState)
    fields = vars(new)
    fields.update(vars(state))
    fields.update(changes)
    return new
