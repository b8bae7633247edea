"""Before each step the plan is checked against what the newest look saw: a fastener that is gone is not worked on."""

from __future__ import annotations

import dataclasses

from delid.core import Assessment, HazardClass, LocateAct, Step, Verb

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


def merged(known: Assessment, seen: Assessment, sure: float) -> Assessment:
    """What is known of the pack after another look at it: of each damage the worst, of each fastener the newest.

    Which pack it is was settled before anything was taken off. A look in one light makes a class worse only where it
    finds something critical.
    """
    damage = {d.kind: d for d in known.damage}
    for found in seen.damage:
        if found.kind not in damage or found.severity > damage[found.kind].severity:
            damage[found.kind] = found
    fasteners = {f.id: f for f in known.fasteners}
    fasteners |= {f.id: f for f in seen.fasteners if f.confidence >= sure or f.id not in fasteners}
    worse = seen.hazard_class is HazardClass.C and known.hazard_class is not HazardClass.C
    kept = () if worse and known.hazard_class is HazardClass.A else known.hazard_reasons
    return dataclasses.replace(
        known,
        damage=tuple(damage.values()),
        hazard_class=HazardClass.C if worse else known.hazard_class,
        hazard_reasons=(*seen.hazard_reasons, *kept) if worse else known.hazard_reasons,
        fasteners=tuple(fasteners.values()),
        unclear=tuple(d for d in known.unclear if d.kind not in damage),
    )
