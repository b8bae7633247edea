"""What each line changes in what is known of the controller."""

from __future__ import annotations

import pytest

from delid.core import MotionState
from delid.devices.motion import parse_line
from delid.devices.motion._grbl_view import GrblView as View
from delid.devices.motion._grbl_view import observe

HOMED = View(state=MotionState.IDLE, standing=True, pose_mm=(1.0, 2.0, 3.0), position_trusted=True, reports=5)


@pytest.mark.parametrize(
    ("reported", "state", "standing"),
    [
        ("Idle", MotionState.IDLE, True),
        ("Run", MotionState.MOVING, False),
        ("Jog", MotionState.MOVING, False),
        ("Hold:0", MotionState.HELD, True),
        ("Hold:1", MotionState.MOVING, False),
        ("Hold", MotionState.MOVING, False),
        ("Home", MotionState.HOMING, False),
        ("Door:0", MotionState.DOOR, True),
        ("Door:1", MotionState.DOOR, True),
        ("Door:2", MotionState.DOOR, False),
        ("Door:3", MotionState.DOOR, False),
        ("Alarm", MotionState.FAULT, True),
        ("Alarm:1", MotionState.FAULT, True),
        ("Sleep", MotionState.FAULT, True),
        ("Check", MotionState.FAULT, True),
        ("Tool", MotionState.UNKNOWN, False),
    ],
)
def test_every_state_of_the_controller_has_its_meaning(reported: str, state: MotionState, standing: bool):
    view = observe(HOMED, parse_line(f"<{reported}|MPos:0.000,0.000,0.000|FS:0,0>"))
    assert (view.state, view.standing, view.reports) == (state, standing, 6)
    assert view.position_trusted is (state not in (MotionState.FAULT, MotionState.UNKNOWN))
    assert bool(view.fault) is (state is MotionState.FAULT)


def test_work_position_needs_its_offset():
    lost = observe(View(), parse_line("<Idle|WPos:1.000,2.000,3.000|FS:0,0>"))
    assert lost.pose_mm is None
    known = observe(lost, parse_line("<Idle|WPos:1.000,2.000,3.000|WCO:10.000,0.000,-5.000>"))
    assert known.pose_mm == (11.0, 2.0, -2.0)
    again = observe(known, parse_line("<Idle|WPos:2.000,2.000,3.000>"))
    assert again.pose_mm == (12.0, 2.0, -2.0)


def test_an_alarm_locks_and_keeps_its_words_until_the_controller_is_free():
    view = observe(HOMED, parse_line("ALARM:1"))
    assert (view.state, view.position_trusted) == (MotionState.FAULT, False)
    assert view.fault == "ALARM:1 (hard limit switch hit; position lost)"
    view = observe(view, parse_line("<Alarm|MPos:0.000,0.000,0.000|FS:0,0|Pn:X>"))
    assert view.fault.startswith("ALARM:1")
    view = observe(view, parse_line("<Idle|MPos:0.000,0.000,0.000|FS:0,0>"))
    assert (view.fault, view.position_trusted) == ("", False)


def test_only_a_limit_alarm_asks_for_a_reset():
    view = observe(observe(HOMED, parse_line("ALARM:2")), parse_line("[MSG:Reset to continue]"))
    assert view.reset_required
    assert not observe(view, parse_line("Grbl 1.1h ['$' for help]"), reset_expected=True).reset_required


@pytest.mark.parametrize(("expected", "trusted"), [(True, True), (False, False)])
def test_a_banner_that_nobody_asked_for_loses_the_position(expected: bool, trusted: bool):
    view = observe(HOMED, parse_line("Grbl 1.1h ['$' for help]"), reset_expected=expected)
    assert (view.position_trusted, view.state, view.banners) == (trusted, MotionState.UNKNOWN, 1)


def test_noise_changes_nothing():
    for line in ("", "rubbish", "[echo:G1X0.540Y10.4F100]", "$0=10", "ok"):
        assert observe(HOMED, parse_line(line)) == HOMED
