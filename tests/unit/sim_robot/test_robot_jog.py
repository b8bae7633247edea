"""The simulated controller's jogging, against grbl 1.1's interface documentation (Jogging); no port, no real time."""

from __future__ import annotations

import pytest
from grbl_bench import Bench

FAR = b"$J=G21G90G53X501.000F3000.0\n"


@pytest.mark.parametrize("classic", [True, False])
def test_a_jog_is_accepted_runs_and_ends_in_idle(classic):
    bench = Bench(classic=classic).home()
    assert bench.send(b"$J=G21G90G53X11.000F600.0\n") == ["ok"]
    assert bench.state() == "Jog"
    bench.wait(5)
    assert bench.state() == "Idle"
    assert bench.logic.flange_mm() == (11.0, 1.0, -1.0)


@pytest.mark.parametrize("cancel", [b"\x85", b"!"])
def test_a_cancel_slows_down_throws_the_rest_away_and_keeps_the_position(cancel):
    """A feed hold while jogging is a jog cancel."""
    bench = Bench().home()
    bench.send(FAR + b"$J=G21G90G53X601.000F3000.0\n")
    bench.wait(2.0)
    bench.send(cancel)
    assert bench.logic.moving, "it needs time to slow down"
    bench.wait(1.0)
    assert bench.state() == "Idle"
    stood_mm = bench.x_mm
    assert 80 < stood_mm < 120
    bench.wait(5.0)
    assert bench.x_mm == stood_mm
    assert bench.send(b"$J=G21G90G53X1.000F3000.0\n") == ["ok"]
    bench.wait(10)
    assert bench.x_mm == pytest.approx(1.0)


def test_what_arrives_while_it_slows_down_is_thrown_away_too():
    bench = Bench().home()
    bench.send(FAR)
    bench.wait(1.0)
    bench.send(b"\x85")
    bench.send(b"$J=G21G90G53X900.000F3000.0\n")
    bench.wait(5.0)
    assert bench.state() == "Idle"
    assert bench.x_mm < 100


def test_a_cancel_means_nothing_in_other_states():
    bench = Bench().home()
    assert bench.send(b"\x85") == []
    assert bench.state() == "Idle"
    bench.send(b"G21G90G94G53G1X101.000Y1.000Z-1.000F3000\n")
    bench.wait(0.5)
    bench.send(b"\x85")
    bench.wait(10.0)
    assert bench.x_mm == pytest.approx(101.0), "a move is no jog"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"$J=G21G90G53X9999.000F600.0\n", "error:15"),
        (b"$J=G21G90G53X10.000\n", "error:22"),
        (b"$J=G1X10.000F600\n", "error:16"),
        (b"$J=F600\n", "error:16"),
        (b"$J=G4P1\n", "error:16"),
    ],
)
def test_what_is_no_jog_is_refused_and_nothing_moves(line, error):
    bench = Bench().home()
    assert bench.send(line) == [error]
    assert not bench.logic.moving


def test_no_jog_while_locked_holding_or_moving_and_no_move_while_jogging():
    bench = Bench().home()
    bench.send(b"G21G90G94G53G1X101.000Y1.000Z-1.000F3000\n")
    assert bench.send(b"$J=G21G90G53X1.000F600.0\n") == ["error:8"]
    bench.wait(10)
    bench.send(b"\n")
    bench.send(b"$J=G21G90G53X1.000F600.0\n")
    assert bench.send(b"G21G90G94G53G1X5.000F3000\n") == ["error:9"]
    bench.send(b"\x85")
    bench.wait(1)
    bench.logic.raise_alarm(3)
    bench.wait(0)
    assert bench.send(b"\n" + b"$J=G21G90G53X1.000F600.0\n")[-1] == "error:8"


def test_a_reset_in_a_jog_loses_the_position_and_an_open_door_ends_the_jog():
    bench = Bench().home()
    bench.send(FAR)
    bench.wait(1.0)
    assert "ALARM:3" in bench.send(b"\x18")
    bench = Bench().home()
    bench.send(FAR)
    bench.wait(1.0)
    bench.logic.set_permitted(False)
    bench.wait(1.0)
    assert bench.state() == "Door:1"
    bench.logic.set_permitted(True)
    bench.send(b"~")
    stood_mm = bench.x_mm
    bench.wait(5.0)
    assert (bench.state(), bench.x_mm) == ("Idle", stood_mm), "the rest of a jog is never made up for"
