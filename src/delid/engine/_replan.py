"""The plan against what is now known: where a look shows more than the plan was made from, it is made anew.

That happens between two steps, with nothing at the tool. What is done stays done: the planner is told of it, and the
new plan holds the rest only. A worse hazard, a fastener that nobody planned for, one that is gone, or another word of
a person about the pack are reasons.
"""

from __future__ import annotations

import dataclasses

from delid.core import (
    Assessment,
    FastenerKind,
    HazardClass,
    LookAct,
    MoveAct,
    PackState,
    Plan,
    PoseMm,
    Refusal,
    Step,
    Verb,
)

from ._beside import drop
from ._recheck import merged
from ._state import EngineState, Phase, Progress, StepStatus
from ._turn import Turn

SEVERITY_MARGIN = 0.15
"""By less than this two looks at the same damage may differ."""
UP_MM = 0.5
"""Closer than this to the travel height the tool counts as up."""
OVER = (StepStatus.DONE, StepStatus.SKIPPED)
LOOK_AGAIN, RISE = "again/look", "again/up"
"""Operations of steps that the engine puts in by itself; no recipe can have such a name."""
ASKED = "a person asked for another look"


def note(turn: Turn, step: Step, seen: Assessment) -> tuple[str, ...]:
    """A look of the plan was judged: keep what it tells, and why a new plan is needed. Gives what appeared."""
    state = turn.state
    if state.plan is None or state.basis is None or state.assessment is None:
        return ()
    came = appeared(state, seen)
    reasons = [
        *state.replan,
        *_worse(state.basis, seen),
        *(f"{name} is there, and was not planned for" for name in came),
    ]
    before = state.assessment
    if step.operation == LOOK_AGAIN:
        before, reasons = state.basis, [ASKED, *reasons]  # it counts in place of the look that led to it
    known = merged(before, seen, state.rules.empty_confidence)
    turn.set(assessment=known, replan=tuple(dict.fromkeys(reasons)), reconsidered=(*state.reconsidered, *came))
    return came


def _worse(basis: Assessment, seen: Assessment) -> list[str]:
    """In what the hazard is worse than the plan knows; what is only unclear in a single light is no news."""
    if basis.hazard_class is HazardClass.C:
        return []
    known = {d.kind: d.severity for d in basis.damage}
    found = [
        f"{d.kind.value}, severity {d.severity:.2f}, where {known.get(d.kind, 0.0):.2f} was known"
        for d in seen.damage
        if d.kind not in known or d.severity > known[d.kind] + SEVERITY_MARGIN
    ]
    critical = [f"hazard class C: {seen.hazard_reasons[0]}"] if seen.hazard_class is HazardClass.C else []
    return [*critical, *found]


def appeared(state: EngineState, seen: Assessment) -> tuple[str, ...]:
    """Fasteners that are surely there, that were gone when the plan was made, and that no step works on.

    What is seen below a lifted lid is none of its fasteners.
    """
    assert state.plan is not None
    assert state.basis is not None
    carried = state.leftover.carried
    gone = {f.id for f in state.basis.fasteners if f.kind is FastenerKind.EMPTY} | set(
        carried.removed if carried else ()
    )
    steps = state.plan.steps
    lifted = max((n for n, s in enumerate(steps) if s.do is Verb.LIFT and _is(state, s, StepStatus.DONE)), default=-1)
    groups = {t.rpartition(".")[0] for s in steps[lifted + 1 :] for t in (*_looked_for(s), *_loosens(s))}
    planned = {t for s in steps for t in _loosens(s)} | set(state.reconsidered)
    return tuple(
        f.id
        for f in seen.fasteners
        if f.kind is not FastenerKind.EMPTY
        and f.confidence >= state.rules.empty_confidence
        and f.id in gone - planned
        and f.id.rpartition(".")[0] in groups
    )


def put_back(turn: Turn, step: Step, still_seen: tuple[str, ...]) -> None:
    """A look that found fasteners nobody planned for is taken again when they are out."""
    turn.set(current=None, still_seen=still_seen, progress={**turn.state.progress, step.key: Progress()})


def gone_from(turn: Turn, step: Step) -> bool:
    """True where a new plan has to lead around a fastener that is gone; without zones it is enough to leave it out."""
    state = turn.state
    if state.plan is None or not state.plan.keep_out or set(step.targets) <= set(state.reconsidered):
        return False
    reasons = tuple(f"{name} is gone, and the ways lead around zones" for name in step.targets)
    turn.set(replan=(*state.replan, *reasons), reconsidered=(*state.reconsidered, *step.targets))
    return True


def ask_for(turn: Turn, why: str) -> None:
    """Something else has changed; the plan, if there is one, is made anew before the next step."""
    if turn.state.plan is not None and why not in turn.state.replan:
        turn.set(replan=(*turn.state.replan, why))


def is_due(state: EngineState) -> bool:
    """True where the plan has to be made anew before anything else begins."""
    refused = state.decision is not None and isinstance(state.decision.outcome, Refusal) and not state.queue
    wanted = bool(state.replan) or refused
    return wanted and state.plan is not None and state.current is None and not carrying(state)


def begin(turn: Turn) -> bool:
    """Before a new plan the tool is up. True where the plan may be made now, or the tool is on its way."""
    state = turn.state
    if not is_due(state):
        return False
    if (low := _low(state)) is None:
        drop(turn)
        turn.record("replan", reasons=list(state.replan))
        turn.set(phase=Phase.LOOKING, turns=state.turns + 1)
        return True
    if state.queue and state.queue[0].operation == RISE:
        return False
    up = MoveAct((low[0], low[1], state.rules.safe_z_mm), state.rules.travel_feed_mm_s)
    _put_in(turn, RISE, "Bring the tool up", (up,), state.queue)
    return True


def look_again(turn: Turn) -> None:
    """A person wants the half-dismantled pack to be looked at once more, from the park position."""
    rules, state = turn.state.rules, turn.state
    at = state.last_target_mm
    corners = rules.level.way(at[:2], rules.park_mm[:2]) or [] if rules.level is not None and at is not None else []
    way = tuple(MoveAct((*c, rules.safe_z_mm), rules.travel_feed_mm_s, via=True) for c in corners)
    look = LookAct("inspect", rules.frames)
    acts: tuple[MoveAct | LookAct, ...] = (*way, MoveAct(rules.park_mm, rules.travel_feed_mm_s), look)
    turn.set(phase=Phase.WORKING, replan=())
    _put_in(turn, LOOK_AGAIN, "Look at the pack once more", acts, ())


def _put_in(turn: Turn, name: str, title: str, acts: tuple[MoveAct | LookAct, ...], rest: tuple[Step, ...]) -> None:
    assert turn.state.plan is not None
    key = f"{turn.state.plan.recipe}/{name}"
    step = Step(key, Verb.INSPECT, name, title, acts, contact=False)
    turn.set(queue=(step, *rest), progress={**turn.state.progress, key: Progress()})


def take(turn: Turn, plan: Plan) -> Plan:
    """The new plan with what was done before it; progress is kept with it."""
    state, new = turn.state, {step.key for step in plan.steps}
    before = state.plan.steps if state.plan is not None else ()
    kept = tuple(s for s in before if s.key not in new and state.progress[s.key].status in OVER)
    progress = {s.key: state.progress[s.key] for s in kept} | {s.key: Progress() for s in plan.steps}
    estimate_s = round(sum(s.estimate_s for s in kept) + plan.estimate_s, 2) if kept else plan.estimate_s
    turn.set(progress=progress, still_seen=(), replan=())
    return dataclasses.replace(plan, steps=(*kept, *plan.steps), estimate_s=estimate_s)


def so_far(state: EngineState) -> PackState | None:
    """What was done to the pack, in runs before and in this one, so that it is not planned again."""
    carried, plan = state.leftover.carried, state.plan
    if plan is None or plan.pack is None:
        return carried
    before = carried if carried is not None and carried.pack == plan.pack else PackState(plan.pack)
    over = [s for s in plan.steps if _is(state, s, *OVER)]
    done = [s for s in over if _is(state, s, StepStatus.DONE)]
    gone = {t for s in done for t in _looked_for(s)} | set(state.seen_gone)
    out = {t for s in over for t in _loosens(s)} - set(state.still_seen)
    removed = tuple(name for name in before.removed if name not in state.reconsidered)
    parts = {t for s in done if s.do is Verb.PICK for t in s.targets}
    others = {s.key for s in over if s.do not in (Verb.UNFASTEN, Verb.LIFT, Verb.PLACE, Verb.PICK)}
    return dataclasses.replace(
        before,
        removed=_with(removed, out & gone),
        loosened=_with(before.loosened, out - gone - set(removed)),
        lid_off=before.lid_off or (any(s.do is Verb.LIFT for s in done) and not carrying(state)),
        parts_out=_with(before.parts_out, parts),
        done=_with(before.done, others),
    )


def carrying(state: EngineState) -> bool:
    """True while a part hangs at the tool between the step that took it up and the one that sets it down."""
    steps = state.plan.steps if state.plan is not None else ()
    done = [s.do for s in steps if _is(state, s, StepStatus.DONE)]
    return done.count(Verb.LIFT) > done.count(Verb.PLACE)


def stands(state: EngineState) -> PoseMm | None:
    """Where the robot stands when a plan is made during a run."""
    return state.last_target_mm if state.plan is not None else None


def _low(state: EngineState) -> PoseMm | None:
    at = state.last_target_mm
    return at if at is not None and at[2] < state.rules.safe_z_mm - UP_MM else None


def _loosens(step: Step) -> tuple[str, ...]:
    """The fasteners that a step takes out, by the robot or by hand."""
    looks = any(isinstance(act, LookAct) for act in step.acts)
    return step.targets if step.do is Verb.UNFASTEN and not looks else ()


def _looked_for(step: Step) -> tuple[str, ...]:
    """The fasteners that a step sees gone where it is done."""
    return tuple(name for act in step.acts if isinstance(act, LookAct) for name in act.expect_empty)


def _with(before: tuple[str, ...], new: set[str]) -> tuple[str, ...]:
    return (*before, *sorted(new - set(before)))


def _is(state: EngineState, step: Step, *status: StepStatus) -> bool:
    found = state.progress.get(step.key)
    return found is not None and found.status in status
