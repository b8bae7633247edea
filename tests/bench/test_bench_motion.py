"""The motion benchmark runs, and no move is faster than its motion."""

from __future__ import annotations

import bench_motion
import pytest

from delid.sim.robot import Machine


@pytest.mark.bench
@pytest.mark.parametrize("driver", bench_motion.DRIVERS)
async def test_the_benchmark_times_moves_against_their_ideal(driver: str) -> None:
    figures = await bench_motion.measure(4, driver)
    print(f"\n{driver}: ratio {figures.ratio:.3f}, added {figures.added_median_ms:.1f} ms a move")
    assert figures.moves == 4
    assert figures.taken_s >= figures.ideal_s
    assert 1.0 <= figures.ratio < 5.0


def test_the_ideal_is_the_closed_formula() -> None:
    machine = Machine()
    assert bench_motion.ideal_s((0, 0, 0), (30, 0, 0), machine) == pytest.approx(2 * (30 / 2000) ** 0.5)
    assert bench_motion.ideal_s((0, 0, 0), (1000, 0, 0), machine) == pytest.approx(1000 / 500 + 500 / 2000)
