"""What the engine knows of a finger on a direction."""

from __future__ import annotations

from dataclasses import dataclass

from delid.core import Jog


@dataclass(frozen=True, slots=True)
class Jogging:
    """A jog under way.

    Attributes:
        press: the name that the person's side gave this press.
        since_s: when it began.
        held_at_s: when the last hold signal came.
        signals: hold signals handed on; part of effect ids.
        ending: why it was told to end; empty while the robot may move.
    """

    press: str
    by: str
    jog: Jog
    since_s: float
    held_at_s: float
    signals: int = 0
    ending: str = ""
