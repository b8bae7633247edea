"""Before each step the plan is checked against what the newest look saw: a fastener that is gone is not worked on."""

from __future__ import annotations

from delid.core import LocateAct, Step, Verb

from ._progress import mark
from ._state import EngineState, StepStatus
from ._turn import Turn

GONE = "no longer there: the newest look sees its hole empty"


def vanished(state: EngineState, step: Step) -> bool:
    """True where everything that a step would loosen is surely gone.

    A step that looks closely itself decides by that look; questions to a person and looks are never left out.
    """
    works = step.do is Verb.UNFASTEN and step.contact and bool(step.targets)
    looks = any(isinstance(act, LocateAct) for act in step.acts)
    return works and not looks and set(step.targets) <= set(state.seen_gone)


def leave_out(turn: Turn, step: Step) -> None:
    """Take the step off the plan's queue, and say so."""
    turn.set(queue=turn.state.queue[1:])
    mark(turn, step.key, StepStatus.SKIPPED, GONE)
    turn.record("step", key=step.key, status=StepStatus.SKIPPED.value, detail=GONE)
