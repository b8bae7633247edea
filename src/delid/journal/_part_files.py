"""The files of one recording, one after the other; each begins with the header and can be read alone."""

from __future__ import annotations

import dataclasses
import errno
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from delid.core import Record, to_plain

from ._mcap_in import part_path
from ._mcap_out import McapOut, create, write_header
from ._recording import LOSSES_NAME, OUTCOME_NAME, Losses, RecordingHeader


def free_bytes_at(folder: Path) -> int:
    """Free space on the disk of ``folder``."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class PartLimits:
    """When the next file begins, and how much of the disk is left to others, the journal above all."""

    part_bytes: int = 256 * 1024 * 1024
    part_s: float = 6 * 3600.0
    min_free_bytes: int = 0


@dataclass(slots=True)
class Tally:
    """What the run came to so far; says later how long its recording is kept."""

    outcome: str = ""
    alarms: int = 0
    failures: int = 0

    def count(self, record: Record) -> None:
        self.alarms += record.kind in ("alarm", "thermal_event")
        self.failures += record.kind == "failure"
        if record.kind == "end":
            self.outcome = str(record.data.get("outcome", ""))


class PartFiles:
    """Opens, turns over and closes the files; the first is there when this is made, its header after ``begin``.

    Not safe for several threads; raises OSError, and RecordingError where a file cannot be made.
    """

    def __init__(
        self,
        path: Path,
        header: RecordingHeader,
        limits: PartLimits,
        log_ns: int,
        free_bytes: Callable[[Path], int] | None = None,
    ) -> None:
        self._first, self._header, self._limits, self._free_bytes = path, header, limits, free_bytes or free_bytes_at
        self._closed_bytes = 0
        self.tally = Tally()
        self.number = 1
        self._began_ns = log_ns
        self.out = self._create()

    @property
    def size(self) -> int:
        """Bytes of all files so far."""
        return self._closed_bytes + self.out.size

    def path(self, number: int) -> Path:
        """Where a file lies."""
        return part_path(self._first, number)

    def begin(self, log_ns: int) -> None:
        """Write the header of this file."""
        self._began_ns = log_ns
        write_header(self.out, dataclasses.replace(self._header, part=self.number), log_ns)

    def turn(self, log_ns: int, losses: Losses) -> None:
        """Go on in the next file if this one is large or old enough; called where no frame is half written."""
        grown = self.out.size >= self._limits.part_bytes
        if not grown and log_ns - self._began_ns < self._limits.part_s * 1e9:
            return
        self.finish(losses)
        self._closed_bytes += self.path(self.number).stat().st_size
        self.number += 1
        self.out = self._create()
        self.begin(log_ns)

    def must_have_room(self) -> None:
        """Raise OSError (ENOSPC) where the disk holds no more than what is left to others."""
        least = self._limits.min_free_bytes
        if least and self._free_bytes(self._first.parent) < least:
            raise OSError(errno.ENOSPC, f"less than {least / 1e9:.1f} GB are free; they are left to the journal")

    def finish(self, losses: Losses) -> None:
        """Write what is missing so far, what the run came to, the index, and close."""
        if losses != Losses():
            self.out.metadata(LOSSES_NAME, {k: str(v) for k, v in to_plain(losses).items()})
        self.out.metadata(OUTCOME_NAME, {k: str(v) for k, v in dataclasses.asdict(self.tally).items()})
        self.out.finish()

    def _create(self) -> McapOut:
        return McapOut(create(self.path(self.number)), f"delid {self._header.delid}".strip())
