"""The alarm list as plain data, in the order in which a person reads it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ._alarm import Alarm, AlarmState, Priority, is_flood, state_of
from ._alarm_texts import advice_of
from ._state import EngineState

RANK = {priority: rank for rank, priority in enumerate(Priority)}


def alarm_list(state: EngineState, wall_s: float) -> list[dict[str, Any]]:
    """Group by group, the most urgent first; in a group the first-out before its consequences; shelved ones last."""
    shelved = [a for a in state.alarms if a.code in state.shelved]
    shown = [a for a in state.alarms if a.code not in state.shelved]
    groups: dict[str, list[Alarm]] = {}
    for alarm in shown:
        groups.setdefault(alarm.follows or alarm.code, []).append(alarm)
    ordered = sorted(groups.values(), key=lambda g: (min(RANK[a.priority] for a in g), min(a.since_s for a in g)))
    lines = [a for group in ordered for a in _in_group(group)]
    return [_line(state, alarm, wall_s, groups) for alarm in (*lines, *_in_group(shelved))]


def alarm_counts(state: EngineState) -> dict[str, Any]:
    """How many nobody has acknowledged, and whether more came of late than one person can deal with."""
    states = [state_of(a, state.shelved) for a in state.alarms]
    waiting = sum(s in (AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED) for s in states)
    return {"unacknowledged": waiting, "total": len(states), "flood": is_flood(state.alarm_times_s, state.now_s)}


def _in_group(alarms: Iterable[Alarm]) -> list[Alarm]:
    return sorted(alarms, key=lambda a: (not a.first_out, a.since_s))


def _line(state: EngineState, alarm: Alarm, wall_s: float, groups: dict[str, list[Alarm]]) -> dict[str, Any]:
    shelf = state.shelved.get(alarm.code)
    return {
        "code": alarm.code,
        "text": alarm.text,
        "since": wall_s - (state.now_s - alarm.since_s),
        "priority": alarm.priority.value,
        "state": state_of(alarm, state.shelved).value,
        "todo": f"{advice_of(alarm.code).todo}.",
        "first_out": alarm.first_out,
        "follows": alarm.follows,
        "consequences": len(groups.get(alarm.code, ())) - 1 if alarm.first_out and shelf is None else 0,
        "count": alarm.count,
        "acknowledged_by": alarm.acknowledged_by,
        "shelved": None
        if shelf is None
        else {"by": shelf.by, "reason": shelf.reason, "until": wall_s + shelf.until_s - state.now_s},
    }
