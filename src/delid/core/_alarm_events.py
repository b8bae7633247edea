"""What a person does with an alarm, as events."""

from __future__ import annotations

from dataclasses import dataclass

ALL_ALARMS = "*"
"""Instead of an alarm's code: every one that nobody has acknowledged."""


@dataclass(frozen=True, slots=True)
class AlarmAcknowledged:
    """A person has seen an alarm. It goes on standing until its cause is gone and a person clears it."""

    at_s: float
    code: str
    by: str


@dataclass(frozen=True, slots=True)
class AlarmShelved:
    """A person takes an alarm out of the way for a time, with a reason; a duration of 0 takes it back."""

    at_s: float
    code: str
    by: str
    reason: str
    duration_s: float
