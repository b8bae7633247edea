"""What follows a failure: the way back to the travel height, then what the recipe says, then a person."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from delid.core import Act, AskAct, FailureKind, MoveAct, Question, Reaction, Scalar, Verb

from ._acting import stop
from ._progress import ask, finish, mark, start
from ._state import Current, StepStatus
from ._turn import Turn

KEPT_VALUES = ("torque_nm", "angle_deg", "carried_kg", "error_code", "energy_wh", "air_nl", "extraction_wh")
FAILURE_ANSWERS = ("try again", "done by hand", "stop")


FAILURE_WORDS = {
    "seized": "the fastener does not turn",
    "stripped": "the head is stripped",
    "slipped": "the tool slipped",
    "not_found": "there is no fastener under the tool",
    "misaligned": "the tool is not in line",
    "dropped": "the part was dropped",
    "tool_missing": "the tool is not there",
    "still_seen": "the camera does not see the hole empty",
    "not_verified": "it could not be verified",
    "timeout": "it took too long",
    "refused": "it was refused",
}


def fail(
    turn: Turn,
    kind: str,
    detail: str,
    targets: tuple[str, ...] = (),
    *,
    reaction: Reaction | None = None,
    picture: str | None = None,
) -> None:
    """The running act failed for a reason of the work; retract the tool, then react.

    Args:
        targets: which fasteners failed, if not all of the step's.
        reaction: what follows, where the recipe is not asked.
        picture: the look that shows it.
    """
    current = turn.state.current
    assert current is not None
    counter = f"{current.step.key}/{kind}"
    failures = dict(turn.state.failures)
    failures[counter] = failures.get(counter, 0) + 1
    turn.set(failures=failures)
    reaction = reaction or _reaction(current, kind, failures[counter])
    turn.record("failure", key=current.step.key, kind=kind, detail=detail, number=failures[counter], reaction=reaction)
    mark(turn, current.step.key, StepStatus.FAILED, f"{kind}: {detail}" if detail else kind)
    back = _way_back(turn, current)
    if back:
        start(turn, current.step, back, reaction)
    left = turn.state.current
    assert left is not None
    failed = targets or current.step.targets
    noted = dataclasses.replace(left, reaction=reaction, failure=kind, failure_detail=detail, failed_targets=failed)
    turn.set(current=dataclasses.replace(noted, picture=picture))
    if not back:
        react(turn)


def act_done(turn: Turn, values: Mapping[str, Scalar]) -> None:
    """The running act is confirmed; go to the next one, or finish the step."""
    current = turn.state.current
    assert current is not None
    kept = {**current.values, **{k: v for k, v in values.items() if k in KEPT_VALUES or k == "seen_empty"}}
    last = current.index + 1 == len(current.acts)
    if last and current.reaction is not None:
        react(turn)
    elif last:
        finish(turn, StepStatus.DONE, "confirmed", kept)
    else:
        turn.set(current=dataclasses.replace(current, index=current.index + 1, act_id="", values=kept))


def _reaction(current: Current, kind: str, number: int) -> Reaction:
    """The n-th failure of a kind takes the n-th reaction; a way back that fails is never tried twice."""
    listed = current.step.on_failure.get(kind, ())
    if current.reaction is not None or number > len(listed):
        return _default(current)
    if listed[number - 1] is Reaction.IMPACT and not current.step.alternative:
        return Reaction.ASK
    return listed[number - 1]


def _way_back(turn: Turn, current: Current) -> tuple[Act, ...]:
    """Straight up to the travel height, and the usual tool back where another one was fetched."""
    target, rules = turn.state.last_target_mm, turn.state.rules
    below = target is not None and target[2] < rules.safe_z_mm
    up = (MoveAct((target[0], target[1], rules.safe_z_mm), rules.travel_feed_mm_s),) if target and below else ()
    if current.reaction is not None:
        return ()
    return (*up, *(current.step.refit if current.acts == current.step.alternative else ()))


def _default(current: Current) -> Reaction:
    """What a recipe does not say: ask; an answer that means no stops the run."""
    asked = isinstance(current.acts[current.index], AskAct)
    return Reaction.STOP if asked else Reaction.ASK


def react(turn: Turn) -> None:
    """The tool is out of the way; carry out the reaction."""
    current = turn.state.current
    assert current is not None
    step = current.step
    if current.reaction is Reaction.RETRY:
        retry(turn)
    elif current.reaction is Reaction.IMPACT:
        start(turn, step, step.alternative)
    elif current.reaction is Reaction.SKIP:
        turn.set(excluded=(*turn.state.excluded, *step.targets))
        why = f": {current.failure_detail}" if current.failure_detail else ""
        finish(turn, StepStatus.SKIPPED, f"skipped after {current.failure}{why}")
    elif current.reaction is Reaction.STOP:
        finish(turn, StepStatus.FAILED, current.failure)
        stop(turn, f"{step.title}: {current.failure_detail or current.failure}")
    else:
        text = f"{step.title}: {FAILURE_WORDS.get(current.failure, current.failure)}. What now?"
        target = current.failed_targets[0] if current.failed_targets else None
        name = f"q.{step.key}#{current.attempt}"
        question = Question(name, text, FAILURE_ANSWERS, step.key, target, _why(current), current.picture)
        ask(turn, question)


def _why(current: Current) -> tuple[str, ...]:
    return (current.failure_detail,) if current.failure_detail else ()


def retry(turn: Turn) -> None:
    """Do the step again; after a look, first the fasteners that are still there (the look changed no tool)."""
    current = turn.state.current
    assert current is not None
    step = current.step
    if current.failure != FailureKind.STILL_SEEN.value or turn.state.plan is None:
        start(turn, step, step.acts)
        return
    again = tuple(
        s
        for s in turn.state.plan.steps
        if s.key != step.key and s.do is Verb.UNFASTEN and s.targets and set(s.targets) <= set(current.failed_targets)
    )
    turn.set(current=None, queue=(*again, step, *turn.state.queue))
    for waiting in (*again, step):
        mark(turn, waiting.key, StepStatus.TODO)
