"""Keeps the recordings of a runs folder within space and age. Journals are never touched."""

from __future__ import annotations

import json
import threading
from functools import lru_cache
from pathlib import Path

import structlog
from mcap.exceptions import McapError
from mcap.reader import make_reader

from delid.config import Recordings
from delid.core import Clock

from ._mcap_in import parts_of
from ._part_files import PartLimits
from ._recording import OUTCOME_NAME
from ._retention import DAY_S, KeepRules, KeptRun, Removal, removals

RECORDING_FILE = "recording.mcap"
NOTE_FILE = "recording.removed.json"


def limits_of(settings: Recordings) -> PartLimits:
    """When files end, from a cell file."""
    return PartLimits(int(settings.part_mb * 1e6), settings.part_h * 3600.0, int(settings.min_free_gb * 1e9))


def keep_rules_of(settings: Recordings) -> KeepRules:
    """What is kept how long, from a cell file."""
    return KeepRules(settings.keep_days * DAY_S, settings.keep_failures_days * DAY_S, settings.keep_gb * 1e9)


def kept_runs(runs: Path, current: Path | None = None) -> list[KeptRun]:
    """Every recording below ``runs`` but for that of the run ``current``."""
    found = []
    for first in runs.glob(f"*/{RECORDING_FILE}"):
        if first.parent == current:
            continue
        stats = [part.stat() for part in parts_of(first)]
        why = why_it_matters(first)
        ended_s = max(stat.st_mtime for stat in stats)
        found.append(KeptRun(first.parent, sum(stat.st_size for stat in stats), ended_s, bool(why), why))
    return found


def why_it_matters(first: Path) -> str:
    """Why a recording is kept longer, from its last file alone; empty for an ordinary run."""
    last = parts_of(first)[-1]
    return _why(last, last.stat().st_mtime_ns)


@lru_cache(maxsize=10_000)
def _why(last: Path, written_ns: int) -> str:
    """``written_ns`` tells a file from an earlier one of its name."""
    try:
        with last.open("rb") as file:
            told = {m.name: m.metadata for m in make_reader(file).iter_metadata()}
    except (OSError, McapError, ValueError):
        return "it was cut off"
    outcome = told.get(OUTCOME_NAME, {})
    counts = {name: int(outcome.get(name, "0")) for name in ("alarms", "failures")}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def remove(removal: Removal, clock: Clock) -> None:
    """Delete the files of a recording and leave a note in its folder; raises OSError."""
    folder, parts = removal.run.folder, parts_of(removal.run.folder / RECORDING_FILE)
    sizes = {part.name: part.stat().st_size for part in parts}
    note = {"removed_wall_s": clock.wall_s(), "reason": removal.reason, "files": sizes}
    (folder / NOTE_FILE).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
    for part in reversed(parts):
        part.unlink()


class Keeper:
    """Tidies in a thread of its own, so that nothing waits for a slow disk."""

    def __init__(self, runs: Path, rules: KeepRules, clock: Clock) -> None:
        self._runs, self._rules, self._clock = runs, rules, clock
        self._thread: threading.Thread | None = None

    def due(self, current: Path | None = None) -> tuple[Removal, ...]:
        """What would be removed now."""
        return removals(kept_runs(self._runs, current), self._rules, self._clock.wall_s())

    def tidy(self, current: Path | None = None) -> list[Removal]:
        """Remove what is due; what was removed. One that cannot be removed leaves the others."""
        done = []
        for removal in self.due(current):
            try:
                remove(removal, self._clock)
            except OSError as error:
                structlog.get_logger().warning("recording.not_removed", run=removal.run.folder.name, error=str(error))
            else:
                done.append(removal)
        return done

    def tidy_soon(self, current: Path | None = None) -> None:
        """The same in the background, unless it is under way."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self.tidy, args=(current,), name="keeper", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Wait until what is under way is done."""
        if self._thread is not None:
            self._thread.join()
