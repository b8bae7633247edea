"""The simulated arm's program, against what its map says; no connection and no real time."""

from __future__ import annotations

from pathlib import Path

import pytest

from delid.config import load_program_map
from delid.sim.robot import ArmLogic, Machine

MAP = load_program_map(Path(__file__).parents[3] / "cell_configs/motion/program-robot-1.yaml")
AT = {name: tag.at for name, tag in MAP.status.tags.items()}
MOVE, RETRACT = 10, 11
RUN, RESET, ENABLE, HOME = 1, 2, 3, 4
DONE, ERROR, STOPPED = 2, 3, 4


class Bench:
    """The logic with its present time, and a master that writes registers."""

    def __init__(self) -> None:
        self.logic = ArmLogic(MAP, Machine(), watchdog_s=0.5)
        self.now_s, self.beat, self.seq = 0.0, 0, 0

    def wait(self, duration_s: float, beating: bool = True) -> Bench:
        end_s = self.now_s + duration_s
        while self.now_s < end_s - 1e-9:
            self.now_s = min(self.now_s + 0.1, end_s)
            if beating:
                self.beat += 1
                assert self.logic.write(100, [self.beat])
            self.logic.advance(self.now_s)
        return self

    def command(self, code: int, program: int = 0, x_um: int = 0, seq: int | None = None) -> Bench:
        self.seq = self.seq + 1 if seq is None else seq
        x, y, z = [x_um >> 16, x_um & 0xFFFF], [0, 1000], [0xFFFF, 0xFC18]
        assert self.logic.write(110, [program, 0, *x, *y, *z, 1000, 0, code, self.seq])
        return self

    def tag(self, name: str) -> int:
        return self.logic.status[AT[name]]

    def ready(self) -> Bench:
        self.command(ENABLE).wait(0.1)
        self.command(HOME).wait(30.0)
        assert (self.tag("state"), self.tag("done_seq")) == (1, self.seq)
        return self


def test_it_starts_without_drives_and_without_a_reference() -> None:
    bench = Bench()
    assert (bench.tag("magic"), bench.tag("state"), bench.tag("moving")) == (0xDE21, 0, 0)
    bench.command(RUN, MOVE, 101_000).wait(0.1)
    assert (bench.tag("ack_seq"), bench.tag("done_seq"), bench.tag("result")) == (1, 1, ERROR)
    assert not bench.logic.move_starts_s


def test_a_program_runs_once_and_says_when_it_has_ended() -> None:
    bench = Bench().ready().command(RUN, MOVE, 101_000)
    bench.wait(0.5)
    assert (bench.tag("state"), bench.tag("ack_seq"), bench.tag("done_seq")) == (2, 3, 2)
    assert bench.tag("program") == MOVE
    bench.command(RUN, MOVE, 101_000, seq=bench.seq).wait(1.0)
    assert (bench.tag("state"), bench.tag("done_seq"), bench.tag("result")) == (1, 3, DONE)
    assert len(bench.logic.move_starts_s) == 1, "the same number is the same command"
    assert bench.logic.flange_mm() == pytest.approx((101.0, 1.0, -1.0))


def test_pause_is_a_level_and_stop_ends_the_program_on_its_path() -> None:
    bench = Bench().ready().command(RUN, MOVE, 901_000).wait(1.0)
    bench.logic.write(102, [1])
    bench.wait(0.5)
    x = bench.logic.flange_mm()[0]
    assert (bench.tag("state"), bench.tag("moving")) == (4, 2)
    bench.wait(2.0)
    assert bench.logic.flange_mm()[0] == x
    bench.logic.write(102, [0])
    bench.wait(1.0)
    assert bench.tag("state") == 2
    bench.logic.write(101, [7])
    bench.wait(0.5)
    assert (bench.tag("state"), bench.tag("stop_ack"), bench.tag("result")) == (1, 7, STOPPED)
    assert x < bench.logic.flange_mm()[0] < 900


def test_a_stop_voids_a_command_not_yet_taken() -> None:
    bench = Bench().ready()
    bench.logic.write(102, [1])
    bench.wait(0.1).command(RUN, MOVE, 101_000).wait(0.2)
    assert bench.tag("ack_seq") == bench.seq - 1, "taken only when the pause is over"
    bench.logic.write(101, [1])
    bench.logic.write(102, [0])
    bench.wait(1.0)
    assert (bench.tag("ack_seq"), bench.tag("done_seq"), bench.tag("result")) == (bench.seq, bench.seq, STOPPED)
    assert not bench.logic.move_starts_s


def test_its_watchdog_ends_the_program() -> None:
    bench = Bench().ready().command(RUN, MOVE, 901_000).wait(0.5)
    bench.wait(0.5, beating=False)
    assert bench.tag("state") == 2
    bench.wait(1.0, beating=False)
    assert (bench.tag("state"), bench.tag("result")) == (1, STOPPED)
    assert bench.logic.flange_mm()[0] < 200


def test_a_command_that_was_there_before_a_restart_never_runs() -> None:
    bench = Bench().ready().command(RUN, MOVE, 901_000).wait(0.5)
    bench.logic.reboot()
    bench.wait(2.0)
    assert (bench.tag("state"), bench.tag("ack_seq"), bench.tag("start_count")) == (0, bench.seq, 2)
    assert not bench.logic.moving


def test_the_safeguard_stops_it_and_it_does_not_go_on_by_itself() -> None:
    bench = Bench().ready().command(RUN, MOVE, 901_000).wait(1.0)
    bench.logic.set_permitted(False)
    bench.wait(0.5)
    assert (bench.tag("state"), bench.tag("moving"), bench.tag("result")) == (7, 2, STOPPED)
    bench.command(RUN, MOVE, 101_000).wait(0.1)
    assert bench.tag("result") == ERROR
    bench.logic.set_permitted(True)
    bench.wait(1.0)
    assert (bench.tag("state"), bench.logic.moving) == (1, False)


def test_a_collision_needs_a_reset_and_the_drives_again() -> None:
    bench = Bench().ready().command(RUN, MOVE, 901_000).wait(1.0)
    bench.logic.raise_alarm(1)
    bench.wait(0.1)
    assert (bench.tag("state"), bench.tag("result"), bench.tag("error_code")) == (8, ERROR, 3)
    bench.command(RESET).wait(0.1)
    assert bench.tag("state") == 0
    bench.command(ENABLE).wait(0.1)
    assert bench.tag("state") == 1


def test_what_it_cannot_do_is_an_error_and_nothing_moves() -> None:
    bench = Bench().ready()
    for program, x_um, code in ((99, 0, 1), (MOVE, 9_000_000, 2)):
        bench.command(RUN, program, x_um).wait(0.1)
        assert (bench.tag("result"), bench.tag("error_code")) == (ERROR, code)
    bench.command(77).wait(0.1)
    assert (bench.tag("result"), bench.tag("error_code")) == (ERROR, 7)
    assert not bench.logic.move_starts_s
    assert not bench.logic.write(0, [1]), "nobody writes its status"
