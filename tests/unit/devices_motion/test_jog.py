"""The bytes of a jog, and the driver's own dead man."""

from __future__ import annotations

import pytest

from delid.config import CAPABILITIES
from delid.devices.motion._grbl_codec import JOG_CANCEL, jog_line
from delid.devices.motion._grip import Grip


def test_a_piece_of_a_jog_is_one_axis_in_machine_coordinates_with_its_own_feed():
    """grbl 1.1 interface documentation, Jogging: ``$J=`` takes G20/G21, G90/G91, G53, axes and F."""
    assert jog_line("x", 12.5, 50.0) == b"$J=G21G90G53X12.500F3000.0\n"
    assert jog_line("z", -0.0001, 0.5) == b"$J=G21G90G53Z0.000F30.0\n"
    assert JOG_CANCEL == b"\x85"


def test_only_grbl_can_creep_while_somebody_holds():
    assert {name for name, can in CAPABILITIES.items() if can.jog} == {"grbl"}


def test_a_grip_holds_while_signals_come():
    grip = Grip("j", 0.3, 10.0)
    for tenth in range(1, 50):
        grip.signal(10.0 + tenth / 10)
        assert grip.holds(10.0 + tenth / 10 + 0.29)
    assert grip.why == ""


@pytest.mark.parametrize("how", ["silence", "late signal", "let go"])
def test_a_grip_lost_once_stays_lost(how):
    grip = Grip("j", 0.3, 10.0)
    if how == "silence":
        assert not grip.holds(10.31)
    elif how == "late signal":
        grip.signal(10.31)
    else:
        grip.signal(None)
    for at_s in (10.05, 10.31, 10.4, 11.0):
        grip.signal(at_s)
        assert not grip.holds(at_s)
    grip.signal(None)
    assert grip.why == ("let go" if how == "let go" else "no hold signal for 0.3 s")


def test_an_older_signal_never_shortens_a_grip():
    grip = Grip("j", 0.3, 10.0)
    grip.signal(10.2)
    grip.signal(10.1)
    assert grip.holds(10.49)
