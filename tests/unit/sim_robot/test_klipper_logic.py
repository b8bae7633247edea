"""The simulated Klipper's dialect, against what Klipper's documents say; no port and no real time."""

from __future__ import annotations

import pytest

from delid.sim.robot import KlipperLogic, Machine


class Bench:
    """The logic with its present time."""

    def __init__(self) -> None:
        self.logic = KlipperLogic(Machine())
        self.now_s = 0.0

    def wait(self, duration_s: float) -> list[str]:
        self.now_s += duration_s
        return self.logic.advance(self.now_s).decode().split("\n")[:-1]

    def send(self, text: str) -> list[str]:
        self.logic.feed(text.encode())
        return self.wait(0.0)

    def home(self) -> Bench:
        assert self.send("G28\n") == []
        assert self.wait(30.0) == ["ok"]
        return self

    def toolhead(self) -> str:
        return next(line for line in self.send("GET_POSITION\n") if line.startswith("// toolhead"))


def test_every_line_ends_ok_and_an_unknown_command_is_only_a_remark() -> None:
    bench = Bench()
    assert bench.send("G90\n") == ["ok"]
    assert bench.send("\n") == ["ok"]
    assert bench.send("G53\n") == ['// Unknown command:"G53"', "ok"]
    assert bench.send("ECHO delid 3\n") == ["// ECHO delid 3", "ok"]
    assert bench.send("STATUS\n") == ["// Klipper state: Ready", "ok"]


def test_a_move_needs_homing_and_a_target_in_reach() -> None:
    bench = Bench()
    assert bench.send("G1 X10 F600\n") == ["!! Must home axis first: 10.000 0.000 0.000 [0.000]", "ok"]
    bench.home()
    assert bench.logic.flange_mm() == Machine().home_mm()
    assert bench.send("G1 X9000\n") == ["!! Move out of range: 9000.000 1.000 -1.000 [0.000]", "ok"]


def test_ok_is_not_done_and_the_barrier_is() -> None:
    bench = Bench().home()
    assert bench.send("G1 X101 F6000\n") == ["ok"]
    assert bench.toolhead() == "// toolhead: X:101.000000 Y:1.000000 Z:-1.000000 E:0.000000", (
        "as commanded, not as it is"
    )
    assert bench.logic.flange_mm()[0] == pytest.approx(1.0)
    assert bench.send("M400\n") == []
    assert bench.send("STATUS\n") == [], "nothing is answered behind the barrier"
    # 100 mm at 100 mm/s with 2000 mm/s2: 1 s and 0.05 s
    assert bench.wait(1.04) == []
    assert bench.wait(0.02) == ["ok", "// Klipper state: Ready", "ok"]


def test_m112_passes_everything_and_lets_go_of_what_waits() -> None:
    bench = Bench().home()
    bench.send("G1 X1001 F6000\nM400\n")
    bench.wait(2.0)
    assert bench.send("\nM112\n") == ["// Klipper state: Shutdown", "ok", "ok", "ok"]
    x = bench.logic.flange_mm()[0]
    assert 100 < x < 300
    assert bench.wait(5.0) == []
    assert bench.logic.flange_mm()[0] == x
    assert bench.send("G1 X1\n") == ["!! Shutdown due to M112 command", "ok"]
    assert bench.send("STATUS\n") == [
        "// Shutdown due to M112 command",
        "// Klipper state: Not ready",
        "!! Shutdown due to M112 command",
        "ok",
    ]


def test_a_firmware_restart_forgets_where_it_is() -> None:
    bench = Bench().home()
    bench.send("M112\n")
    assert bench.send("FIRMWARE_RESTART\n") == ["ok", "// Klipper state: Disconnect"]
    assert bench.send("G28\n") == ["!! Printer is not ready", "ok"]
    assert bench.wait(1.0) == ["// Klipper state: Ready"]
    assert bench.send("G1 X10\n")[0].startswith("!! Must home axis first")


def test_an_offset_shows_in_the_gcode_position_only() -> None:
    bench = Bench().home()
    assert bench.send("SET_GCODE_OFFSET Z=0.5\n") == ["ok"]
    lines = bench.send("GET_POSITION\n")
    assert "// toolhead: X:1.000000 Y:1.000000 Z:-1.000000 E:0.000000" in lines
    assert "// gcode: X:1.000000 Y:1.000000 Z:-1.500000 E:0.000000" in lines


def test_without_permission_nothing_starts_and_losing_it_stops() -> None:
    bench = Bench().home()
    bench.logic.set_permitted(False)
    assert bench.send("G1 X10\n") == ["!! Motion is not permitted", "ok"]
    bench.logic.set_permitted(True)
    bench.send("G1 X1001 F6000\n")
    bench.wait(1.0)
    bench.logic.set_permitted(False)
    assert bench.wait(0.0) == ["// Klipper state: Shutdown"]
    assert not bench.logic.moving
