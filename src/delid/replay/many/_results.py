"""The log of a mass replay: one line of JSON for each recording, written as it is done, so that nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from delid.core import RecordingError, UsageError, to_plain

from ._worker import Judged

FORMAT = 1
MAX_DIFFERENCES = 50
"""Of one recording in the log; the first are most often the cause. ``--diff`` writes all."""


@dataclass(frozen=True, slots=True)
class Done:
    """A recording that needs no second replay: the file is ``stamp``, and it was equal or not."""

    stamp: str
    equal: bool


class ResultLog:
    """Appends results to a file. ``setup`` is the digest of what they were judged with."""

    def __init__(self, path: Path, setup: str, *, resume: bool) -> None:
        if not resume and path.exists() and path.stat().st_size:
            raise UsageError(
                f"{path} holds the results of another replay.",
                hint="Go on with it by --resume, or name another file.",
            )
        self.path, self._setup = path, setup
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = path.open("a", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
        if _ends_in_a_line(path):
            return
        self._file.write("\n")  # the last line was cut when the replay before was killed

    def add(self, judged: Judged) -> None:
        """Write one result; it is in the file when this returns."""
        self._file.write(json.dumps({"setup": self._setup, **line_of(judged)}, ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def line_of(judged: Judged) -> dict[str, Any]:
    """A result as plain data."""
    common = {
        "format": FORMAT,
        "source": judged.source.url,
        "recording": judged.source.name,
        "stamp": judged.stamp,
        "took_s": round(judged.took_s, 3),
        "attempts": judged.attempts,
    }
    verdict = judged.verdict
    if verdict is None:
        return {**common, "error": judged.error.as_dict() if judged.error else None}
    return {
        **common,
        "equal": verdict.equal,
        "frames": verdict.frames,
        "steps": verdict.steps,
        "difference_count": len(verdict.differences),
        "differences": to_plain(verdict.differences[:MAX_DIFFERENCES]),
        "notes": list(verdict.notes),
        "at_s": judged.at_s,
        "models": dict(judged.models),
        "cached": judged.cached,
        "inferred": judged.inferred,
        "scores": to_plain(judged.scores),
    }


def read_done(path: Path, setup: str) -> dict[str, Done]:
    """What needs no second replay, by source: it has a verdict that was made with the same setup. Faults are left."""
    if not path.exists():
        return {}
    found: dict[str, Done] = {}
    for line in read_results(path):
        if line.get("setup") != setup or "equal" not in line:
            found.pop(line["source"], None)
        else:
            found[line["source"]] = Done(line["stamp"], bool(line["equal"]))
    return found


def read_results(path: Path) -> Iterator[Mapping[str, Any]]:
    """Every line, one at a time; a line that was cut short is left out. Raises RecordingError ``recording.results``."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, start=1):
                line = _parse(text)
                if line is None:
                    continue
                if line.get("format") != FORMAT:
                    raise _foreign(path, number)
                yield line
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"the results {path} cannot be read: {error}.", code="recording.results") from error


def latest_results(path: Path) -> Iterator[Mapping[str, Any]]:
    """The last line of each recording, in the order of the file: a resumed replay may have judged one again."""
    last = {line["source"]: number for number, line in enumerate(read_results(path))}
    for number, line in enumerate(read_results(path)):
        if last[line["source"]] == number:
            yield line


def _parse(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _foreign(path: Path, number: int) -> RecordingError:
    return RecordingError(
        f"{path}:{number} is no result of a replay, or one of another version.",
        hint="Name a file that `delid replay --results` has written.",
        code="recording.results",
    )


def _ends_in_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, 2)
        if file.tell() == 0:
            return True
        file.seek(-1, 2)
        return file.read(1) == b"\n"
