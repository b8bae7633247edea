"""The runs of a cell: list, one run, its files. Names come from the folder itself, never from the request."""

from __future__ import annotations

import asyncio
import stat
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor as Pool
from pathlib import Path
from typing import Any, TypeVar

from delid.core import JournalError, RecordingError
from delid.journal import Entry, parts_of, read_journal, recorded_series

from .._refusals import refusal
from ._cell_files import CellFiles
from ._summary import RunSummary, summary_of, timeline_of

JOURNAL, RECORDING = "journal.jsonl", "recording.mcap"
FILES: dict[str, str] = {JOURNAL: "application/x-ndjson", RECORDING: "application/octet-stream"}
"""Files of a run that can be downloaded, and their media types."""
MOST_SUMMARIES = 5_000
MOST_SCANNED = 5_000

T = TypeVar("T")
Stamp = tuple[int, int, int]


class Runs:
    """Reads journals off the event loop; summaries of journals that have not changed are kept."""

    def __init__(self, files: CellFiles, pool: Pool) -> None:
        self._files, self._pool = files, pool
        self._kept: OrderedDict[Path, tuple[Stamp, RunSummary]] = OrderedDict()

    async def folder(self) -> Path:
        cell = await self._files.cell()
        return cell.resolve(cell.spec.runs)

    async def find(self, run: str) -> Path:
        """The folder of a run; raises PanelError ``panel.not_found``."""
        runs = await self.folder()
        found = await self._work(lambda: next((p for p in _folders(runs) if p.name == run), None))
        if found is None:
            raise refusal("panel.not_found", f"There is no run {run!r}.")
        return found

    async def search(
        self, wanted: Callable[[RunSummary], bool], offset: int, limit: int
    ) -> tuple[list[RunSummary], bool]:
        """Runs that are wanted, newest first, and whether there are more."""
        runs = await self.folder()

        def work() -> tuple[list[RunSummary], bool]:
            found: list[RunSummary] = []
            for number, path in enumerate(_folders(runs)):
                if number >= MOST_SCANNED or len(found) > offset + limit:
                    break
                if wanted(summary := self._summary(path)):
                    found.append(summary)
            return found[offset : offset + limit], len(found) > offset + limit

        return await self._work(work)

    async def summary(self, run: str) -> RunSummary:
        path = await self.find(run)
        return await self._work(lambda: self._summary(path))

    async def timeline(self, run: str) -> list[dict[str, Any]]:
        """Raises JournalError where the journal was changed."""
        path = await self.find(run)
        return await self._work(lambda: list(timeline_of(read_journal(path).entries)))

    async def entries(self, run: str) -> Sequence[Entry]:
        path = await self.find(run)
        return await self._work(lambda: read_journal(path).entries)

    async def history(self, kinds: tuple[str, ...], since_s: float, until_s: float, limit: int) -> list[dict[str, Any]]:
        """Records of some kinds over all runs, newest first."""
        runs = await self.folder()

        def work() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = []
            for path in _folders(runs):
                summary = self._summary(path)
                if (summary.ended_s or 0.0) < since_s or len(found) >= limit:
                    break
                lines = [line for line in _lines(path) if line["kind"] in kinds and since_s <= line["at"] <= until_s]
                found += [{"run": path.name, **line} for line in reversed(lines)]
            return found[:limit]

        return await self._work(work)

    async def files(self, run: str) -> list[tuple[str, int]]:
        """Names and sizes of a run's files."""
        path = await self.find(run)
        return [(name, size) for name in _names(path) if (size := _size(path / name)) is not None]

    async def file(self, run: str, name: str) -> tuple[Path, str]:
        """A file of a run and its media type; raises PanelError ``panel.not_found``."""
        path = await self.find(run)
        if name not in _names(path) or _size(path / name) is None:
            raise refusal("panel.not_found", f"The run {run} has no file {name!r}.")
        return path / name, FILES.get(name, FILES[RECORDING])

    async def curve(self, run: str, names: Sequence[str]) -> tuple[list[float], dict[str, list[float]]]:
        """Readings of a run's recording: times (UTC) and the values of each name that was found."""
        path = await self.find(run)
        if _size(path / RECORDING) is None:
            raise RecordingError(f"the run {run} has no recording.", hint="Look at its journal.", code="recording.none")
        return await self._work(lambda: recorded_series(path / RECORDING, names))

    def _summary(self, path: Path) -> RunSummary:
        stamp = _stamp(path / JOURNAL)
        kept = self._kept.get(path)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        try:
            summary = summary_of(path.name, read_journal(path).entries)
        except JournalError as error:
            summary = RunSummary(path.name, problem=error.message)
        sizes = [_size(path / name) for name in _names(path) if name != JOURNAL]
        summary.recording_bytes = sum(size for size in sizes if size) if _size(path / RECORDING) is not None else None
        self._kept[path] = (stamp, summary)
        while len(self._kept) > MOST_SUMMARIES:
            self._kept.popitem(last=False)
        return summary

    async def _work(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _folders(runs: Path) -> Iterator[Path]:
    """Folders of runs, newest first; their names begin with the time."""
    try:
        found = sorted(runs.iterdir(), key=lambda p: p.name, reverse=True)
    except OSError:
        return
    yield from (p for p in found if not p.is_symlink() and _size(p / JOURNAL) is not None)


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        return list(timeline_of(read_journal(path).entries))
    except JournalError:
        return []


def _names(folder: Path) -> list[str]:
    """What may be there: the journal, and every file of the recording."""
    return [JOURNAL, *(part.name for part in parts_of(folder / RECORDING))]


def _size(path: Path) -> int | None:
    """The size of a plain file; None for anything else, links too."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
