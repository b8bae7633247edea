"""Checks that the recipe lets wait beside the robot's work: the PLC's value is watched while other steps go on.

Such a step moves nothing, gives no command and touches nothing, so that it shares no device and no place with the
robot. What comes after it in the recipe waits for it. A check that fails is answered like any other step's failure,
once the step under way is over.
"""

from __future__ import annotations

from delid.core import Mode, Step, WaitAct

from ._conditions import holds
from ._failures import fail
from ._progress import mark
from ._state import Beside, Current, EngineState, StepStatus
from ._turn import Turn


def may_wait(state: EngineState, step: Step) -> bool:
    """True where a step can be watched beside others; in maintenance everything is done one by one."""
    only_waits = len(step.acts) == 1 and isinstance(step.acts[0], WaitAct)
    return step.beside and only_waits and not step.contact and state.mode is not Mode.MAINTENANCE


def put_aside(turn: Turn, step: Step) -> None:
    """Watch the first step of the queue from now on, and go on with the others."""
    state = turn.state
    attempt = state.attempts.get(step.key, 0) + 1
    watched = Beside(step, turn.now_s, attempt)
    turn.set(queue=state.queue[1:], attempts={**state.attempts, step.key: attempt}, beside=(*state.beside, watched))
    mark(turn, step.key, StepStatus.ACTIVE)


def waits(state: EngineState, step: Step) -> bool:
    """True while a step may not begin because a check before it is not done."""
    return any(watched.step.key in step.waits_for for watched in state.beside)


def watch(turn: Turn) -> bool:
    """Look at what is watched; True when one of it is over."""
    state = turn.state
    for watched in state.beside:
        act = watched.step.acts[0]
        assert isinstance(act, WaitAct)
        missing = holds(state, act.condition)
        since_s = max(watched.since_s, state.packml_since_s)  # a hold gives it a full time again
        if not missing:
            _leave(turn, watched)
            mark(turn, watched.step.key, StepStatus.DONE, "confirmed")
            turn.record("step", key=watched.step.key, status=StepStatus.DONE.value, detail="confirmed")
            return True
        if state.current is None and turn.now_s - since_s > act.within_s:
            _leave(turn, watched)
            step = watched.step
            turn.set(current=Current(step, step.acts, attempt=watched.attempt, act_since_s=turn.now_s))
            fail(turn, act.failure.value, f"{missing} after {act.within_s:g} s")
            return True
    return False


def drop(turn: Turn) -> None:
    """Watch nothing any more; what was watched is still to do."""
    for watched in turn.state.beside:
        mark(turn, watched.step.key, StepStatus.TODO)
    turn.set(beside=())


def _leave(turn: Turn, watched: Beside) -> None:
    turn.set(beside=tuple(other for other in turn.state.beside if other is not watched))
