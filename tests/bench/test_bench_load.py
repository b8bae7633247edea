"""The benchmark under load runs: each kind of change reaches the robot's wire while vision and pages are at it."""

from __future__ import annotations

from pathlib import Path

import bench_load
import pytest


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_tag_change_becomes_a_hold_byte_beside_vision_and_pages(tmp_path: Path) -> None:
    figures = await bench_load.measure(tmp_path, len(bench_load.CHANGES), load=True)
    print("\n" + figures.show("under load"))
    assert len(figures.hold_ms) == len(bench_load.CHANGES)
    assert min(figures.hold_ms) > 0
    assert figures.inspections_per_s > 0
    assert min(figures.tick_ms) > 0
