"""The journal: a chain of durable lines, and what its reader makes of damage."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest

from delid.core import Command, JournalError, ManualClock, OperatorCommanded, to_plain
from delid.journal import Journal, find_unfinished, read_journal
from delid.journal import _journal as module


def write(folder: Path, entries: list[tuple[str, dict]], start_s: float = 5.0, wall_start_s: float = 1000.0) -> Path:
    clock = ManualClock(start_s, wall_start_s)
    with Journal(folder, clock) as journal:
        for kind, data in entries:
            journal.append(kind, data)
            clock.set(clock.now_s() + 1.0)
    return journal.path


def test_every_line_names_the_digest_of_the_one_before(tmp_path):
    path = write(tmp_path / "r1", [("run_started", {"cell": "demo"}), ("turn", {"step": "a/b"}), ("run_ended", {})])
    lines = path.read_bytes().splitlines()
    prev = "0" * 64
    for number, line in enumerate(lines):
        entry = json.loads(line)
        assert entry["seq"] == number
        assert entry["prev"] == prev
        assert (entry["at_s"], entry["wall_s"]) == (5.0 + number, 1000.0 + number)
        prev = hashlib.sha256(line).hexdigest()
    assert [json.loads(line)["kind"] for line in lines] == ["run_started", "turn", "run_ended"]


def test_what_is_appended_is_read_back(tmp_path):
    event = to_plain(OperatorCommanded(1.0, Command.START, "Ünal"), tagged=True)
    path = write(tmp_path / "r1", [("turn", {"event": event, "list": [1, 2.5, None, True]})])
    found = read_journal(path)
    assert found.cut_bytes == 0
    assert found.entries[0].data == {"event": event, "list": [1, 2.5, None, True]}
    assert read_journal(path.parent).entries == found.entries


def test_each_append_is_synced_before_it_returns(tmp_path, monkeypatch):
    order: list[str] = []
    real_write, real_sync = os.write, os.fsync
    monkeypatch.setattr(module.os, "write", lambda fd, data: order.append("write") or real_write(fd, data))
    monkeypatch.setattr(module.os, "fsync", lambda fd: order.append("fsync") or real_sync(fd))
    with Journal(tmp_path / "r1", ManualClock()) as journal:
        assert order == ["fsync", "fsync"], "the new file's name must be durable in its folder and that one in its own"
        order.clear()
        journal.append("turn", {})
        assert order == ["write", "fsync"]


def test_a_short_write_is_carried_on(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(module.os, "write", lambda fd, data: real(fd, data[:7]))
    path = write(tmp_path / "r1", [("turn", {"words": "long enough for several writes"})])
    monkeypatch.undo()
    assert len(read_journal(path).entries) == 1


def test_a_number_that_json_has_not_is_refused_before_anything_is_written(tmp_path):
    with Journal(tmp_path / "r1", ManualClock()) as journal:
        with pytest.raises(ValueError, match="Out of range"):
            journal.append("turn", {"x": float("nan")})
        journal.append("turn", {"x": 1.0})
        assert journal.healthy
    assert [e.data for e in read_journal(journal.path).entries] == [{"x": 1.0}]


def test_a_run_folder_is_used_once(tmp_path):
    write(tmp_path / "r1", [])
    with pytest.raises(JournalError) as caught:
        Journal(tmp_path / "r1", ManualClock())
    assert caught.value.code == "journal.exists"


def test_a_closed_journal_takes_nothing(tmp_path):
    journal = Journal(tmp_path / "r1", ManualClock())
    journal.close()
    journal.close()
    with pytest.raises(JournalError) as caught:
        journal.append("turn", {})
    assert caught.value.code == "journal.closed"


# --- damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [1, 10, -1])
def test_a_cut_last_line_is_left_out_and_told(tmp_path, kept):
    path = write(tmp_path / "r1", [("run_started", {}), ("turn", {"step": "a/b"}), ("turn", {"step": "a/c"})])
    content = path.read_bytes()
    last = content.rindex(b"\n", 0, -1) + 1
    cut = content[: last + kept] if kept > 0 else content[:kept]
    path.write_bytes(cut)
    found = read_journal(path)
    assert [e.kind for e in found.entries] == ["run_started", "turn"]
    assert found.cut_bytes == len(cut) - last


def test_a_last_line_of_other_bytes_is_a_cut_line(tmp_path):
    path = write(tmp_path / "r1", [("run_started", {}), ("turn", {})])
    content = path.read_bytes()
    last = content.rindex(b"\n", 0, -1) + 1
    path.write_bytes(content[:last] + b"\0" * (len(content) - last - 1) + b"\n")
    found = read_journal(path)
    assert len(found.entries) == 1
    assert found.cut_bytes == len(content) - last


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: [lines[0].replace(b"demo", b"dema"), *lines[1:]], 2),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 1),
        (lambda lines: [lines[0], b"no json", *lines[2:]], 2),
        (lambda lines: [lines[0], b"[1]", *lines[2:]], 2),
        (lambda lines: lines[1:], 1),
        (lambda lines: [*lines[:-1], lines[-1].replace(b'"seq":3', b'"seq":4')], 4),
    ],
    ids=["changed", "removed", "swapped", "not json", "not an entry", "beheaded", "renumbered"],
)
def test_a_broken_chain_is_refused_with_its_line(tmp_path, change, line):
    path = write(tmp_path / "r1", [("run_started", {"cell": "demo"}), ("turn", {}), ("turn", {}), ("run_ended", {})])
    path.write_bytes(b"".join(text + b"\n" for text in change(path.read_bytes().splitlines())))
    with pytest.raises(JournalError) as caught:
        read_journal(path)
    assert caught.value.code == "journal.broken"
    assert f"{path}:{line}:" in str(caught.value)


def test_a_missing_journal_says_so(tmp_path):
    with pytest.raises(JournalError) as caught:
        read_journal(tmp_path / "none.jsonl")
    assert caught.value.code == "journal.read"


# --- a disk that fails ----------------------------------------------------------------------------------------------


class FullDisk:
    """Takes a part of the bytes and then refuses, as a disk does that runs full within a line."""

    def __init__(self, room: int) -> None:
        self.room, self.write = room, os.write

    def __call__(self, fd: int, data: memoryview) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self.write(fd, data[: self.room])
        self.room -= written
        return written


def test_a_full_disk_is_an_error_with_advice_and_the_chain_goes_on_afterwards(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "r1", ManualClock())
    journal.append("run_started", {})
    monkeypatch.setattr(module.os, "write", FullDisk(room=20))
    for _ in range(2):
        with pytest.raises(JournalError) as caught:
            journal.append("turn", {"n": 1})
        assert caught.value.code == "journal.write"
        assert "No space left" in str(caught.value)
        assert caught.value.hint
        assert not journal.healthy
    monkeypatch.undo()
    assert [e.kind for e in read_journal(journal.path).entries] == ["run_started"]
    assert read_journal(journal.path).cut_bytes == 0, "the half-written line was taken away"
    journal.append("turn", {"n": 2})
    assert journal.healthy
    journal.close()
    assert [e.data for e in read_journal(journal.path).entries] == [{}, {"n": 2}]


def test_a_half_line_that_could_not_be_taken_away_goes_before_the_next_entry(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "r1", ManualClock())
    monkeypatch.setattr(module.os, "write", FullDisk(room=20))
    monkeypatch.setattr(module.os, "ftruncate", refusing(errno.EIO))
    with pytest.raises(JournalError):
        journal.append("turn", {"n": 1})
    assert read_journal(journal.path).cut_bytes == 20
    monkeypatch.undo()
    journal.append("turn", {"n": 2})
    journal.close()
    assert [e.data for e in read_journal(journal.path).entries] == [{"n": 2}]


def test_an_entry_that_cannot_be_synced_is_not_in_the_journal(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "r1", ManualClock())
    monkeypatch.setattr(module.os, "fsync", refusing(errno.EIO))
    with pytest.raises(JournalError):
        journal.append("turn", {})
    monkeypatch.undo()
    journal.close()
    assert read_journal(journal.path).entries == ()


def refusing(number: int):
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_folder_that_cannot_be_written_is_an_error_with_advice(tmp_path, monkeypatch, number):
    monkeypatch.setattr(module.os, "open", refusing(number))
    with pytest.raises(JournalError) as caught:
        Journal(tmp_path / "r1", ManualClock())
    assert caught.value.code == "journal.create"
    assert caught.value.hint


def test_a_file_where_the_folder_should_be_is_an_error_with_advice(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(JournalError) as caught:
        Journal(tmp_path / "runs" / "r1", ManualClock())
    assert caught.value.code == "journal.create"


# --- the run without an end -----------------------------------------------------------------------------------------


def test_a_run_without_an_end_is_found_with_its_last_step(tmp_path):
    write(tmp_path / "b", [("run_started", {}), ("run_ended", {})], wall_start_s=1000)
    write(
        tmp_path / "a",
        [("run_started", {}), ("turn", {"step": "x/y/lid/lid.01"}), ("turn", {"step": "x/y/lid/lid.02"}), ("turn", {})],
        wall_start_s=2000,
    )
    found = find_unfinished(tmp_path)
    assert found is not None
    assert (found.run_id, found.step) == ("a", "x/y/lid/lid.02")


def test_the_step_of_a_record_counts_too(tmp_path):
    write(tmp_path / "a", [("run_started", {}), ("record", {"kind": "step", "data": {"step": "x/y/lift"}})])
    found = find_unfinished(tmp_path)
    assert found is not None
    assert found.step == "x/y/lift"


def test_only_the_newest_run_counts(tmp_path):
    write(tmp_path / "old", [("run_started", {}), ("turn", {"step": "a"})], wall_start_s=1000)
    write(tmp_path / "new", [("run_started", {}), ("run_ended", {})], wall_start_s=2000)
    assert find_unfinished(tmp_path) is None


@pytest.mark.parametrize(("outcome", "is_over"), [("dismantled", True), ("stopped", False)])
def test_a_run_whose_last_turn_disposes_of_the_pack_is_over(tmp_path, outcome, is_over):
    end = {"type": "Record", "kind": "end", "data": {"outcome": outcome, "reason": "", "steps_done": 1, "steps": 1}}
    write(tmp_path / "a", [("run_started", {}), ("turn", {"event": {}, "effects": [end]})])
    assert (find_unfinished(tmp_path) is None) is is_over


def test_a_journal_in_which_no_run_began_hides_nothing(tmp_path):
    write(tmp_path / "crashed", [("turn", {}), ("run_started", {})], wall_start_s=1000)
    write(tmp_path / "restarted", [("turn", {})], wall_start_s=2000)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "journal.jsonl").write_bytes(b"")
    found = find_unfinished(tmp_path)
    assert found is not None
    assert (found.run_id, found.step) == ("crashed", None)


def test_no_runs_folder_means_no_unfinished_run(tmp_path):
    assert find_unfinished(tmp_path / "none") is None


def test_a_newest_journal_that_was_changed_is_not_passed_over(tmp_path):
    path = write(tmp_path / "a", [("run_started", {}), ("turn", {}), ("turn", {})])
    path.write_bytes(path.read_bytes().replace(b'"seq":1', b'"seq":7'))
    with pytest.raises(JournalError):
        find_unfinished(tmp_path)
