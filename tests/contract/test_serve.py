"""The supervisor with real child processes that stand in for cell and panel."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from delid.cli.serve import Supervisor

RUNS = """
import signal, sys, time
name, log = sys.argv[1:3]
def end(*_):
    open(log, "a").write(name + " ended\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
open(log, "a").write(name + " started\\n")
while True:
    time.sleep(0.05)
"""
DIES = """
import sys
open(sys.argv[2], "a").write(sys.argv[1] + " died\\n")
sys.exit(int(sys.argv[3]))
"""
DEAF = RUNS.replace("signal.signal(signal.SIGTERM, end)", "signal.signal(signal.SIGTERM, signal.SIG_IGN)")


class Bench:
    """Builds a supervisor and reads what it and its children did."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.said: list[str] = []
        log.touch()

    def child(self, script: str, name: str, *more: str) -> list[str]:
        return [sys.executable, "-c", script, name, str(self.log), *more]

    def supervisor(self, cell: list[str], panel: list[str]) -> Supervisor:
        return Supervisor(cell, panel, self.said.append, backoff_s=(0.01, 0.05), cell_stop_s=1.0, panel_stop_s=1.0)

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    async def until(self, line: str, times: int = 1) -> None:
        async with asyncio.timeout(10.0):
            while self.lines().count(line) < times:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "log")


async def test_the_cell_is_stopped_first_and_the_panel_last(bench: Bench) -> None:
    it = bench.supervisor(bench.child(RUNS, "cell"), bench.child(RUNS, "panel"))
    task = asyncio.create_task(it.run())
    await bench.until("cell started")
    await bench.until("panel started")
    it.end()
    assert await task == 0
    assert bench.lines()[-2:] == ["cell ended", "panel ended"]
    assert bench.said == ["Stopping the cell."]


async def test_a_panel_that_dies_is_started_again_and_the_cell_does_not_notice(bench: Bench) -> None:
    it = bench.supervisor(bench.child(RUNS, "cell"), bench.child(DIES, "panel", "7"))
    task = asyncio.create_task(it.run())
    await bench.until("cell started")
    await bench.until("panel died", 3)
    it.end()
    assert await task == 0
    assert bench.lines().count("cell started") == 1
    assert "The panel ended by itself (exit code 7); starting it again in 0.01 s." in bench.said
    assert "The panel ended by itself (exit code 7); starting it again in 0.05 s." in bench.said


async def test_a_cell_that_fails_is_not_started_again_and_the_panel_stays(bench: Bench) -> None:
    it = bench.supervisor(bench.child(DIES, "cell", "3"), bench.child(RUNS, "panel"))
    task = asyncio.create_task(it.run())
    await bench.until("cell died")
    await bench.until("panel started")
    await asyncio.sleep(0.3)
    assert not task.done()
    assert bench.lines().count("cell died") == 1
    assert "exit code 3" in bench.said[0]
    assert "not started again" in bench.said[0]
    it.end()
    assert await task == 3
    assert bench.lines()[-1] == "panel ended"


async def test_a_cell_that_ends_in_order_ends_all(bench: Bench) -> None:
    it = bench.supervisor(bench.child(DIES, "cell", "0"), bench.child(RUNS, "panel"))
    assert await asyncio.wait_for(it.run(), 10.0) == 0


async def test_a_cell_that_does_not_end_is_killed_and_that_is_said(bench: Bench) -> None:
    it = bench.supervisor(bench.child(DEAF, "cell"), bench.child(RUNS, "panel"))
    task = asyncio.create_task(it.run())
    await bench.until("cell started")
    await bench.until("panel started")
    it.end()
    assert await task == 3
    assert "The cell process did not end within 1 s; it is killed." in bench.said
