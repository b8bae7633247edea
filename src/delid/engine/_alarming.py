"""The life of an alarm: its cause comes and goes, a person acknowledges, shelves and clears it."""

from __future__ import annotations

import dataclasses

from delid.core import ALL_ALARMS, AlarmAcknowledged, AlarmShelved

from ._alarm import Alarm, Priority, Shelf
from ._alarm_texts import advice_of
from ._interlocks import INTERLOCKS
from ._state import EngineState
from ._turn import Turn

RETURNED_S = 2.0
"""A cause that was away for so long without a break is gone; a shorter gap is chatter."""
LONGEST_SHELF_S = 8 * 3600.0
ROWS = {row.code: row for row in INTERLOCKS}


def watch(turn: Turn) -> None:
    """Look for causes that went or came back, and shelves that ran out; called after every event."""
    if any(turn.now_s >= shelf.until_s for shelf in turn.state.shelved.values()):
        turn.set(shelved={k: s for k, s in turn.state.shelved.items() if turn.now_s < s.until_s})
    for alarm in turn.state.alarms:
        row = ROWS.get(alarm.code)
        if row is None:
            continue
        words = row.broken(turn.state)
        if words and not alarm.active:
            turn.alarm(alarm.code, words)
        elif words and alarm.gone_since_s is not None:
            _change(turn, alarm, gone_since_s=None)
        elif not words and alarm.active:
            _going(turn, alarm)


def reset(turn: Turn, by: str) -> None:
    """A person cleared, reset or went on: what is over leaves the list, what is still there counts as seen."""
    there = tuple(a for a in turn.state.alarms if a.code in ROWS and ROWS[a.code].broken(turn.state))
    over = [a.code for a in turn.state.alarms if a not in there]
    if over:
        turn.record("alarms_cleared", codes=over, by=by)
    kept = (dataclasses.replace(a, acknowledged_by=a.acknowledged_by or by, latched=False) for a in there)
    turn.set(alarms=tuple(kept))


def not_acknowledged(state: EngineState) -> list[str]:
    """Critical alarms that a person has not even seen."""
    missing = (a for a in state.alarms if a.priority is Priority.CRITICAL and not a.acknowledged_by)
    return [f"acknowledge {alarm.code} first" for alarm in missing]


def on_acknowledged(turn: Turn, event: AlarmAcknowledged) -> None:
    """A person has seen one alarm, or all."""
    wanted = [a for a in turn.state.alarms if event.code in (a.code, ALL_ALARMS)]
    reasons = [] if wanted or event.code == ALL_ALARMS else [f"there is no alarm {event.code}"]
    seen = [a.code for a in wanted if not a.acknowledged_by]
    turn.record("acknowledge", code=event.code, by=event.by, seen=seen, accepted=not reasons, reasons=reasons)
    for alarm in wanted:
        if alarm.acknowledged_by:
            continue
        _change(turn, alarm, acknowledged_by=event.by)
        if not alarm.latched and (alarm.code not in ROWS or not alarm.active):
            _leave(turn, alarm.code)


def on_shelved(turn: Turn, event: AlarmShelved) -> None:
    """Take an alarm out of the way, or back. Its interlock goes on working."""
    reasons = _shelf_refusals(event)
    turn.record(
        "shelve", code=event.code, by=event.by, reason=event.reason, duration_s=event.duration_s,
        accepted=not reasons, reasons=reasons,
    )  # fmt: skip
    if reasons:
        return
    shelved = {k: s for k, s in turn.state.shelved.items() if k != event.code}
    if (until_s := event.at_s + event.duration_s) > turn.now_s:
        shelved[event.code] = Shelf(event.by, event.reason, until_s)
    turn.set(shelved=shelved)


def _shelf_refusals(event: AlarmShelved) -> list[str]:
    if event.duration_s <= 0:
        return []
    reasons = []
    if advice_of(event.code).priority is Priority.CRITICAL:
        reasons.append("what is critical is never shelved")
    if not event.reason.strip():
        reasons.append("say why")
    if event.duration_s > LONGEST_SHELF_S:
        reasons.append(f"{LONGEST_SHELF_S / 3600:g} hours is the longest")
    return reasons


def _going(turn: Turn, alarm: Alarm) -> None:
    since_s = turn.now_s if alarm.gone_since_s is None else alarm.gone_since_s
    if turn.now_s - since_s < RETURNED_S:
        if alarm.gone_since_s is None:
            _change(turn, alarm, gone_since_s=since_s)
        return
    turn.record("alarm_returned", code=alarm.code)
    _change(turn, alarm, active=False, gone_since_s=since_s)
    if alarm.acknowledged_by and not alarm.latched:
        _leave(turn, alarm.code)


def _change(turn: Turn, alarm: Alarm, **changes: object) -> None:
    changed = dataclasses.replace(alarm, **changes)  # type: ignore[arg-type]
    turn.set(alarms=tuple(changed if a.code == alarm.code else a for a in turn.state.alarms))


def _leave(turn: Turn, code: str) -> None:
    turn.set(alarms=tuple(a for a in turn.state.alarms if a.code != code))
