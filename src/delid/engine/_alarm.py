"""Alarms after ISA-18.2: their states, priorities, and what becomes of the list when one comes. Pure facts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

GROUP_S = 10.0
"""An alarm that comes within this time of another one is taken for its consequence."""
FLOOD_WINDOW_S = 600.0
FLOOD = 10
"""More alarms than this in FLOOD_WINDOW_S are more than one person can deal with (ISA-18.2, EEMUA 191)."""


class Priority(StrEnum):
    """How soon somebody has to act, the most urgent first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class AlarmState(StrEnum):
    UNACKNOWLEDGED = "unacknowledged"
    """The cause is there, and nobody has acknowledged it."""
    ACKNOWLEDGED = "acknowledged"
    """The cause is there."""
    RETURNED = "returned"
    """The cause is gone, and nobody has acknowledged it."""
    LATCHED = "latched"
    """The cause is gone; a person has still to clear, reset or go on."""
    SHELVED = "shelved"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Out of the way for a time."""

    by: str
    reason: str
    until_s: float


@dataclass(frozen=True, slots=True)
class Alarm:
    """One line of the list.

    Attributes:
        text: the cause, in words.
        since_s: when it came, the last time.
        follows: code of the first-out alarm that it came after; empty for a first-out itself.
        active: the cause is there, as far as delid can tell.
        acknowledged_by: who has seen it; empty where nobody has.
        latched: it stays until a person clears, resets or goes on.
        gone_since_s: since when the cause has been away without a break.
        count: how often it came.
    """

    code: str
    text: str
    since_s: float
    priority: Priority = Priority.MEDIUM
    follows: str = ""
    active: bool = True
    acknowledged_by: str = ""
    latched: bool = True
    gone_since_s: float | None = None
    count: int = 1

    @property
    def first_out(self) -> bool:
        return not self.follows


def state_of(alarm: Alarm, shelved: Mapping[str, Shelf]) -> AlarmState:
    """Where an alarm is in its life."""
    if alarm.code in shelved:
        return AlarmState.SHELVED
    if alarm.active:
        return AlarmState.ACKNOWLEDGED if alarm.acknowledged_by else AlarmState.UNACKNOWLEDGED
    return AlarmState.LATCHED if alarm.acknowledged_by else AlarmState.RETURNED


def came(alarms: tuple[Alarm, ...], alarm: Alarm) -> tuple[Alarm, ...] | None:
    """The list after ``alarm`` came, or came again; None where it stands there already."""
    before = next((a for a in alarms if a.code == alarm.code), None)
    if before is not None and before.active:
        return None
    others = tuple(a for a in alarms if a.code != alarm.code)
    latest = max(others, key=lambda a: a.since_s, default=None)
    if latest is not None and alarm.since_s - latest.since_s <= GROUP_S:
        alarm = dataclasses.replace(alarm, follows=latest.follows or latest.code)
    count = before.count + 1 if before is not None else 1
    return (*others, dataclasses.replace(alarm, count=count))


def recent(times_s: tuple[float, ...], now_s: float) -> tuple[float, ...]:
    """The times of alarms that still count for a flood, ``now_s`` among them."""
    return (*(t for t in times_s if now_s - t <= FLOOD_WINDOW_S), now_s)[-5 * FLOOD :]


def is_flood(times_s: tuple[float, ...], now_s: float) -> bool:
    return sum(now_s - t <= FLOOD_WINDOW_S for t in times_s) > FLOOD
