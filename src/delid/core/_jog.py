"""Jogging: a person's finger on a direction as events, and what the robot is told. Hold to run, never latched.

A *press* is one time that a person holds a direction, under a name that is used once. The robot moves while signals of
that press keep coming; when they stop, whatever the reason, it stops.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ._modes import Mode

Axis = Literal["x", "y", "z"]


@dataclass(frozen=True, slots=True)
class ModeSelected:
    """A person chose a mode."""

    at_s: float
    mode: Mode
    by: str


@dataclass(frozen=True, slots=True)
class JogPressed:
    """A person begins to hold a direction; without ``feed_mm_s`` the cell's own reduced feed."""

    at_s: float
    press: str
    axis: Axis
    forward: bool
    by: str
    feed_mm_s: float | None = None


@dataclass(frozen=True, slots=True)
class JogHeld:
    """The person still holds it."""

    at_s: float
    press: str


@dataclass(frozen=True, slots=True)
class JogReleased:
    """The person has let go."""

    at_s: float
    press: str


@dataclass(frozen=True, slots=True)
class Jog:
    """Creep along one axis towards ``to_mm``, which is never reached unless somebody holds on for so long.

    Attributes:
        to_mm: the cell's limit of that axis, robot frame.
        hold_s: the dead-man time: without a HoldJog for so long the robot stops.
        deadline_s: a jog is over after this time, whoever holds it.
    """

    id: str
    axis: Axis
    to_mm: float
    feed_mm_s: float
    hold_s: float
    deadline_s: float


@dataclass(frozen=True, slots=True)
class HoldJog:
    """Hand a person's hold on to the jog with the id ``jog``. It has no end of its own, the jog has.

    Attributes:
        held_at_s: when the signal came; None ends the jog at once.
    """

    id: str
    jog: str
    held_at_s: float | None = None
