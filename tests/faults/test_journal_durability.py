"""The journal against crashes, a full disk and a folder that refuses, with real processes and files."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from delid.core import JournalError, ManualClock
from delid.journal import Journal, find_unfinished, read_journal


def run_process(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *arguments], capture_output=True, text=True, timeout=60
    )


def test_a_line_is_there_after_a_crash_right_behind_append(tmp_path):
    done = run_process(
        """
        import os, sys
        from pathlib import Path
        from delid.core import SystemClock
        from delid.journal import Journal
        journal = Journal(Path(sys.argv[1]) / "r1", SystemClock())
        journal.append("run_started", {})
        journal.append("turn", {"step": "a/b/c"})
        os._exit(9)
        """,
        str(tmp_path),
    )
    assert done.returncode == 9, done.stderr
    assert [e.kind for e in read_journal(tmp_path / "r1").entries] == ["run_started", "turn"]
    found = find_unfinished(tmp_path)
    assert found is not None
    assert (found.run_id, found.step) == ("r1", "a/b/c")


def test_a_file_that_may_not_grow_is_a_journal_error_and_no_line_is_lost(tmp_path):
    """A file size limit stands for a full disk: the kernel itself cuts the write short and then refuses."""
    done = run_process(
        """
        import resource, signal, sys
        from pathlib import Path
        from delid.core import JournalError, SystemClock
        from delid.journal import Journal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        journal = Journal(Path(sys.argv[1]) / "r1", SystemClock())
        journal.append("run_started", {})
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        written = 1
        try:
            while True:
                journal.append("turn", {"words": "x" * 100})
                written += 1
        except JournalError as error:
            print(written, journal.healthy, error.code)
        """,
        str(tmp_path),
    )
    written, healthy, code = done.stdout.split()
    assert (healthy, code) == ("False", "journal.write"), done.stderr
    found = read_journal(tmp_path / "r1")
    assert len(found.entries) == int(written) >= 2
    assert found.cut_bytes == 0


def test_a_folder_without_permission_is_a_journal_error(tmp_path):
    tmp_path.chmod(0o555)
    try:
        done = run_process(
            """
            import os, sys
            from pathlib import Path
            from delid.core import JournalError, SystemClock
            from delid.journal import Journal
            if os.getuid() == 0:
                os.setuid(65534)
            try:
                Journal(Path(sys.argv[1]) / "r1", SystemClock())
            except JournalError as error:
                print(error.code, bool(error.hint))
            """,
            str(tmp_path),
        )
    finally:
        tmp_path.chmod(0o755)
    assert done.stdout.split() == ["journal.create", "True"], done.stderr


async def test_entries_of_append_async_stand_in_the_order_of_the_calls(tmp_path):
    with Journal(tmp_path / "r1", ManualClock()) as journal:
        await asyncio.gather(*(journal.append_async("turn", {"n": n}) for n in range(40)))
        journal.append("turn", {"n": 40})
    assert [e.data["n"] for e in read_journal(journal.path).entries] == list(range(41))


async def test_the_event_loop_goes_on_while_the_disk_is_slow(tmp_path, monkeypatch):
    from threading import Event

    released, turns = Event(), 0
    real = os.fsync

    def slow(fd: int) -> None:
        assert released.wait(20)
        real(fd)

    with Journal(tmp_path / "r1", ManualClock()) as journal:
        monkeypatch.setattr(os, "fsync", slow)
        task = asyncio.create_task(journal.append_async("turn", {}))
        while turns < 50:
            await asyncio.sleep(0)
            turns += 1
        assert not task.done(), "append_async returns only when the entry is durable"
        released.set()
        assert (await task).seq == 0


async def test_append_async_raises_the_disk_error(tmp_path, monkeypatch):
    def refuse(fd: int, data: memoryview) -> int:
        raise OSError(28, "No space left on device")

    with Journal(Path(tmp_path) / "r1", ManualClock()) as journal:
        monkeypatch.setattr(os, "write", refuse)
        with pytest.raises(JournalError):
            await journal.append_async("turn", {})
        monkeypatch.undo()
        assert not journal.healthy
