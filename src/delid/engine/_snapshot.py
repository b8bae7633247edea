"""The engine's state as plain data, for the panel and for people."""

from __future__ import annotations

from typing import Any

from delid.config import Cell
from delid.core import MODE_CHANGE_STATES, Mode, Refusal, State, allowed_commands, to_plain

from ._alarm_list import alarm_counts, alarm_list
from ._interlocks import INTERLOCKS, checklist, holds, is_watched, no_contact, start_checklist
from ._jogging import why_not
from ._state import EngineState, Phase, StepStatus

WAITING: dict[State, str] = {
    State.STOPPED: "Reset by a person",
    State.ABORTED: "Clear by a person, once the cause is gone",
    State.IDLE: "Start by a person",
    State.COMPLETE: "the pack to be taken out, then Reset",
    State.HELD: "Unhold by a person",
}
"""What a waiting state waits for."""


def snapshot(state: EngineState, cell: Cell, run_id: str, wall_s: float) -> dict[str, Any]:
    """Everything a panel shows, as plain JSON data. Ages are in seconds at the moment of the call."""
    rows = start_checklist(state) if state.packml is State.IDLE else checklist(state)
    done = sum(p.status is StepStatus.DONE for p in state.progress.values())
    return {
        "cell": cell.spec.cell,
        "title": cell.spec.title or cell.spec.cell,
        "at": wall_s,
        "run": run_id,
        "packml": state.packml.value,
        "mode": state.mode.value,
        "modes": [m.value for m in Mode] if state.packml in MODE_CHANGE_STATES else [state.mode.value],
        "allowed": [c.value for c in allowed_commands(state.packml, state.mode)],
        "phase": state.phase.value,
        "waiting_for": waiting_for(state),
        "reset_checklist": [{"name": name, "ok": ok, "why": why} for name, ok, why in rows],
        "question": to_plain(state.question),
        **_of_pack(state),
        "plan": _plan(state),
        "current_step": state.current.step.key if state.current else None,
        "beside": [watched.step.key for watched in state.beside],
        "steps_done": done,
        "steps_total": len(state.progress),
        "outcome": state.outcome,
        "alarms": alarm_list(state, wall_s),
        "alarm_counts": alarm_counts(state),
        "thermal": state.thermal.text if state.thermal else None,
        "reconciliation": _reconciliation(state),
        "carried": to_plain(state.leftover.carried),
        "jog": _jog(state) if state.mode is Mode.MANUAL else None,
        "interlocks": _interlocks(state),
        "devices": _devices(state),
        "tags": dict(state.tags),
        "tags_age_s": state.tags_age_s(),
    }


def waiting_for(state: EngineState) -> str:
    """What the cell waits for, in a few words."""
    if state.question is not None:
        return "an answer"
    if state.packml is State.EXECUTE and state.mode is Mode.MANUAL:
        return f"{state.jog.by} to let go of {state.jog.jog.axis}" if state.jog else "a person to jog the robot"
    if state.packml is State.EXECUTE:
        if state.phase is Phase.WORKING and state.current is None and state.beside:
            return state.beside[0].step.title
        if state.phase is not Phase.WORKING or state.current is None:
            return {Phase.LOOKING: "the camera", Phase.DECIDING: "the plan"}.get(state.phase, "the next step")
        blocked = [words for _, words in no_contact(state)]
        blocked += [words for c in state.permissives if (words := holds(state, c))]
        return blocked[0] if blocked and state.current.step.contact else state.current.step.title
    if state.pending:
        return ", ".join(sorted(name.rsplit(".", 1)[-1].replace("_", " ") for name in state.pending))
    return WAITING.get(state.packml, "")


def _of_pack(state: EngineState) -> dict[str, Any]:
    """What was seen, told and decided."""
    decision = state.decision
    return {
        "assessment": to_plain(state.assessment),
        "candidates": to_plain(decision.candidates) if decision else [],
        "refusal": list(decision.outcome.reasons) if decision and isinstance(decision.outcome, Refusal) else None,
        "told": to_plain(state.told),
        "health": to_plain(decision.health) if decision else None,
    }


def _plan(state: EngineState) -> dict[str, Any] | None:
    plan = state.plan
    if plan is None:
        return None
    steps = []
    for step in plan.steps:
        progress = state.progress[step.key]
        steps.append(
            {
                "key": step.key,
                "title": step.title,
                "do": step.do.value,
                "targets": list(step.targets),
                "status": progress.status.value,
                "detail": progress.detail,
                "estimate_s": step.estimate_s,
            }
        )
    return {
        "recipe": plan.recipe,
        "pack": plan.pack,
        "hazard_class": plan.hazard_class.value,
        "estimate_s": plan.estimate_s,
        "variant": plan.variant,
        "anew": list(state.replan),
        "steps": steps,
    }


def _reconciliation(state: EngineState) -> dict[str, Any] | None:
    """What the last run did, may have done and left to do, and what a person said of it."""
    found = state.leftover.reconciliation
    if found is None:
        return None
    return {
        "run": found.run,
        "pack": found.pack,
        "recipe": found.recipe,
        "last": found.last,
        "in_flight": list(found.in_flight),
        "hanging": found.hanging,
        "same_pack": found.same_pack,
        "settled": found.settled,
        "items": [to_plain(item) for item in found.items],
    }


def _jog(state: EngineState) -> dict[str, Any]:
    """What stands against a jog, how it is held, and the one under way."""
    rules, jogging = state.rules, state.jog
    return {
        "why_not": why_not(state) if jogging is None else [],
        "feed_mm_s": rules.jog_feed_mm_s,
        "hold_s": rules.jog_hold_s,
        "limits_mm": {axis: list(limits) for axis, limits in rules.limits_mm.items()},
        "press": jogging.press if jogging else None,
        "by": jogging.by if jogging else None,
        "axis": jogging.jog.axis if jogging else None,
        "ending": jogging.ending if jogging else "",
        "ended": state.jog_end,
    }


def _interlocks(state: EngineState) -> list[dict[str, Any]]:
    """The interlock table as it stands: what is violated, whether it counts now, and what it would do."""
    return [
        {
            "code": row.code,
            "condition": row.condition,
            "why": row.broken(state),
            "watched": is_watched(row, state),
            "reaction": row.reaction.value,
        }
        for row in INTERLOCKS
    ]


def _devices(state: EngineState) -> dict[str, Any]:
    def link(name: str) -> dict[str, Any]:
        found = state.links.get(name)
        return {"up": bool(found and found.up), "detail": found.detail if found else "not connected yet"}

    motion = state.motion
    return {
        "plc": {**link("plc"), "age_s": state.tags_age_s()},
        "motion": {
            **link("motion"),
            "age_s": state.now_s - motion.at_s if motion else None,
            "state": motion.state.value if motion else "unknown",
            "pose_mm": list(motion.pose_mm) if motion and motion.pose_mm else None,
            "position_trusted": bool(motion and motion.position_trusted),
        },
        "camera": {**link("camera"), "age_s": None},
    }
