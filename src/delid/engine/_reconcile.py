"""Reconciliation: after a run that broke off, a person is asked about the pack and each unknown step before a reset.

The list is made when a run is stopped or aborted, or when the journal shows one that did not end as it should. What a
person has confirmed is carried over into the next run of the same pack.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeGuard

from delid.core import (
    ANOTHER_PACK,
    DISPOSED,
    ITEM_ANSWERS,
    SAME_PACK,
    Answered,
    Decided,
    Event,
    FastenerKind,
    Finished,
    Item,
    ItemStatus,
    Located,
    Looked,
    PackStatus,
    Question,
    Reconciliation,
    RunTrace,
    Started,
    State,
    Ticked,
    follow,
    reconcile,
)

from . import _acting as acting
from ._leftover import Leftover
from ._questions import LOOK_AGAIN, SET_ASIDE
from ._state import EngineState, Phase
from ._turn import Turn

LEFT, DOUBT = "q.left.", "q.same."
"""With these begin the ids of questions about what a run left, and whether it is the same pack."""
ENDED = (State.STOPPED, State.ABORTED, State.COMPLETE)


def begin(turn: Turn, event: Started) -> None:
    """A process or a run begins: with what was carried over, or with what the last one left."""
    trace = RunTrace(carried=event.carried)
    turn.set(leftover=Leftover(trace, reconcile(event.left) if event.left else None, event.carried))


def forget(turn: Turn) -> None:
    """A new run begins in the same state."""
    turn.set(leftover=turn.state.leftover.next_run())


def note(turn: Turn, before: EngineState, event: Event) -> None:
    """Follow the run; when it has broken off, make the list and ask, one question at a time."""
    late = isinstance(event, (Finished, Looked, Located, Decided)) and event.id not in before.pending
    left = turn.state.leftover
    trace = follow(left.trace, Ticked(event.at_s) if late else event, turn.effects)
    if trace is not left.trace:
        turn.set(leftover=dataclasses.replace(left, trace=trace))
    if left.reconciliation is None and _broke_off(turn.state):
        _change(turn, reconciliation=reconcile(trace))
    _ask(turn)


def _broke_off(state: EngineState) -> bool:
    """True where a run, or the preparation of one, came to an end after which a pack may be left half done."""
    trace = state.leftover.trace
    if state.packml not in ENDED or not state.turns or not (trace.steps or trace.carried):
        return False
    return trace.outcome not in DISPOSED


def _ask(turn: Turn) -> None:
    state, found = turn.state, turn.state.leftover.reconciliation
    if found is None or found.settled or state.question is not None or state.packml not in ENDED:
        return
    question = _about_pack(state, found) if found.same_pack is None else _about(state, found, found.open_items[0])
    turn.set(question=question)
    turn.record("question", id=question.id, text=question.text, answers=list(question.answers), step=question.step)


def _about_pack(state: EngineState, found: Reconciliation) -> Question:
    where = f" at '{found.last}'" if found.last else ""
    counts = ", ".join(f"{found.count(status)} {words}" for status, words in _COUNTED)
    text = f"{_run(found)} broke off{where}: {counts}. Is the same pack still in the cell?"
    reasons = tuple(f"under way when it broke off: {words}" for words in found.in_flight)
    return Question(f"{LEFT}pack.{state.turns}", text, (SAME_PACK, ANOTHER_PACK), reasons=reasons)


_COUNTED = ((ItemStatus.DONE, "done"), (ItemStatus.UNKNOWN, "unknown"), (ItemStatus.TODO, "to do"))


def _about(state: EngineState, found: Reconciliation, item: Item) -> Question:
    answers = ITEM_ANSWERS if item.fastener else ITEM_ANSWERS[:2]
    hangs = " See that nothing hangs at the tool." if item.part == found.hanging else ""
    text = f"{item.title}: {item.basis}. Look at the pack: is it done?{hangs}"
    return Question(f"{LEFT}{item.part}.{state.turns}", text, answers, item.key, item.part)


def _run(found: Reconciliation) -> str:
    return f"Run {found.run}" if found.run else "The last run"


def is_question(question: Question | None) -> TypeGuard[Question]:
    """True for a question about what a run left; it is answered while nothing runs."""
    return question is not None and question.id.startswith(LEFT)


def on_answer(turn: Turn, question: Question, event: Answered) -> None:
    """A person answered about the pack or one part of it."""
    found = turn.state.leftover.reconciliation
    assert found is not None
    if question.target is None:
        found = dataclasses.replace(found, same_pack=event.answer == SAME_PACK)
    else:
        found = found.answered(question.target, event.answer)
    _change(turn, reconciliation=found)
    if found.settled:
        answers = {i.part: i.answer for i in found.items if i.answer}
        turn.record("reconciled", run=found.run, same_pack=found.same_pack, answers=answers, by=event.by)


# --- the next run ---------------------------------------------------------------------------------------------------


def assumed_pack(state: EngineState) -> str | None:
    """The pack that a person has named; it may be one of two that look alike, never one that is not seen."""
    carried, seen = state.leftover.carried, state.assessment
    if state.assume_pack is not None or carried is None or seen is None:
        return state.assume_pack
    names = {c.model for c in seen.pack.candidates[:2]}
    return carried.pack if seen.pack.status is PackStatus.AMBIGUOUS and carried.pack in names else None


def ask_if_doubtful(turn: Turn) -> bool:
    """Ask whether it is the same pack where the camera surely sees what a run before took away."""
    found = _contradictions(turn.state)
    if not found or turn.state.leftover.sure:
        return False
    other_model = turn.state.assessment is not None and _other_model(turn.state)
    answers = (ANOTHER_PACK, LOOK_AGAIN, SET_ASIDE) if other_model else (SAME_PACK, ANOTHER_PACK, LOOK_AGAIN, SET_ASIDE)
    text = "What the camera sees does not fit what the last run left. Is it the same pack?"
    question = Question(f"{DOUBT}{turn.state.turns}", text, answers, reasons=found)
    turn.set(question=question)
    turn.record("question", id=question.id, text=text, answers=list(answers), step=None)
    acting.hold(turn, "a question to the operator")
    return True


def is_doubt(question: Question | None) -> TypeGuard[Question]:
    return question is not None and question.id.startswith(DOUBT)


def on_doubt_answered(turn: Turn, answer: str) -> bool:
    """True where the answer says which pack it is; the others are about looking."""
    if answer == SAME_PACK:
        _change(turn, sure=True)
    elif answer == ANOTHER_PACK:
        trace = dataclasses.replace(turn.state.leftover.trace, carried=None)
        _change(turn, carried=None, trace=trace)
    else:
        return False
    turn.set(phase=Phase.LOOKING)
    return True


def _contradictions(state: EngineState) -> tuple[str, ...]:
    carried, seen = state.leftover.carried, state.assessment
    if carried is None or seen is None:
        return ()
    if _other_model(state):
        return (f"the camera sees {seen.pack.model}, the last run worked on {carried.pack}",)
    there = [
        f.id
        for f in seen.fasteners
        if f.id in carried.removed and f.kind is not FastenerKind.EMPTY and f.confidence >= state.rules.empty_confidence
    ]
    return (f"the camera sees {', '.join(there)}, which the last run took out",) if there else ()


def _other_model(state: EngineState) -> bool:
    carried, seen = state.leftover.carried, state.assessment
    assert carried is not None
    assert seen is not None
    return seen.pack.status is PackStatus.KNOWN and seen.pack.model != carried.pack


def _change(turn: Turn, **changes: Any) -> None:
    turn.set(leftover=dataclasses.replace(turn.state.leftover, **changes))
