"""The run's log: one JSON line for each entry, chained by SHA-256 and on the disk before ``append`` returns."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from delid.core import Clock, JournalError, to_plain

FILE_NAME = "journal.jsonl"
FIRST_PREV = "0" * 64
ADVICE = "Free space on the disk or repair it; the cell holds until the journal can be written."


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal.

    Attributes:
        seq: running number from 0.
        at_s: the run's monotonic clock.
        wall_s: seconds since 1970-01-01 UTC.
        kind: what the entry is; ``run_started`` and ``run_ended`` frame a run.
        data: plain JSON data.
        prev: SHA-256 (hex) of the line before, without its newline; 64 zeros on the first line.
    """

    seq: int
    at_s: float
    wall_s: float
    kind: str
    data: Mapping[str, Any]
    prev: str

    def line(self) -> bytes:
        """The entry as it stands in the file, without the newline."""
        return json.dumps(
            to_plain(self), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False
        ).encode()


class Journal:
    """Append-only journal of one run, in ``folder/journal.jsonl``.

    An entry is durable when ``append`` returns, so that it may be followed by the command it announces. While the
    disk refuses, ``healthy`` is false and every ``append`` raises; what was half written is taken away before the
    next entry, so that the chain goes on from the last durable line.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.path = folder / FILE_NAME
        self._clock = clock
        self._lock = threading.Lock()
        self._worker: ThreadPoolExecutor | None = None
        self._seq = 0
        self._prev = FIRST_PREV
        self._good_bytes = 0
        self._trouble = ""
        self._file = _create(self.path)

    @property
    def healthy(self) -> bool:
        """False while the last entry could not be written."""
        return not self._trouble

    def append(self, kind: str, data: Mapping[str, Any]) -> Entry:
        """Write one entry and return when it is durable; raises JournalError when it cannot be."""
        return self._write(kind, to_plain(data), self._clock.now_s(), self._clock.wall_s())

    async def append_async(self, kind: str, data: Mapping[str, Any]) -> Entry:
        """``append`` on the journal's own thread, in the order of the calls; the event loop goes on meanwhile."""
        if self._worker is None:
            self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        call: tuple[Any, ...] = (kind, to_plain(data), self._clock.now_s(), self._clock.wall_s())
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._write, *call)

    def close(self) -> None:
        """Finish what is queued and close the file."""
        if self._worker is not None:
            self._worker.shutdown(wait=True)
            self._worker = None
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, kind: str, data: Any, at_s: float, wall_s: float) -> Entry:
        with self._lock:
            if self._file < 0:
                raise JournalError(f"the journal {self.path} is closed.", code="journal.closed")
            entry = Entry(self._seq, at_s, wall_s, kind, data, self._prev)
            line = entry.line()
            try:
                if self._trouble:
                    os.ftruncate(self._file, self._good_bytes)
                write_all(self._file, line + b"\n")
                os.fsync(self._file)
            except OSError as error:
                self._trouble = str(error)
                self._cut_back()
                raise JournalError(
                    f"the journal {self.path} cannot be written: {error}.", hint=ADVICE, code="journal.write"
                ) from error
            self._trouble = ""
            self._seq += 1
            self._prev = hashlib.sha256(line).hexdigest()
            self._good_bytes += len(line) + 1
            return entry

    def _cut_back(self) -> None:
        """Take a half-written line away where the disk still lets us; the reader copes where it does not."""
        try:
            os.ftruncate(self._file, self._good_bytes)
        except OSError:
            return


def write_all(file: int, data: bytes) -> None:
    """Write every byte; a short write is not an end."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _create(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
    except FileExistsError as error:
        raise JournalError(
            f"there is a journal at {path} already.", hint="Give every run its own id.", code="journal.exists"
        ) from error
    except OSError as error:
        raise _cannot_create(path, error) from error
    try:
        # Without these the file's name may be lost with the power although its bytes are safe.
        for folder in (path.parent, path.parent.parent):
            _sync_folder(folder)
    except OSError as error:
        os.close(file)
        raise _cannot_create(path, error) from error
    return file


def _cannot_create(path: Path, error: OSError) -> JournalError:
    return JournalError(
        f"no journal can be made at {path}: {error}.",
        hint="Check that the runs folder exists, can be written and has space.",
        code="journal.create",
    )


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
