"""Wall time of short moves through driver, pseudo-terminal and simulated controller over their ideal motion time.

Run from the repository: ``python tests/bench/bench_motion.py``. The ideal is the closed formula of a trapezoidal
profile from rest to rest, so that the ratio shows what talking, confirming and waiting add to bare motion.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import statistics
from dataclasses import dataclass

from delid.config import MotionLimits
from delid.core import LinkChanged, MotionVerb, PoseMm, SystemClock
from delid.devices.motion import GrblDriver
from delid.sim.robot import GrblLogic, Machine, RobotServer

FEED_MM_S = 500.0
CORNERS: tuple[PoseMm, ...] = (
    (100.0, 100.0, -20.0),
    (130.0, 100.0, -20.0),
    (130.0, 140.0, -20.0),
    (100.0, 140.0, -20.0),
)


@dataclass(frozen=True)
class Figures:
    """Seconds in total, and milliseconds that one move takes longer than its motion."""

    moves: int
    ideal_s: float
    taken_s: float
    ratio: float
    added_median_ms: float
    added_worst_ms: float


def ideal_s(start: PoseMm, end: PoseMm, machine: Machine) -> float:
    """Duration from rest to rest: 2 sqrt(s/a) for a short way, s/v + v/a for a long one."""
    length = math.dist(start, end)
    parts = [abs(b - a) / length for a, b in zip(start, end, strict=True)]
    acceleration = min(a / p for a, p in zip(machine.acceleration_mm_s2, parts, strict=True) if p)
    speed = min(FEED_MM_S, *(v / p for v, p in zip(machine.max_speed_mm_s, parts, strict=True) if p))
    if length < speed**2 / acceleration:
        return 2 * math.sqrt(length / acceleration)
    return length / speed + speed / acceleration


async def measure(moves: int) -> Figures:
    """Home, go to the first corner, and then time ``moves`` moves around a small square at the robot's own speed."""
    clock, machine = SystemClock(), Machine(homing_speed_mm_s=2000.0)
    server = RobotServer(GrblLogic(machine), clock)
    up = asyncio.Event()

    def on_link(event: LinkChanged) -> None:
        if event.up:
            up.set()

    limits = MotionLimits(x_mm=(0, 2400), y_mm=(0, 1900), z_mm=(-600, 0), feed_mm_s=600)
    driver = GrblDriver(
        server.open(), 115200, limits, clock, tolerance_mm=0.2, on_link=on_link, on_report=lambda report: None
    )
    task = asyncio.create_task(driver.run())
    try:
        await asyncio.wait_for(up.wait(), 5)
        for ready in (await driver.do("home", MotionVerb.HOME, 20), await driver.move("to", CORNERS[0], FEED_MM_S, 20)):
            if not ready.ok:
                raise RuntimeError(ready.detail)
        return await _timed(driver, clock, machine, moves)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        server.close()


async def _timed(driver: GrblDriver, clock: SystemClock, machine: Machine, moves: int) -> Figures:
    ideal, taken = [], []
    corners = itertools.islice(itertools.pairwise(itertools.cycle(CORNERS)), moves)
    for number, (start, end) in enumerate(corners):
        began_s = clock.now_s()
        done = await driver.move(f"move-{number}", end, FEED_MM_S, 20)
        taken.append(clock.now_s() - began_s)
        ideal.append(ideal_s(start, end, machine))
        if not done.ok:
            raise RuntimeError(done.detail)
    added_ms = [(t - i) * 1000 for t, i in zip(taken, ideal, strict=True)]
    ratio = sum(taken) / sum(ideal)
    return Figures(moves, sum(ideal), sum(taken), ratio, statistics.median(added_ms), max(added_ms))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=200)
    figures = asyncio.run(measure(parser.parse_args().moves))
    print(
        f"{figures.moves} short moves: {figures.taken_s:.2f} s for {figures.ideal_s:.2f} s of motion, "
        f"ratio {figures.ratio:.3f}; added to a move: median {figures.added_median_ms:.1f} ms, "
        f"worst {figures.added_worst_ms:.1f} ms"
    )


if __name__ == "__main__":
    main()
