"""Which recordings are removed, by age and space. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class KeptRun:
    """The recording of one run, all its files together.

    Attributes:
        ended_s: when its last file was written last, seconds since 1970 UTC.
        matters: it has an alarm or a failure, or it was cut off.
        why: what makes it matter, for people.
    """

    folder: Path
    size_bytes: int
    ended_s: float
    matters: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class KeepRules:
    """See the cell file's ``recordings``."""

    keep_s: float = 30 * DAY_S
    keep_failures_s: float = 365 * DAY_S
    keep_bytes: float = 50e9


@dataclass(frozen=True, slots=True)
class Removal:
    """One recording that goes, and why."""

    run: KeptRun
    reason: str


def removals(runs: Sequence[KeptRun], rules: KeepRules, now_s: float) -> tuple[Removal, ...]:
    """What goes: first what is too old, then the oldest until the rest has room, ordinary runs before the others."""
    found = []
    left = []
    for run in sorted(runs, key=lambda r: (r.ended_s, r.folder.name)):
        limit_s = rules.keep_failures_s if run.matters else rules.keep_s
        if now_s - run.ended_s > limit_s:
            found.append(Removal(run, f"older than {limit_s / DAY_S:g} days"))
        else:
            left.append(run)
    over = sum(run.size_bytes for run in left) - rules.keep_bytes
    for run in sorted(left, key=lambda r: r.matters):
        if over <= 0:
            break
        found.append(Removal(run, f"more than {rules.keep_bytes / 1e9:g} GB of recordings"))
        over -= run.size_bytes
    return tuple(found)
