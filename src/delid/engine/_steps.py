"""Working through a plan: one act at a time, each confirmed, each failure answered by the recipe."""

from __future__ import annotations

import dataclasses

from delid.core import (
    Act,
    AskAct,
    CommandAct,
    Effect,
    FailureKind,
    FastenerKind,
    Finished,
    Locate,
    LocateAct,
    Located,
    Look,
    LookAct,
    Looked,
    Move,
    MoveAct,
    Question,
    RunCommand,
    State,
    Step,
    WaitAct,
)

from . import _beside as beside
from . import _replan as replan
from ._acting import abort, hold, stop
from ._conditions import old_frames
from ._failures import act_done, fail, retry
from ._fine import corrected
from ._interlocks import holds, no_contact
from ._lights import begin_look
from ._modes import ask_for_step, must_ask
from ._progress import ask, finish, start
from ._reactions import react
from ._recheck import leave_out, vanished
from ._state import Current, EngineState, StepStatus
from ._turn import Turn

LIT_PURPOSES = ("inspect",)
"""Looks of a plan that are taken with the whole light program: those that judge pack and damage."""
FATAL = frozenset({"link", "alarm", "reset", "door", "stopped", "fault"})
"""Failures of a device, not of the work; the run aborts."""


def advance_steps(turn: Turn) -> bool:
    """Start whatever can start now; True when something changed that may allow more."""
    current = turn.state.current
    if current is None:
        return _begin_next(turn)
    if turn.state.question is not None:
        return False
    if current.step.contact and current.reaction is None and _not_permitted(turn, current.step):
        return True
    act = current.acts[current.index]
    if isinstance(act, WaitAct):
        return _watch(turn, current, act)
    if current.act_id and not turn.state.redo_act:
        return False
    return _begin_act(turn, current, act)


def _begin_next(turn: Turn) -> bool:
    if not turn.state.queue:
        return False
    step = turn.state.queue[0]
    if vanished(turn.state, step):
        if not replan.gone_from(turn, step):
            leave_out(turn, step)
        return True
    if beside.waits(turn.state, step):
        return False
    if must_ask(turn.state, step.key):
        ask_for_step(turn, step)
        return True
    if beside.may_wait(turn.state, step):
        beside.put_aside(turn, step)
        return True
    if step.contact and _not_permitted(turn, step):
        return True
    turn.set(queue=turn.state.queue[1:], confirmed=None)
    start(turn, step, step.acts)
    return True


def _not_permitted(turn: Turn, step: Step) -> bool:
    """True where a contact step may not begin or go on: by the interlocks, or by what the recipe asks for besides."""
    if found := no_contact(turn.state):
        react(turn, [(row, f"{step.title}: {words}") for row, words in found])
        return True
    if missing := next((words for c in turn.state.permissives if (words := holds(turn.state, c))), ""):
        turn.alarm("permissive", f"{step.title}: {missing}")
        hold(turn, missing)
        return True
    return False


def _begin_act(turn: Turn, current: Current, act: Act) -> bool:
    rules, plan = turn.state.rules, turn.state.plan
    if turn.state.redo_act:  # what still arrives of the first time must not be taken for the second
        attempts = {**turn.state.attempts, current.step.key: current.attempt + 1}
        turn.set(attempts=attempts)
        current = dataclasses.replace(current, attempt=current.attempt + 1)
    act_id = f"{current.step.key}#{current.attempt}.{current.index}"
    turn.set(current=dataclasses.replace(current, act_id=act_id, act_since_s=turn.now_s), redo_act=False)
    if isinstance(act, MoveAct):
        turn.emit(Move(act_id, corrected(turn, act), act.feed_mm_s, rules.move_timeout_s))
    elif isinstance(act, CommandAct):
        turn.emit(RunCommand(act_id, act.name, act.params, act.deadline_s))
    elif isinstance(act, LookAct):
        look = Look(act_id, act.purpose, act.frames, rules.look_timeout_s, plan.pack if plan else None)
        begin_look(turn, look) if act.purpose in LIT_PURPOSES else turn.emit(look)
    elif isinstance(act, LocateAct):
        stands_mm = turn.state.last_target_mm or act.at_mm
        turn.emit(Locate(act_id, act.target, act.at_mm, stands_mm, act.settle_s, rules.look_timeout_s))
    elif isinstance(act, AskAct):
        ask(turn, Question(act_id, act.text, act.answers, current.step.key))
        return True
    return False


def _watch(turn: Turn, current: Current, act: WaitAct) -> bool:
    if not current.act_id:
        act_id = f"{current.step.key}#{current.attempt}.{current.index}"
        current = dataclasses.replace(current, act_id=act_id, act_since_s=turn.now_s)
        turn.set(current=current)
    missing = holds(turn.state, act.condition)
    if not missing:
        value = turn.state.tags[act.condition.tag]
        act_done(turn, {act.condition.tag: value})
        return True
    if turn.now_s - current.act_since_s > act.within_s:
        fail(turn, act.failure.value, f"{missing} after {act.within_s:g} s")
        return True
    return False


def cut_short(state: EngineState, effect: Effect, failure: str) -> bool:
    """True where a hold is why an act failed, so that it is done again after it.

    A command that the PLC never confirmed may have been carried out, and is not sent again without a person.
    """
    held = state.packml in (State.HOLDING, State.HELD, State.UNHOLDING)
    kinds = ("journal",) if isinstance(effect, RunCommand) else ("timeout", "not_reached", "journal")
    return held and failure in kinds


def too_old(turn: Turn, event: Looked | Located) -> bool:
    """True where the frames of a look are too old to act upon: it is taken again when the run goes on."""
    turn.set(frame_age_s=event.frame_age_s)
    if not old_frames(turn.state):
        return False
    if turn.state.current is None:
        turn.look_again()
    elif turn.state.current.act_id == event.id:
        turn.set(redo_act=True)
    return True


def on_finished(turn: Turn, event: Finished) -> None:
    """A Move or RunCommand of the running act ended, or a look that gave no picture."""
    current = turn.state.current
    assert current is not None
    if event.ok:
        act_done(turn, event.values)
    elif isinstance(current.acts[current.index], (LookAct, LocateAct)) and event.failure in FATAL:
        _not_seen(turn, event.detail or event.failure)  # a camera moves nothing: its failure is a question
    elif event.failure in FATAL or (event.failure != "journal" and _is_move(turn)):
        abort(turn, f"act.{event.failure}", f"{_title(turn)}: {event.detail or event.failure}")
    elif event.failure == "journal":
        turn.set(redo_act=True)
    else:
        fail(turn, event.failure or FailureKind.TIMEOUT.value, event.detail)


def on_looked(turn: Turn, event: Looked) -> None:
    """A look of the running act was judged; everything expected empty must be seen empty."""
    current = turn.state.current
    assert current is not None
    act = current.acts[current.index]
    assert isinstance(act, LookAct)
    if event.inspections and not any(i.quality.ok for i in event.inspections):
        reasons = dict.fromkeys(reason for i in event.inspections for reason in i.quality.reasons)
        _not_seen(turn, f"no frame can be judged: {'; '.join(reasons)}", picture=event.id)
        return
    sure = turn.state.rules.empty_confidence
    empty = {f.id for f in event.assessment.fasteners if f.kind is FastenerKind.EMPTY and f.confidence >= sure}
    turn.set(seen_gone=tuple(sorted(empty)))
    came = replan.note(turn, current.step, event.assessment)
    left = tuple(name for name in act.expect_empty if name not in empty)
    if act.expect_empty:
        seen = len(act.expect_empty) - len(left)
        turn.record("seen", key=current.step.key, empty=seen, left=list(left))
        turn.set(current=dataclasses.replace(current, values={**current.values, "seen_empty": seen}))
    if set(left) & set(came):
        replan.put_back(turn, current.step, left)
    elif left:
        fail(turn, FailureKind.STILL_SEEN.value, f"not seen empty: {', '.join(left)}", left)
    else:
        act_done(turn, {"seen_empty": len(act.expect_empty)} if act.expect_empty else {})


def _not_seen(turn: Turn, words: str, picture: str | None = None) -> None:
    """The camera says nothing, neither yes nor no."""
    fail(turn, FailureKind.NOT_VERIFIED.value, words, picture=picture)


def on_answer(turn: Turn, answer: str) -> None:
    """A person answered the question of the current step."""
    current = turn.state.current
    assert current is not None
    act = current.acts[current.index]
    if isinstance(act, AskAct) and current.reaction is None:
        if answer in act.go_on:
            act_done(turn, {})
        else:
            fail(turn, FailureKind.REFUSED.value, f"answered {answer!r}")
    elif answer == "try again":
        retry(turn)
    elif answer == "done by hand":
        finish(turn, StepStatus.DONE, f"by hand after {current.failure}", current.values)
    else:
        finish(turn, StepStatus.FAILED, current.failure)
        stop(turn, f"operator: stop after {current.failure}")


def _is_move(turn: Turn) -> bool:
    current = turn.state.current
    return current is not None and isinstance(current.acts[current.index], MoveAct)


def _title(turn: Turn) -> str:
    return turn.state.current.step.title if turn.state.current else "run"
