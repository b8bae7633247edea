"""What is known of a motion controller, as a frozen fact."""

from __future__ import annotations

from dataclasses import dataclass

from delid.core import MotionState, PoseMm


@dataclass(frozen=True, slots=True)
class View:
    """What the controller last said of itself.

    Attributes:
        standing: no axis moves; false while holding or opening the door is still under way.
        position_trusted: homed, and nothing since then that could have lost steps.
        reports: status reports seen since the link was opened; tells a fresh report from an old one.
    """

    state: MotionState = MotionState.UNKNOWN
    standing: bool = False
    pose_mm: PoseMm | None = None
    position_trusted: bool = False
    fault: str = ""
    reports: int = 0


def is_known(view: View) -> bool:
    return view.state is not MotionState.UNKNOWN


def is_standing(view: View) -> bool:
    return view.standing


def is_idle(view: View) -> bool:
    return view.state is MotionState.IDLE
