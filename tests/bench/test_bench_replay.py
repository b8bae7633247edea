"""The replay benchmark runs, and what it times is a whole replay."""

from __future__ import annotations

import sys
from pathlib import Path

import bench_replay
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "replay"))
import replay_kit as kit


@pytest.mark.bench
def test_the_benchmark_times_a_whole_replay(tmp_path: Path) -> None:
    cell_file = kit.build_site(tmp_path)
    stage = kit.record_run(cell_file, tmp_path / "run.mcap")
    found = bench_replay.measure(tmp_path / "run.mcap", stage.cell, rounds=2)
    print(f"\nwith tiny models: {found.frames_per_s:.1f} frames/s, {found.events_per_s:.0f} events/s")
    assert found.frames == stage.frames
    assert found.ratio > 1, "the replay does all of the bare work and more"
    assert found.replay_s > found.bare_s > 0
