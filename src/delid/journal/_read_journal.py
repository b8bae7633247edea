"""Reading journals back: the chain is checked line by line, a cut last line is told and left out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from delid.core import DISPOSED, JournalError, RunTrace

from ._journal import FILE_NAME, FIRST_PREV, Entry
from ._trace import trace_of

RUN_STARTED = "run_started"
RUN_ENDED = "run_ended"


@dataclass(frozen=True, slots=True)
class JournalContents:
    """What a journal holds. ``cut_bytes`` is the length of an incomplete last line, 0 for a whole file."""

    path: Path
    entries: tuple[Entry, ...]
    cut_bytes: int = 0


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A run without an end. ``step`` is the key of the last step its journal names, if any."""

    run_id: str
    step: str | None
    path: Path


def read_journal(path: Path | str) -> JournalContents:
    """Read a journal file, or the one in a run's folder.

    A last line that was cut short is left out and counted in ``cut_bytes``. Raises JournalError ``journal.broken``
    with the line number where the chain of digests does not hold.
    """
    path = Path(path)
    path = path / FILE_NAME if path.is_dir() else path
    try:
        content = path.read_bytes()
    except OSError as error:
        raise JournalError(f"the journal {path} cannot be read: {error}.", code="journal.read") from error
    lines = content.split(b"\n")
    tail = lines.pop()
    entries: list[Entry] = []
    prev = FIRST_PREV
    for number, line in enumerate(lines, start=1):
        entry = _parse(line)
        if entry is None and number == len(lines) and not tail:
            # A block of the last line that never reached the disk reads as other bytes.
            return JournalContents(path, tuple(entries), len(line) + 1)
        if entry is None or entry.prev != prev or entry.seq != len(entries):
            raise _broken(path, number, entry)
        entries.append(entry)
        prev = hashlib.sha256(line).hexdigest()
    return JournalContents(path, tuple(entries), len(tail))


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run of a cell. ``left`` is what is known of it where it did not end as it should."""

    run_id: str
    ended: bool
    step: str | None
    path: Path
    left: RunTrace | None


def find_last(runs_dir: Path | str) -> LastRun | None:
    """The newest run, ended or not; journals in which no run was started are passed over.

    Raises JournalError when the newest journal is broken.
    """
    for path in find_journals(Path(runs_dir)):
        entries = read_journal(path).entries
        starts = [n for n, entry in enumerate(entries) if entry.kind == RUN_STARTED]
        if starts:
            run_id, run = path.parent.name, entries[starts[-1] :]
            trace = trace_of(run_id, entries)
            disposed = trace.outcome in DISPOSED  # said by the last turn, which may be all that was written
            ended = disposed or any(entry.kind == RUN_ENDED for entry in run)
            return LastRun(run_id, ended, _last_step(run), path, None if disposed else trace)
    return None


def find_unfinished(runs_dir: Path | str) -> UnfinishedRun | None:
    """The newest run, if its journal has no end of it; None where it was ended or there is none."""
    last = find_last(runs_dir)
    return None if last is None or last.ended else UnfinishedRun(last.run_id, last.step, last.path)


def find_journals(runs_dir: Path) -> list[Path]:
    """The journals of a runs folder, the newest first; those without a first line are left out."""
    dated: list[tuple[float, str, Path]] = []
    for path in runs_dir.glob(f"*/{FILE_NAME}"):
        with path.open("rb") as file:
            first = _parse(file.readline().rstrip(b"\n"))
        if first is not None:
            dated.append((first.wall_s, path.parent.name, path))
    return [path for _, _, path in sorted(dated, reverse=True)]


def _last_step(entries: Sequence[Entry]) -> str | None:
    for entry in reversed(entries):
        inner = entry.data.get("data")
        for place in (entry.data, inner if isinstance(inner, dict) else {}):
            if isinstance(place.get("step"), str):
                return str(place["step"])
    return None


def _parse(line: bytes) -> Entry | None:
    try:
        data: Any = json.loads(line)
    except ValueError:
        return None
    if not isinstance(data, dict) or set(data) != {field.name for field in fields(Entry)}:
        return None
    return Entry(**data) if isinstance(data["data"], dict) else None


def _broken(path: Path, number: int, entry: Entry | None) -> JournalError:
    why = "is no journal entry" if entry is None else "does not follow from the line before it"
    return JournalError(
        f"{path}:{number}: the line {why}; the journal was changed or damaged after it was written.",
        hint="Keep the file as it is and find out who or what changed it.",
        code="journal.broken",
    )
