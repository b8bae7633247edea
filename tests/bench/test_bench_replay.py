"""The replay benchmarks run, and what they time is whole replays."""

from __future__ import annotations

import sys
from pathlib import Path

import bench_replay
import bench_replay_many
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "replay"))
import replay_kit as kit

from delid.replay.many import Setup


@pytest.mark.bench
def test_the_benchmark_times_a_whole_replay(tmp_path: Path) -> None:
    """With tiny models, which cost next to nothing, a replay is mostly reading and deciding: no share is asked for."""
    cell_file = kit.build_site(tmp_path)
    stage = kit.record_run(cell_file, tmp_path / "run.mcap")
    found = bench_replay.measure(tmp_path / "run.mcap", stage.cell, stage.inspector, rounds=1)
    print(f"\nwith tiny models: {found.frames_per_s:.1f} frames/s, share of the bound {found.share:.2f}")
    assert found.frames == stage.frames
    assert 0 < found.share < 1, "the replay does all of the bare work and more"
    kept = bench_replay.real_time(tmp_path / "run.mcap", Setup(stage.cell, cache=tmp_path / "kept"), 1)
    print(f"a run of {kept.run_s:.1f} s from the cache in {kept.judge_s:.3f} s, processor {kept.busy_s:.3f} s")
    assert kept.run_s > kept.judge_s
    assert kept.busy_s > 0


@pytest.mark.bench
def test_many_small_recordings_are_replayed_from_the_cache(tmp_path: Path) -> None:
    """A small size of what ``bench_replay_many.py`` does with ten thousand."""
    cell = bench_replay_many.make(tmp_path, count=24, distinct=2)
    first = bench_replay_many.measure(cell, tmp_path, 1, tmp_path / "a.jsonl", decisions_only=False)
    again = bench_replay_many.measure(cell, tmp_path, 1, tmp_path / "b.jsonl", decisions_only=True)
    print(f"\n{again.per_s:.1f} recordings/s, memory {again.peak_mb:.0f} MB, grown {again.grown:.3f}")
    assert (first.recordings, first.equal) == (27, 24)
    assert (again.recordings, again.equal, again.inferred) == (27, 24, 0)
    assert first.inferred > 0
    assert sorted(again.aside.values()) == ["recording.foreign", "recording.too_large", "recording.truncated"]
    assert again.grown < 1.2
