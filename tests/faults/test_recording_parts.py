"""A long run in several files, a disk that fills, a recorder that hangs, and how long recordings are kept."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from recording_kit import HEADER, facts, put, write_recording

from delid.config import Recordings
from delid.core import ManualClock, Record, RecordingError, Started, Ticked
from delid.engine import RunLog
from delid.journal import (
    Keeper,
    KeepRules,
    PartLimits,
    RecordingWriter,
    keep_rules_of,
    kept_runs,
    limits_of,
    parts_of,
    read_recording,
    recorded_series,
    repair_recording,
)

DAY_S = 86_400.0


def write_parts(path: Path, rounds: int = 6, part_bytes: int = 20_000) -> list[Path]:
    clock = ManualClock(2.0)
    writer = RecordingWriter(path, clock, HEADER, limits=PartLimits(part_bytes=part_bytes))
    put(writer, clock, rounds)
    writer.close()
    assert writer.healthy, writer.losses
    return parts_of(path)


def test_a_long_run_is_read_as_one(tmp_path):
    parts = write_parts(tmp_path / "run.mcap")
    assert len(parts) >= 3
    assert [p.name for p in parts[:3]] == ["run.mcap", "run.2.mcap", "run.3.mcap"]
    found = read_recording(tmp_path / "run.mcap")
    assert list(found.facts) == facts(6)
    assert sum(map(len, found.frames.values())) == 12
    assert found.header == HEADER
    assert len(recorded_series(tmp_path / "run.mcap", ())[0]) == 6


def test_a_later_file_can_be_read_alone(tmp_path):
    parts = write_parts(tmp_path / "run.mcap")
    found = read_recording(parts[1])
    assert found.header.part == 2
    assert found.header.texts == HEADER.texts
    assert 0 < len(found.facts) < len(facts(6))


def test_a_file_that_is_old_enough_ends(tmp_path):
    clock = ManualClock(2.0)
    writer = RecordingWriter(tmp_path / "run.mcap", clock, HEADER, limits=PartLimits(part_s=60.0))
    for n in range(5):
        clock.set(2.0 + 50.0 * n)
        writer.event(Ticked(clock.now_s()))
    writer.close()
    assert len(parts_of(tmp_path / "run.mcap")) == 3
    assert len(read_recording(tmp_path / "run.mcap").events) == 5


def test_a_last_file_that_was_cut_is_told_and_repaired_into_one(tmp_path):
    parts = write_parts(tmp_path / "run.mcap")
    parts[-1].write_bytes(parts[-1].read_bytes()[:-100])
    with pytest.raises(RecordingError) as caught:
        read_recording(tmp_path / "run.mcap")
    assert parts[-1].name in str(caught.value)
    report = repair_recording(tmp_path / "run.mcap", tmp_path / "whole.mcap")
    assert not report.was_complete
    assert list(read_recording(tmp_path / "whole.mcap").facts) == facts(6)


@pytest.mark.parametrize("left", [0, 3, 8, 30])
def test_a_last_file_without_its_header_leaves_the_others(tmp_path, left):
    parts = write_parts(tmp_path / "run.mcap")
    rest = len(parts)
    (tmp_path / f"run.{rest + 1}.mcap").write_bytes(parts[-1].read_bytes()[:left])
    repair_recording(tmp_path / "run.mcap", tmp_path / "whole.mcap")
    assert list(read_recording(tmp_path / "whole.mcap").facts) == facts(6)


def test_a_disk_that_is_nearly_full_ends_the_recording_and_leaves_room_for_the_journal(tmp_path, monkeypatch):
    free = [10_000]
    monkeypatch.setattr("delid.journal._part_files.free_bytes_at", lambda folder: free[0])
    clock = ManualClock(2.0)
    writer = RecordingWriter(tmp_path / "run.mcap", clock, HEADER, limits=PartLimits(min_free_bytes=5_000))
    writer.event(Started(2.0))
    writer._queue.put(None)
    writer._thread.join()
    assert writer.healthy
    free[0] = 4_000
    other = RecordingWriter(tmp_path / "other.mcap", clock, HEADER, limits=PartLimits(min_free_bytes=5_000))
    other.event(Started(2.0))
    other.event(Ticked(2.0))
    other.close()
    assert "left to the journal" in other.losses.failure
    assert other.report()["healthy"] is False


def test_the_next_run_does_not_wait_for_the_recording_of_the_last(tmp_path, monkeypatch):
    """A disk that hangs: the run log goes on to the next run at once."""
    gate, held = threading.Event(), threading.Event()
    real = os.fsync

    def slow(fd: int) -> None:
        if threading.current_thread().name == "recording":
            held.set()
            assert gate.wait(20)
        real(fd)

    monkeypatch.setattr(os, "fsync", slow)
    clock = ManualClock(2.0)
    log = RunLog(tmp_path, "a", clock, lambda folder: RecordingWriter(folder / "recording.mcap", clock, HEADER))
    first = log.folder
    assert log.recorder is not None
    log.recorder.event(Started(2.0))
    assert held.wait(20)
    clock.set(5.0)
    log.roll()
    assert log.folder != first
    gate.set()
    log.close()
    assert len(read_recording(first / "recording.mcap").events) == 1


# --- kept and removed -----------------------------------------------------------------------------------------------


def a_run(runs: Path, name: str, age_days: float, *records: Record, cut: bool = False, now_s: float = 1e9) -> Path:
    folder = runs / name
    path = folder / "recording.mcap"
    writer = RecordingWriter(path, ManualClock(2.0), HEADER)
    writer.event(Started(2.0))
    for record in records:
        writer.record(record)
    writer.close()
    if cut:
        path.write_bytes(path.read_bytes()[:-30])
    (folder / "journal.jsonl").write_text("kept\n")
    os.utime(path, (now_s - age_days * DAY_S,) * 2)
    return folder


ALARM = Record("alarm", {"code": "gas.high", "text": "gas"})
FAILURE = Record("failure", {"key": "a/b/c", "kind": "seized"})


def keeper(runs: Path, rules: KeepRules, now_s: float = 1e9) -> Keeper:
    return Keeper(runs, rules, ManualClock(0.0, now_s))


def test_what_is_too_old_goes_and_alarms_failures_and_cut_ones_stay_longer(tmp_path):
    folders = {
        "ordinary": a_run(tmp_path, "ordinary", 40.0),
        "young": a_run(tmp_path, "young", 3.0),
        "alarm": a_run(tmp_path, "alarm", 40.0, ALARM),
        "failure": a_run(tmp_path, "failure", 40.0, FAILURE),
        "cut": a_run(tmp_path, "cut", 40.0, cut=True),
        "ancient": a_run(tmp_path, "ancient", 400.0, ALARM),
    }
    removed = keeper(tmp_path, KeepRules()).tidy()
    assert {r.run.folder.name: r.reason for r in removed} == {
        "ordinary": "older than 30 days",
        "ancient": "older than 365 days",
    }
    for name, folder in folders.items():
        gone = name in ("ordinary", "ancient")
        assert (folder / "recording.mcap").exists() is not gone
        assert (folder / "journal.jsonl").read_text() == "kept\n", "journals are never removed"
        assert (folder / "recording.removed.json").exists() is gone
    note = json.loads((folders["ordinary"] / "recording.removed.json").read_text())
    assert note["reason"] == "older than 30 days"
    assert list(note["files"]) == ["recording.mcap"]
    assert {run.folder.name: run.why for run in kept_runs(tmp_path) if run.matters} == {
        "alarm": "1 alarms", "failure": "1 failures", "cut": "it was cut off",
    }  # fmt: skip


def test_the_oldest_goes_first_where_there_is_no_room_and_ordinary_ones_before_the_others(tmp_path):
    for name, age_days, records in (("old", 9.0, (FAILURE,)), ("middle", 5.0, ()), ("new", 1.0, ())):
        a_run(tmp_path, name, age_days, *records)
    size = max(run.size_bytes for run in kept_runs(tmp_path))
    assert [r.run.folder.name for r in keeper(tmp_path, KeepRules(keep_bytes=2.2 * size)).due()] == ["middle"]
    assert [r.run.folder.name for r in keeper(tmp_path, KeepRules(keep_bytes=1.2 * size)).due()] == ["middle", "new"]
    due = keeper(tmp_path, KeepRules(keep_bytes=0.0)).due(current=tmp_path / "new")
    assert [r.run.folder.name for r in due] == ["middle", "old"], "the run that is being recorded is left alone"


def test_every_file_of_a_run_goes(tmp_path):
    (tmp_path / "long").mkdir()
    parts = write_parts(tmp_path / "long/recording.mcap")
    for part in parts:
        os.utime(part, (1e9 - 99 * DAY_S,) * 2)
    background = keeper(tmp_path, KeepRules())
    background.tidy_soon()
    background.close()
    assert not any(part.exists() for part in parts)
    assert len(json.loads((tmp_path / "long/recording.removed.json").read_text())["files"]) == len(parts)


def test_the_cell_file_says_how_long(tmp_path):
    settings = Recordings(part_mb=2, part_h=1, keep_days=7, keep_failures_days=70, keep_gb=3, min_free_gb=0.5)
    assert limits_of(settings) == PartLimits(2_000_000, 3600.0, 500_000_000)
    assert keep_rules_of(settings) == KeepRules(7 * DAY_S, 70 * DAY_S, 3e9)
    with pytest.raises(ValueError, match="failures are kept at least as long"):
        Recordings(keep_days=7, keep_failures_days=6)


def test_what_a_disk_refuses_leaves_the_others(tmp_path, monkeypatch):
    for name in ("a", "b"):
        a_run(tmp_path, name, 40.0)
    real = Path.unlink

    def refuse(self: Path, missing_ok: bool = False) -> None:
        if self.parent.name == "a":
            raise OSError("read-only")
        real(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    assert [r.run.folder.name for r in keeper(tmp_path, KeepRules()).tidy()] == ["b"]
    assert write_recording(tmp_path / "c.mcap", rounds=1).healthy
