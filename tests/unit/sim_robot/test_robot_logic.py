"""The simulated controller's dialect, against what grbl's documentation says; no port and no real time."""

from __future__ import annotations

import pytest
from grbl_bench import Bench

from delid.sim.robot import Machine

MOVE = b"G21G90G94G53G1X501.000Y1.000Z-1.000F30000\n"


def test_power_up_is_locked_until_homed_or_unlocked():
    bench = Bench()
    assert bench.greeting == ["", "GrblHAL 1.1f ['$' or '$HELP' for help]", "[MSG:'$H'|'$X' to unlock]"]
    assert bench.state() == "Alarm"
    assert bench.send(MOVE) == ["error:9"]
    assert bench.send(b"$X\n") == ["[MSG:Caution: Unlocked]", "ok"]
    assert bench.state() == "Idle"


def test_homing_finds_the_real_place():
    bench = Bench()
    assert bench.logic.flange_mm() == Machine().start_mm
    assert bench.send(b"?") == ["<Alarm|MPos:0.000,0.000,0.000|Bf:35,1023|FS:0,0|WCO:0.000,0.000,0.000>"]
    bench.send(b"$H\n")
    assert bench.state() == "Home"
    assert bench.wait(30.0) == ["ok"]
    assert bench.logic.flange_mm() == Machine().home_mm() == (1.0, 1.0, -1.0)
    assert "MPos:1.000,1.000,-1.000" in bench.send(b"?")[0]


def test_ok_means_accepted_and_the_barrier_means_done():
    bench = Bench().home()
    assert bench.send(MOVE) == ["ok"]
    assert bench.send(b"G4P0\n") == []
    ideal_s = 500 / 500 + 500 / 2000
    assert bench.wait(ideal_s - 0.01) == []
    assert bench.state() == "Run"
    assert bench.wait(0.02) == ["ok"]
    assert bench.state() == "Idle"
    assert bench.logic.flange_mm() == (501.0, 1.0, -1.0)


def test_a_dwell_takes_its_time():
    bench = Bench().home()
    assert bench.send(b"G4P1.5\n") == []
    assert bench.wait(1.4) == []
    assert bench.wait(0.2) == ["ok"]


def test_hold_slows_down_stands_and_resumes_to_the_target():
    bench = Bench().home()
    bench.send(MOVE)
    bench.wait(0.5)
    bench.send(b"!")
    assert bench.state() == "Hold:1"
    bench.send(b"~")
    assert bench.state() == "Hold:1", "resume is ignored while slowing down"
    bench.wait(500 / 2000 + 0.001)
    assert bench.state() == "Hold:0"
    held_at = bench.logic.flange_mm()
    assert bench.wait(60.0) == []
    assert bench.logic.flange_mm() == held_at
    bench.send(b"~")
    assert bench.state() == "Run"
    bench.wait(10.0)
    assert (bench.state(), bench.logic.flange_mm()) == ("Idle", (501.0, 1.0, -1.0))


def test_hold_of_an_idle_machine_and_a_line_that_waits_in_it():
    bench = Bench().home()
    bench.send(b"!")
    assert bench.state() == "Hold:0"
    assert bench.send(MOVE) == [], "lines are not read in a hold"
    assert bench.send(b"~") == ["ok"]
    assert bench.state() == "Run"


def test_reset_while_moving_is_an_alarm_and_in_a_finished_hold_is_not():
    bench = Bench().home()
    bench.send(MOVE)
    bench.wait(0.5)
    lines = bench.send(b"\x18")
    assert (lines[0], lines[-1]) == ("ALARM:3", "[MSG:'$H'|'$X' to unlock]")
    assert (bench.state(), bench.logic.moving) == ("Alarm", False)
    bench.home()
    bench.send(MOVE + b"G4P0\n")
    bench.wait(0.5)
    bench.send(b"!")
    bench.wait(1.0)
    assert bench.send(b"\x18") == ["", "GrblHAL 1.1f ['$' or '$HELP' for help]"]
    assert bench.state() == "Idle"
    assert bench.wait(60.0) == [], "the rest of the move and its barrier are forgotten"


def test_reset_while_homing_is_its_own_alarm():
    bench = Bench()
    bench.send(b"$H\n")
    bench.wait(0.1)
    assert bench.send(b"\x18")[0] == "ALARM:6"


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b"G1X10\n", 22),
        (b"G2X10\n", 20),
        (b"G91\n", 20),
        (b"G0G1X1\n", 21),
        (b"X1X2\n", 25),
        (b"G53G1F100\n", 26),
        (b"G4\n", 28),
        (b"G1X1I3F9\n", 36),
        (b"G1X\n", 2),
        (b"=\n", 1),
        (b"G1X1F-1\n", 4),
        (b"$Q\n", 3),
        (b"G1X" + b"1" * 300 + b"\n", 11),
    ],
)
def test_errors_have_grbls_numbers(line: bytes, number: int):
    assert Bench().home().send(line) == [f"error:{number}"]


def test_m_codes_tools_and_comments_are_taken_and_ignored():
    bench = Bench().home()
    for line in (b"M3S1000\n", b"T2 M6\n", b"(hello) G21\n", b"G54 ; work offset\n", b"N10 G90\n", b"\n"):
        assert bench.send(line) == ["ok"]


@pytest.mark.parametrize("clearing", [b"\n", b"$G\n"])
def test_grblhal_repeats_an_error_until_it_is_cleared(clearing: bytes):
    bench = Bench().home()
    assert bench.send(b"G2X1\n") == ["error:20"]
    assert bench.send(MOVE) == ["error:20"]
    assert not bench.logic.moving
    assert bench.send(clearing)[-1] == "ok"
    assert bench.send(MOVE) == ["ok"]


def test_classic_grbl_goes_on_after_an_error():
    bench = Bench(classic=True).home()
    assert bench.send(b"G2X1\n") == ["error:20"]
    assert bench.send(MOVE) == ["ok"]


@pytest.mark.parametrize("classic", [True, False])
def test_a_target_outside_the_travel_is_a_limit_alarm(classic: bool):
    bench = Bench(classic=classic).home()
    assert bench.send(b"G53G1X5000Y0Z0F600\n") == ["ALARM:2", "[MSG:Reset to continue]"]
    assert bench.send(b"$X\n") == [], "only a reset ends it"
    assert bench.send(b"?") == [] if classic else bench.state() == "Alarm"
    bench.send(b"\x18")
    assert bench.send(b"$X\n")[-1] == "ok"


def test_the_door_input_slows_down_and_only_resume_goes_on():
    bench = Bench().home()
    bench.send(MOVE)
    bench.wait(0.5)
    bench.logic.set_permitted(False)
    assert bench.wait(0.01) == ["[MSG:Check Door]"]
    assert bench.state() == "Door:2"
    bench.wait(1.0)
    assert bench.state() == "Door:1"
    bench.send(b"~")
    assert bench.state() == "Door:1", "refused while open"
    bench.logic.set_permitted(True)
    bench.wait(5.0)
    assert bench.state() == "Door:0", "closing starts nothing"
    bench.send(b"~")
    bench.wait(5.0)
    assert bench.logic.flange_mm() == (501.0, 1.0, -1.0)


def test_without_permission_no_move_starts_and_homing_is_refused():
    bench = Bench()
    bench.logic.set_permitted(False)
    assert bench.send(b"$H\n") == ["error:13"]
    bench.logic.set_permitted(True)
    bench.home()
    bench.logic.set_permitted(False)
    assert bench.state() == "Idle", "at rest the input only keeps moves from starting"
    bench.send(MOVE)
    bench.wait(5.0)
    assert (bench.state(), bench.logic.flange_mm()) == ("Door:1", (1.0, 1.0, -1.0))
    assert "|Pn:D" in bench.send(b"?")[0]


def test_a_door_opened_while_homing_ends_it():
    bench = Bench()
    bench.send(b"$H\n")
    bench.wait(0.1)
    bench.logic.set_permitted(False)
    assert bench.wait(0.0) == ["ALARM:7"]
    assert not bench.logic.moving


def test_classic_grbl_is_silent_while_homing():
    bench = Bench(classic=True)
    bench.send(b"$H\n")
    assert bench.send(b"?") == []


def test_questions_are_answered_in_grbls_words():
    bench = Bench().home()
    assert bench.send(b"$I\n")[-1] == "ok"
    assert "$13=0" in bench.send(b"$$\n")
    assert bench.send(b"$#\n")[0] == "[G54:0.000,0.000,0.000]"
    bench.send(b"G1F600\n")
    assert bench.send(b"$G\n") == ["[GC:G1 G54 G17 G21 G90 G94 M5 M9 T0 F600 S0]", "ok"]
    bench.send(MOVE)
    assert bench.send(b"$I\n") == ["error:8"], "settings only at rest"


def test_sleep_ends_by_a_reset_and_in_alarm():
    bench = Bench().home()
    assert bench.send(b"$SLP\n") == ["[MSG:Sleeping]", "ok"]
    assert bench.state() == "Sleep"
    bench.send(b"\x18")
    assert bench.state() == "Alarm"


def test_a_reboot_forgets_where_the_machine_is():
    bench = Bench().home()
    bench.send(MOVE)
    bench.wait(10.0)
    bench.logic.reboot()
    assert bench.state() != "Idle"
    assert bench.logic.flange_mm() == (501.0, 1.0, -1.0)
    assert "MPos:0.000,0.000,0.000" in bench.send(b"?")[-1]


def test_bytes_may_come_one_by_one():
    bench = Bench().home()
    answers = [line for byte in MOVE for line in bench.send(bytes([byte]))]
    assert answers == ["ok"]


def test_return_and_newline_end_one_line():
    bench = Bench().home()
    assert bench.send(b"G90\r\n") == ["ok"]
    assert bench.send(b"G90\rG21\n\n") == ["ok", "ok", "ok"]
