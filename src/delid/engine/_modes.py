"""Modes: choosing one, and maintenance, in which a person confirms each step."""

from __future__ import annotations

import dataclasses
from typing import TypeGuard

from delid.core import (
    MODE_CHANGE_STATES,
    Act,
    AskAct,
    CommandAct,
    LocateAct,
    LookAct,
    Mode,
    ModeSelected,
    MoveAct,
    Question,
    Step,
)

from . import _acting as acting
from ._progress import ask
from ._state import EngineState
from ._turn import Turn

CONFIRMATION = "q.step."
"""With this begin the ids of questions that ask whether the next step may begin."""
GO, STOP = "do it", "stop here"
FINISH = "finish"
"""Stands in ``confirmed`` for putting the robot and the pack away after the last step."""


def on_selected(turn: Turn, event: ModeSelected) -> None:
    """A person chose a mode; possible only where nothing is under way."""
    state = turn.state
    reasons = []
    if state.packml not in MODE_CHANGE_STATES:
        allowed = ", ".join(sorted(s.value for s in MODE_CHANGE_STATES))
        reasons = [f"the mode can be changed in {allowed}, not in {state.packml.value}"]
    chosen, now = event.mode.value, state.mode.value
    turn.record("mode", **{"from": now, "to": chosen, "by": event.by, "accepted": not reasons, "reasons": reasons})
    if not reasons:
        turn.set(mode=event.mode)


def must_ask(state: EngineState, key: str) -> bool:
    """True where a person has to confirm what comes next; ``key`` is the step's, or FINISH."""
    return state.mode is Mode.MAINTENANCE and state.confirmed != key


def ask_for_step(turn: Turn, step: Step) -> None:
    """Show a person what the next step does, act by act."""
    acts = tuple(f"{number}. {words(act)}" for number, act in enumerate(step.acts, 1))
    _ask(turn, step.key, f"Next: {step.title}. Shall it be done?", acts)


def ask_for_finish(turn: Turn) -> None:
    """After the last step the robot is put away and the clamp opens; that moves as well."""
    _ask(turn, FINISH, "All steps are over. Shall the robot be put away and the clamp be opened?", ())


def is_confirmation(question: Question | None) -> TypeGuard[Question]:
    return question is not None and question.id.startswith(CONFIRMATION)


def on_confirmation(turn: Turn, question: Question, answer: str) -> None:
    """A person answered whether the next step may begin."""
    if answer == GO:
        turn.set(confirmed=question.step or FINISH)
    else:
        acting.stop(turn, f"operator: {STOP} before {question.step or FINISH}")


def words(act: Act) -> str:
    """What an act does, for a person."""
    match act:
        case MoveAct(to_mm=(x, y, z), feed_mm_s=feed):
            return f"move to {x:g}, {y:g}, {z:g} mm at {feed:g} mm/s"
        case CommandAct(name=name, params=params):
            return name.replace("_", " ") + "".join(f", {key} {value:g}" for key, value in params.items())
        case LookAct(purpose=purpose):
            return f"look: {purpose.replace('_', ' ')}"
        case LocateAct(target=target):
            return f"fine look at {target}"
        case AskAct(text=text):
            return f"ask: {text}"
        case _:
            return f"wait until {act.condition.describe()}"


def _ask(turn: Turn, key: str, text: str, reasons: tuple[str, ...]) -> None:
    turn.set(confirmed=None)
    question = Question(f"{CONFIRMATION}{turn.state.turns}", text, (GO, STOP), reasons=reasons)
    ask(turn, question if key == FINISH else dataclasses.replace(question, step=key))
