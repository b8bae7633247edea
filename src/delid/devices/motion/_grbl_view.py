"""What is known of a grbl controller, and how each line changes it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from delid.core import MotionState, PoseMm

from ._grbl_codec import Alarm, Banner, Message, Reply, Status
from ._grbl_texts import alarm_text
from ._view import View

_STATES: dict[tuple[str, int | None], tuple[MotionState, bool]] = {
    ("Idle", None): (MotionState.IDLE, True),
    ("Run", None): (MotionState.MOVING, False),
    ("Jog", None): (MotionState.MOVING, False),
    ("Hold", 0): (MotionState.HELD, True),
    ("Hold", None): (MotionState.MOVING, False),
    ("Home", None): (MotionState.HOMING, False),
    ("Door", 0): (MotionState.DOOR, True),
    ("Door", 1): (MotionState.DOOR, True),
    ("Door", None): (MotionState.DOOR, False),
    ("Alarm", None): (MotionState.FAULT, True),
    ("Sleep", None): (MotionState.FAULT, True),
    ("Check", None): (MotionState.FAULT, True),
}
"""grbl state and sub-state to our state, and whether the machine stands; ``None`` takes every other sub-state."""

_FAULTS: dict[str, str] = {
    "Sleep": "the controller sleeps",
    "Check": "the controller is in G-code check mode and moves nothing",
    "Alarm": "locked; home the machine, or clear the fault",
}


@dataclass(frozen=True, slots=True)
class GrblView(View):
    """What a grbl controller last said of itself.

    Attributes:
        reset_required: a limit alarm that only a reset ends; grbl 1.1 then answers no status query.
        banners: start-up messages seen since the port was opened.
    """

    offset_mm: PoseMm | None = None
    asleep: bool = False
    reset_required: bool = False
    banners: int = 0


def observe(view: GrblView, reply: Reply, reset_expected: bool = False) -> GrblView:
    """The view after ``reply``. A banner that nobody asked for means that the controller restarted."""
    match reply:
        case Status():
            return _after_status(view, reply)
        case Alarm(number, words):
            fault = alarm_text(number, words)
            return replace(view, state=MotionState.FAULT, standing=True, position_trusted=False, fault=fault)
        case Banner():
            return _after_banner(view, reset_expected)
        case Message(kind, text) if "Reset to continue" in (kind, text):
            return replace(view, reset_required=True)
        case _:
            return view


def _after_status(view: GrblView, status: Status) -> GrblView:
    state, standing = _STATES.get(
        (status.state, status.sub), _STATES.get((status.state, None), (MotionState.UNKNOWN, False))
    )
    offset = status.offset_mm or view.offset_mm
    fault = ""
    if state is MotionState.FAULT:
        fault = view.fault if view.fault and status.state == "Alarm" else _FAULTS[status.state]
    return replace(
        view,
        state=state,
        standing=standing,
        pose_mm=_machine_pose(status, offset),
        offset_mm=offset,
        position_trusted=view.position_trusted and state not in (MotionState.FAULT, MotionState.UNKNOWN),
        fault=fault,
        asleep=status.state == "Sleep",
        reset_required=view.reset_required and state is MotionState.FAULT,
        reports=view.reports + 1,
    )


def _after_banner(view: GrblView, reset_expected: bool) -> GrblView:
    seen = replace(view, state=MotionState.UNKNOWN, standing=False, reset_required=False, banners=view.banners + 1)
    if reset_expected:
        return seen
    return replace(seen, position_trusted=False, fault="", offset_mm=None)


def _machine_pose(status: Status, offset_mm: PoseMm | None) -> PoseMm | None:
    """Machine position; from work position and offset (MPos = WPos + WCO) where only that is reported."""
    if status.machine_mm is not None:
        return status.machine_mm
    if status.work_mm is None or offset_mm is None:
        return None
    (x, y, z), (dx, dy, dz) = status.work_mm, offset_mm
    return (x + dx, y + dy, z + dz)
