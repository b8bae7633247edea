"""What happens: a pure function from state and event to the next state and the effects it asks for.

No clock, socket, file or randomness: time comes with the events. The tables it reads are the PackML table (core),
the acting table (_acting), the interlock table (_interlocks) and the recipe's reactions (in the plan).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from delid.core import (
    COMMANDED,
    MODE_REFUSES,
    AlarmAcknowledged,
    AlarmShelved,
    Answered,
    Command,
    Decide,
    Decided,
    Effect,
    Event,
    FailureKind,
    Finished,
    Jog,
    JogHeld,
    JogPressed,
    JogReleased,
    LinkChanged,
    Located,
    Look,
    Looked,
    ModeSelected,
    MotionReported,
    Move,
    OperatorCommanded,
    PackReported,
    Started,
    State,
    TagsRead,
    Ticked,
)

from . import _acting as acting
from . import _aftermath as aftermath
from . import _alarming as alarming
from . import _decisions as decisions
from . import _jogging as jogging
from . import _lights as lights
from . import _modes as modes
from . import _reconcile as reconcile
from . import _steps as steps
from . import _told as told
from ._conditions import remember_heat
from ._executing import advance
from ._failures import fail
from ._fine import on_located
from ._interlocks import checklist, in_contact, no_contact, part_hanging, start_checklist, thermal_danger, violated
from ._questions import answer_about_pack, ask_about_pack
from ._reactions import react
from ._state import EngineState, Link, Phase
from ._turn import Turn


def step(state: EngineState, event: Event) -> tuple[EngineState, tuple[Effect, ...]]:
    """Take one event; returns the next state and the effects to perform, in order."""
    turn = Turn(state, event.at_s)
    _HANDLERS[type(event)](turn, event)
    jogging.watch(turn)
    _expire(turn)
    react(turn, violated(turn.state))
    advance(turn)
    aftermath.go_on(turn)
    alarming.watch(turn)
    reconcile.note(turn, state, event)
    return turn.state, tuple(turn.effects)


# --- events -------------------------------------------------------------------------------------------------------


def _started(turn: Turn, event: Started) -> None:
    turn.set(mode=event.mode)
    reconcile.begin(turn, event)
    if event.unfinished_run is None:
        return
    where = f" at {event.unfinished_step}" if event.unfinished_step else ""
    turn.set(unfinished_run=event.unfinished_run)
    turn.alarm("run.unfinished", f"Run {event.unfinished_run} broke off{where}. The cell looks again before it works.")
    turn.enter(State.ABORTED, "the last run has no end")


def _commanded(turn: Turn, event: OperatorCommanded) -> None:
    state, command = turn.state, event.command
    to = COMMANDED.get((state.packml, command))
    reasons = [f"not possible in {state.packml.value}"] if to is None else _refusals(state, command)
    if command in MODE_REFUSES.get(state.mode, ()):
        reasons = [*reasons, f"not possible in the mode {state.mode.value}"]
    turn.record("command", command=command.value, by=event.by, accepted=not reasons, reasons=reasons)
    if reasons or to is None:
        return
    cause = f"{event.by}: {command.value}"
    if command is Command.STOP:
        acting.stop(turn, cause)
    elif command is Command.ABORT:
        acting.abort(turn, "operator.abort", cause)
    else:
        if command in (Command.RESET, Command.CLEAR, Command.UNHOLD):
            alarming.reset(turn, event.by)
        if command is Command.CLEAR:
            turn.set(thermal=None, aftermath=None)
        if command is Command.RESET:
            _forget_run(turn)
        acting.enter_acting(turn, to, cause)


def _refusals(state: EngineState, command: Command) -> list[str]:
    """Why a command that the table allows is refused all the same."""
    if command is Command.RESET:
        return [f"{name}: {why}" for name, ok, why in checklist(state) if not ok]
    if command is Command.COMPLETE and (hanging := part_hanging(state)):
        return [f"{hanging}: let the step that sets it down end, or stop"]
    if command is Command.START:
        return [f"{name}: {why}" for name, ok, why in start_checklist(state) if not ok]
    if command is Command.CLEAR and state.thermal is not None:
        return thermal_danger(state) + alarming.not_acknowledged(state)
    if command is Command.UNHOLD:
        asked = ["answer the question first"] if state.question is not None else []
        touching = [f"{row.condition}: {words}" for row, words in no_contact(state)] if in_contact(state) else []
        return asked + [f"{name}: {why}" for name, ok, why in start_checklist(state) if not ok] + touching
    return []


def _forget_run(turn: Turn) -> None:
    reconcile.forget(turn)
    turn.set(
        phase=Phase.NONE, assessment=None, decision=None, plan=None, queue=(), beside=(), current=None, progress={},
        attempts={}, failures={}, excluded=(), assume_pack=None, question=None, outcome="", unfinished_run=None,
        redo_act=False, program=None, located={}, ruled_out=(), ruled_in=(), basis=None, replan=(), reconsidered=(),
        still_seen=(), told=None,
    )  # fmt: skip


def _answered(turn: Turn, event: Answered) -> None:
    state, question = turn.state, turn.state.question
    fits = question is not None and question.id == event.question_id and event.answer in question.answers
    accepted = fits and (state.packml is State.HELD or reconcile.is_question(question))
    turn.record("answer", id=event.question_id, answer=event.answer, by=event.by, accepted=accepted)
    if not accepted:
        return
    turn.set(question=None)
    if reconcile.is_question(question):
        reconcile.on_answer(turn, question, event)
    elif reconcile.is_doubt(question) and reconcile.on_doubt_answered(turn, event.answer):
        pass
    elif modes.is_confirmation(question):
        modes.on_confirmation(turn, question, event.answer)
    elif state.current is not None:
        steps.on_answer(turn, event.answer)
    else:
        answer_about_pack(turn, event.answer)
    if turn.state.packml is State.HELD and turn.state.question is None:
        acting.enter_acting(turn, State.UNHOLDING, f"{event.by}: answered {event.answer!r}")


def _link(turn: Turn, event: LinkChanged) -> None:
    links = {**turn.state.links, event.device: Link(event.up, event.detail, turn.now_s)}
    turn.set(links=links)
    if event.device == "plc":
        turn.set(heat=())  # a PLC that was started anew begins with zeros
    if not event.up and event.device == "motion":
        turn.set(motion=None, last_target_mm=None)


def _tags(turn: Turn, event: TagsRead) -> None:
    heat = remember_heat(turn.state.heat, event.at_s, event.values.get("pack_temperature_c"))
    turn.set(tags=dict(event.values), tags_at_s=event.at_s, heat=heat)


def _reported(turn: Turn, event: MotionReported) -> None:
    turn.set(motion=event)


def _finished(turn: Turn, event: Finished) -> None:
    pending = turn.settle(event.id)
    if pending is None:
        return  # late: what it belonged to is over
    current = turn.state.current
    if lights.concerns(turn, event.id):
        if unknown := lights.on_finished(turn, event):
            _light_unknown(turn, unknown)
    elif current is not None and current.act_id == event.id:
        if not event.ok and steps.cut_short(turn.state, pending.effect, event.failure):
            turn.set(redo_act=True)
        else:
            steps.on_finished(turn, event)
    elif isinstance(pending.effect, Decide) and event.failure == "journal" and turn.state.plan is not None:
        turn.set(phase=Phase.WORKING)
    elif isinstance(pending.effect, (Look, Decide)) and event.failure == "journal":
        turn.look_again()
    elif isinstance(pending.effect, (Look, Decide)):
        ask_about_pack(turn, f"{event.detail or event.failure}", ())
    elif isinstance(pending.effect, Jog):
        if why := jogging.on_finished(turn, event):
            acting.abort(turn, "jog.failed", why)
    elif aftermath.concerns(turn.state, event.id):
        aftermath.on_finished(turn, pending.effect, event)
    elif not event.ok:
        aftermath.not_stopped(turn, pending.effect)
        acting.fail_acting(turn, pending.effect, event.detail or event.failure)


def _light_unknown(turn: Turn, words: str) -> None:
    """What would be seen now could be judged wrongly."""
    if turn.state.current is None:
        ask_about_pack(turn, words, ())
    else:
        fail(turn, FailureKind.NOT_VERIFIED.value, words)


def _looked(turn: Turn, event: Looked) -> None:
    pending = turn.settle(event.id)
    if pending is None:
        return
    if steps.too_old(turn, event):
        return
    if isinstance(pending.effect, Look):
        lights.on_judged(turn, pending.effect, event)
    if turn.state.current is not None and turn.state.current.act_id == event.id:
        steps.on_looked(turn, event)
        return
    turn.set(assessment=event.assessment, phase=Phase.LOOKING)


def _located(turn: Turn, event: Located) -> None:
    if turn.settle(event.id) is None or steps.too_old(turn, event):
        return
    if turn.state.current is not None and turn.state.current.act_id == event.id:
        on_located(turn, event)


def _ticked(turn: Turn, event: Ticked) -> None:
    """Time alone: deadlines and ages are looked at after every event."""


_HANDLERS: dict[type, Callable[[Turn, Any], None]] = {
    Started: _started,
    OperatorCommanded: _commanded,
    Answered: _answered,
    LinkChanged: _link,
    TagsRead: _tags,
    MotionReported: _reported,
    Finished: _finished,
    Looked: _looked,
    Located: _located,
    Decided: decisions.on_decided,
    ModeSelected: modes.on_selected,
    JogPressed: jogging.on_pressed,
    JogHeld: jogging.on_held,
    JogReleased: jogging.on_released,
    PackReported: told.on_reported,
    AlarmAcknowledged: alarming.on_acknowledged,
    AlarmShelved: alarming.on_shelved,
    Ticked: _ticked,
}

# --- after every event --------------------------------------------------------------------------------------------


def _expire(turn: Turn) -> None:
    """An effect whose report never came has failed."""
    if turn.state.packml in (State.HELD, State.SUSPENDED):
        return  # a held move takes as long as the hold
    for effect_id, pending in turn.state.pending.items():
        if turn.state.packml in acting.RESUMING and isinstance(pending.effect, Move):
            continue  # it gets a full time again when the run goes on
        if turn.now_s > pending.due_s and effect_id in turn.state.pending:
            _finished(turn, Finished(turn.now_s, effect_id, False, "timeout", "no report within its time"))


__all__ = ["step"]
