"""A draft on its way into use: put where the cell reads it, and taken back unless it is released, whatever happens.

What stood there before is written beside the drafts first. So a panel that dies in the middle of a release finds it at
its next start.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Swap:
    """One recipe file: its text in use and the draft. ``before`` is None for a file that is new."""

    file: str
    path: str
    before: str | None
    draft: str


class Releasing:
    """The swap under way, at most one, in the file ``note``."""

    def __init__(self, note: Path) -> None:
        self._note = note

    def begin(self, swap: Swap) -> None:
        """Put the draft into use."""
        self._note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(self._note, json.dumps(asdict(swap)))
        write_whole(Path(swap.path), swap.draft)

    def left(self) -> Swap | None:
        """What an earlier panel process has begun and not ended."""
        try:
            return Swap(**json.loads(self._note.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def end(self, swap: Swap, *, released: bool) -> None:
        """Keep the draft in use, or put back what was there."""
        path = Path(swap.path)
        if not released and swap.before is None:
            path.unlink(missing_ok=True)
        elif not released:
            write_whole(path, swap.before or "")
        self._note.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """All of the text or nothing of it, with the ends of lines that it has."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
