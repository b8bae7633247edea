"""The folder of a run: its journal, and its recording where the cell wants one."""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from delid.core import Clock
from delid.journal import Entry, Journal

from ._ports import RecorderPort

ENDING = 4
"""Recordings of earlier runs that may still be written at the end; older ones are long done."""
MakeRecorder = Callable[[Path], RecorderPort | None]


class JournalReader(Protocol):
    """Is told of every journal entry that is on the disk, in their order; never blocks."""

    def written(self, run_id: str, entry: Entry) -> None: ...

    def closed(self) -> None:
        """Nothing more will be written."""


class RunLog:
    """One journal and recording at a time; ``roll`` begins the next run in a folder of its own."""

    def __init__(self, runs: Path, cell: str, clock: Clock, make_recorder: MakeRecorder) -> None:
        self._runs, self._cell, self._clock, self._make = runs, cell, clock, make_recorder
        self.recorder: RecorderPort | None = None
        self._ending: deque[RecorderPort] = deque(maxlen=ENDING)
        self.reader: JournalReader | None = None
        self._open()

    def _open(self) -> None:
        stamp = datetime.datetime.fromtimestamp(self._clock.wall_s(), datetime.UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]
        self.run_id = f"{stamp}-{self._cell}"
        self.folder = self._runs / self.run_id
        self._journal = Journal(self.folder, self._clock)
        self.recorder = self._make(self.folder)

    async def write(self, kind: str, data: dict[str, object]) -> None:
        """Write a journal entry; it is on the disk when this returns. Raises JournalError."""
        run_id = self.run_id
        entry = await self._journal.append_async(kind, data)
        if self.reader is not None:
            self.reader.written(run_id, entry)

    def roll(self) -> None:
        """Close this run's journal and begin the next run; its recording finishes in the background."""
        self._journal.close()
        if self.recorder is not None:
            self.recorder.end()
            self._ending.append(self.recorder)
        self._open()

    def close(self) -> None:
        """Close the files; waits for the recordings."""
        self._close_files()
        if self.reader is not None:
            self.reader.closed()
            self.reader = None

    def _close_files(self) -> None:
        self._journal.close()
        for recorder in (*self._ending, *([self.recorder] if self.recorder is not None else [])):
            recorder.close()
