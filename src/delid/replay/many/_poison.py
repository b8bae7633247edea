"""What is said of a recording that its workers did not survive."""

from __future__ import annotations

import signal

from delid.core import RecordingError

from ._sources import Source
from ._worker import Judged


def poisoned(source: Source, why: str, attempts: int) -> Judged:
    """The recording is set aside; the others go on."""
    error = RecordingError(
        f"{source.url} was set aside: {attempts} workers ended while they replayed it; the last one {why}.",
        hint="Replay it alone with --jobs 1 to see why; cut it if it needs too much memory.",
        code="recording.poisoned",
    )
    return Judged(source, error=error, attempts=attempts)


def words_of(exit_code: int | None) -> str:
    """How a process ended, for people."""
    if exit_code is None:
        return "did not answer any more"
    if exit_code < 0:
        name = signal.Signals(-exit_code).name
        return f"was ended by {name}" + (", which is what a machine does that has no memory left"
                                         if -exit_code == signal.SIGKILL else "")  # fmt: skip
    return f"ended with code {exit_code}"
