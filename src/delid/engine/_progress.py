"""Beginning, marking and ending steps, and asking a person."""

from __future__ import annotations

from collections.abc import Mapping

from delid.core import Act, Question, Reaction, Scalar, Step

from ._acting import hold
from ._state import Current, Progress, StepStatus
from ._turn import Turn


def start(turn: Turn, step: Step, acts: tuple[Act, ...], reaction: Reaction | None = None) -> None:
    """Make ``step`` the current one with a fresh attempt number."""
    attempts = dict(turn.state.attempts)
    attempts[step.key] = attempts.get(step.key, 0) + 1
    current = Current(step, acts, attempt=attempts[step.key], act_since_s=turn.now_s, reaction=reaction)
    turn.set(attempts=attempts, current=current)
    mark(turn, step.key, StepStatus.ACTIVE)


def finish(turn: Turn, status: StepStatus, detail: str, values: Mapping[str, Scalar] | None = None) -> None:
    """The current step is over."""
    current = turn.state.current
    assert current is not None
    mark(turn, current.step.key, status, detail, values)
    turn.record("step", key=current.step.key, status=status.value, detail=detail)
    turn.set(current=None)


def ask(turn: Turn, question: Question) -> None:
    turn.set(question=question)
    turn.record("question", id=question.id, text=question.text, answers=list(question.answers), step=question.step)
    hold(turn, "a question to the operator")


def mark(
    turn: Turn, key: str, status: StepStatus, detail: str = "", values: Mapping[str, Scalar] | None = None
) -> None:
    progress = dict(turn.state.progress)
    progress[key] = Progress(status, detail, values or {})
    turn.set(progress=progress)
