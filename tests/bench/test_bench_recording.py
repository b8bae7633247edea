"""The benchmark of the recorder at a small size: what it costs, and what is gone after kill -9."""

from __future__ import annotations

from pathlib import Path

import bench_recording
import pytest


@pytest.mark.bench
def test_recording_costs_little_beside_the_camera() -> None:
    cost = bench_recording.measure(seconds=1.0, rounds=1)
    print(f"\n{cost.camera:.1f} % of one core for the camera, {cost.recording:.1f} % more for recording")
    assert cost.recording <= bench_recording.MOST_PER_CENT
    assert cost.dropped == 0


@pytest.mark.bench
def test_less_than_a_second_is_gone_after_kill_9(tmp_path: Path) -> None:
    lost_s = bench_recording.lost_after_kill(1.3, tmp_path)
    print(f"\n{lost_s:.2f} s lost")
    assert lost_s <= bench_recording.MOST_LOST_S
