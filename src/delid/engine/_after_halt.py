"""Facts about a halt that asks for more than standing still."""

from __future__ import annotations

from dataclasses import dataclass

THERMAL_COMMANDS = ("quench", "extraction_full")
"""What the PLC is told in a thermal event, the most urgent first; sent at once, as stops are."""


@dataclass(frozen=True, slots=True)
class Thermal:
    """A pack that burns, smokes or heats up. Latched until a person clears it."""

    code: str
    """The interlock that told it."""
    text: str
    since_s: float


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is still to be done once robot and PLC have been told to stop.

    Attributes:
        name: effect ids and alarm codes begin with it.
        retract: the tool is still to be brought up.
        commands: what the PLC is still to be told for the first time.
        insists: a command that is not confirmed is given again.
        again: those that were not confirmed, and ``retry_at_s`` when the next one is given.
        sent: part of effect ids.
    """

    name: str
    retract: bool
    commands: tuple[str, ...]
    insists: bool = False
    again: tuple[str, ...] = ()
    retry_at_s: float = 0.0
    sent: int = 0
