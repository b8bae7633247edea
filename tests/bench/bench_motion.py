"""Wall time of short moves through driver, wire and simulated machine over their ideal motion time.

Run from the repository: ``python tests/bench/bench_motion.py``. The ideal is the closed formula of a trapezoidal
profile from rest to rest, so that the ratio shows what talking, confirming and waiting add to bare motion.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from delid.config import Motion, MotionLimits, load_program_map
from delid.core import LinkChanged, MotionVerb, PoseMm, SystemClock
from delid.devices.motion import MotionDriver, open_motion
from delid.sim.robot import ArmLogic, ArmServer, GrblLogic, KlipperLogic, Machine, RobotServer

FEED_MM_S = 500.0
DRIVERS = ("grbl", "klipper", "program")
MAP = Path(__file__).resolve().parents[2] / "cell_configs/motion/program-robot-1.yaml"
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


@asynccontextmanager
async def simulated(driver: str, machine: Machine) -> AsyncIterator[str]:
    """The machine that belongs to a driver, at its own speed; gives the name of its port."""
    clock = SystemClock()
    if driver == "program":
        async with ArmServer(ArmLogic(load_program_map(MAP), machine), clock).serving() as port:
            yield f"127.0.0.1:{port}"
        return
    server = RobotServer(KlipperLogic(machine) if driver == "klipper" else GrblLogic(machine), clock)
    try:
        yield server.open()
    finally:
        server.close()


async def measure(moves: int, name: str = "grbl") -> Figures:
    """Home, go to the first corner, and then time ``moves`` moves around a small square at the robot's own speed."""
    clock, machine = SystemClock(), Machine(homing_speed_mm_s=2000.0)
    up = asyncio.Event()

    def on_link(event: LinkChanged) -> None:
        if event.up:
            up.set()

    limits = MotionLimits(x_mm=(0, 2400), y_mm=(0, 1900), z_mm=(-600, 0), feed_mm_s=600)
    async with simulated(name, machine) as port:
        spec = Motion(
            driver=name, port=port, map=MAP if name == "program" else None, limits=limits, tolerance_mm=0.2,
            travel_feed_mm_s=500, approach_feed_mm_s=60, safe_z_mm=-20, park_mm=(10, 10, -10),
        )  # type: ignore[arg-type]  # fmt: skip
        robot_map = load_program_map(MAP) if name == "program" else None
        driver = open_motion(spec, clock, robot_map=robot_map, on_link=on_link, on_report=lambda report: None)
        task = asyncio.create_task(driver.run())
        try:
            await asyncio.wait_for(up.wait(), 5)
            await driver.do("enable", MotionVerb.ENABLE, 5)
            await driver.do("home", MotionVerb.HOME, 20)
            ready = await driver.move("to", CORNERS[0], FEED_MM_S, 20)
            if not ready.ok:
                raise RuntimeError(ready.detail)
            return await _timed(driver, clock, machine, moves)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _timed(driver: MotionDriver, clock: SystemClock, machine: Machine, moves: int) -> Figures:
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
    parser.add_argument("--driver", choices=DRIVERS, action="append", help="all if not given")
    arguments = parser.parse_args()
    for driver in arguments.driver or DRIVERS:
        figures = asyncio.run(measure(arguments.moves, driver))
        print(
            f"{driver}: {figures.moves} short moves: {figures.taken_s:.2f} s for {figures.ideal_s:.2f} s of motion, "
            f"ratio {figures.ratio:.3f}; added to a move: median {figures.added_median_ms:.1f} ms, "
            f"worst {figures.added_worst_ms:.1f} ms"
        )


if __name__ == "__main__":
    main()
