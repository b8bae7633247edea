"""The files of a run that can be downloaded: the journal, and every file of its recording."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from delid.core import DelidError
from delid.panel.files._runs import Runs


class Files:
    def __init__(self, runs: Path) -> None:
        self._runs = runs

    async def cell(self) -> Any:
        return SimpleNamespace(resolve=lambda path: self._runs, spec=SimpleNamespace(runs="runs"))


async def test_every_file_of_a_long_recording_can_be_had_and_nothing_else(tmp_path: Path) -> None:
    run = tmp_path / "r1"
    run.mkdir()
    names = ("journal.jsonl", "recording.mcap", "recording.2.mcap", "recording.4.mcap", "notes.txt")
    for number, name in enumerate(names):
        (run / name).write_bytes(b"x" * (number + 1))
    (run / "recording.3.mcap").symlink_to(tmp_path / "elsewhere")
    with ThreadPoolExecutor(1) as pool:
        runs = Runs(Files(tmp_path), pool)  # type: ignore[arg-type]
        assert await runs.files("r1") == [("journal.jsonl", 1), ("recording.mcap", 2), ("recording.2.mcap", 3)]
        path, kind = await runs.file("r1", "recording.2.mcap")
        assert (path, kind) == (run / "recording.2.mcap", "application/octet-stream")
        for name in ("recording.3.mcap", "recording.4.mcap", "notes.txt", "../r1/journal.jsonl"):
            with pytest.raises(DelidError):
                await runs.file("r1", name)
        assert (await runs.summary("r1")).recording_bytes == 5
