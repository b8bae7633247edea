"""Following a run, turn by turn, so that it can be said what of it was done when it broke off.

The engine follows its own run, and the journal's reader a run of a process that is gone; both by these functions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from ._events import (
    Decide,
    Decided,
    DoMotion,
    Effect,
    Event,
    Finished,
    Locate,
    Located,
    Look,
    Looked,
    MotionVerb,
    Move,
    Record,
    RunCommand,
)
from ._health import PackReport
from ._json import from_plain
from ._left import RunTrace, StepTrace
from ._plan import CommandAct, Plan, Step, Verb

HARMLESS = ("fit_tool", "set_light", "signal_quarantine", "open_clamp")
"""Commands of a step that change nothing of the pack."""
NEVER_ACTED = ("refused", "journal")
"""Failures of a command that the PLC did not carry out."""


def follow(trace: RunTrace, event: Event, effects: Iterable[Effect]) -> RunTrace:
    """Take one turn into account; a run that has ended is followed no further."""
    if isinstance(event, Decided) and isinstance(event.decision.outcome, Plan):
        trace = planned(trace, event.decision.outcome)
    elif isinstance(event, Finished):
        trace = ended(trace, event.id, event.ok, event.failure)
    elif isinstance(event, (Looked, Located)):
        trace = ended(trace, event.id, True, "")
    for effect in effects:
        trace = asked(trace, effect)
    return trace


def planned(trace: RunTrace, plan: Plan) -> RunTrace:
    """There is a plan. Where it takes the place of another one, what was begun of that one stays known."""
    if trace.outcome:
        return trace
    before = {key: step for key, step in trace.steps.items() if step.status not in ("todo", "skipped")}
    steps = {step.key: _again(before.get(step.key)) or _new(step) for step in plan.steps}
    return dataclasses.replace(trace, pack=plan.pack, recipe=plan.recipe, steps=before | steps)


def asked(trace: RunTrace, effect: Effect) -> RunTrace:
    """An effect was asked for, or a decision recorded."""
    if trace.outcome:
        return trace
    if isinstance(effect, Record):
        return _recorded(trace, effect.kind, effect.data)
    if isinstance(effect, DoMotion) and effect.verb is not MotionVerb.STOP:
        return _under_way(trace, {**trace.in_flight, effect.id: effect.verb.value.replace("_", " ")})
    if not isinstance(effect, (Move, RunCommand, Look, Locate, Decide)):
        return trace
    trace = _under_way(trace, {effect.id: _words(effect)})
    step = trace.steps.get(effect.id.split("#")[0]) if "#" in effect.id else None
    return trace if step is None else _with(trace, _begun(step, effect), in_hand=True)


def ended(trace: RunTrace, effect_id: str, ok: bool, failure: str) -> RunTrace:
    """A device, a camera or the planner answered."""
    if trace.outcome or effect_id not in trace.in_flight:
        return trace
    words = trace.in_flight[effect_id]
    trace = _under_way(trace, {k: v for k, v in trace.in_flight.items() if k != effect_id})
    step = trace.steps.get(effect_id.split("#")[0]) if "#" in effect_id else None
    if step is None or step.sent not in (words.split()[0], "cut"):
        return trace
    if ok:
        return _with(trace, dataclasses.replace(step, confirmed=True))
    if failure in NEVER_ACTED:
        return _with(trace, dataclasses.replace(step, sent="", confirmed=False))
    return trace


def _recorded(trace: RunTrace, kind: str, data: Mapping[str, object]) -> RunTrace:
    if kind == "end":
        return dataclasses.replace(trace, outcome=str(data["outcome"]))
    if kind == "told":
        return dataclasses.replace(trace, told=from_plain(PackReport, data["told"])) if data["accepted"] else trace
    step = trace.steps.get(str(data.get("key", "")))
    if step is None:
        return trace
    if kind == "step":
        return _with(trace, dataclasses.replace(step, status=str(data["status"]), detail=str(data["detail"])))
    if kind == "failure":
        failed = dataclasses.replace(step, status="failed", failure=str(data["kind"]), detail=str(data["detail"]))
        return _with(trace, failed)
    if kind == "seen":
        left = data["left"]
        assert isinstance(left, (list, tuple))
        return _seen(trace, set(step.targets) - set(left), set(left))
    return trace


def _seen(trace: RunTrace, gone: set[str], left: set[str]) -> RunTrace:
    """A look at the fasteners was judged: which are gone, and which are not seen to be."""
    for step in trace.steps.values():
        if step.touches and step.do is Verb.UNFASTEN and (set(step.targets) <= gone or set(step.targets) & left):
            trace = _with(trace, dataclasses.replace(step, seen=set(step.targets) <= gone))
    return trace


def _begun(step: StepTrace, effect: Effect) -> StepTrace:
    """Something was sent for a step; what is known of what was sent before stays until it is sent again."""
    sent = _touching(step, effect)
    if sent:
        return dataclasses.replace(step, status="begun", sent=sent, confirmed=False, failure="", seen=False)
    return step if step.status == "failed" else dataclasses.replace(step, status="begun")


def _touching(step: StepTrace, effect: Effect) -> str:
    if not step.touches:
        return ""
    if isinstance(effect, RunCommand):
        return "" if effect.name in HARMLESS else effect.name
    first = isinstance(effect, Move) and effect.id.rsplit(".", 1)[-1] == "0"
    return "cut" if isinstance(effect, Move) and step.do is Verb.CUT and not first else ""


def _new(step: Step) -> StepTrace:
    commands = {act.name for act in step.acts if isinstance(act, CommandAct)} - set(HARMLESS)
    touches = bool(commands) or (step.do is Verb.CUT and step.contact)
    return StepTrace(step.key, step.title, step.do, step.targets, touches)


def _again(step: StepTrace | None) -> StepTrace | None:
    """A step that is planned once more: what was sent for it stays known, that it was done does not."""
    if step is None or not step.sent:
        return None
    return dataclasses.replace(step, status="begun", detail="", seen=False) if step.status == "done" else step


def _with(trace: RunTrace, step: StepTrace, *, in_hand: bool = False) -> RunTrace:
    last = step.key if in_hand else trace.last
    return dataclasses.replace(trace, steps={**trace.steps, step.key: step}, last=last)


def _under_way(trace: RunTrace, in_flight: Mapping[str, str]) -> RunTrace:
    return dataclasses.replace(trace, in_flight=in_flight)


def _words(effect: Effect) -> str:
    match effect:
        case Move(to_mm=(x, y, z)):
            return f"move to {x:g}, {y:g}, {z:g} mm"
        case RunCommand(name=name):
            return name
        case Look(purpose=purpose):
            return f"look: {purpose.replace('_', ' ')}"
        case Locate(target=target):
            return f"fine look at {target}"
        case _:
            return "plan"
