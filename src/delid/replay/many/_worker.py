"""Judges one recording after the other; models are loaded once, and only if something must be inferred."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from delid.config import Cell
from delid.core import Clock, DelidError, RecordingError, SystemClock
from delid.journal import read_recording, recorded_at_s
from delid.replay import (
    CachedEyes,
    Eyes,
    Prepared,
    Verdict,
    judge_by_itself,
    judge_file,
    judge_what_if,
    open_eyes,
    recorded_cell,
    update_file,
    vision_digest,
    with_recipes,
    with_recorded_settings,
)

from ._scores import FrameScore, NotingEyes
from ._setup import Setup
from ._sources import Source, local_copy, stamp_of


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one recording: a verdict, or the error for which it is set aside.

    Attributes:
        stamp: of the file that was read, see ``stamp_of``.
        at_s: wall time at which it was recorded, seconds since 1970; None where that is not known.
        models: ``sha256:...`` by use.
        took_s: how long it took.
        cached: inspections that came from the cache, ``inferred``: those that did not.
        attempts: how often it was begun.
    """

    source: Source
    verdict: Verdict | None = None
    error: DelidError | None = None
    stamp: str = ""
    at_s: float | None = None
    models: tuple[tuple[str, str], ...] = ()
    scores: tuple[FrameScore, ...] = ()
    took_s: float = 0.0
    cached: int = 0
    inferred: int = 0
    attempts: int = 1


class Worker:
    """Judges recordings with one setup, in one thread."""

    def __init__(self, setup: Setup, clock: Clock | None = None) -> None:
        self._setup, self._clock = setup, clock or SystemClock()
        self._last: dict[str, tuple[str, Eyes]] = {}
        """Side of a comparison to the digest of what its eyes hang on, and the eyes."""

    def judge(self, source: Source) -> Judged:
        """The verdict, or the error; raises what is a fault of delid itself."""
        start_s = self._clock.now_s()
        stamp = ""
        try:
            stamp = stamp_of(source, self._setup.reference)
            with local_copy(source, self._setup.max_bytes) as path:
                return self._judge(source, path, stamp, start_s)
        except DelidError as error:
            return Judged(source, error=error, stamp=stamp, took_s=self._clock.now_s() - start_s)
        except MemoryError as error:
            self._last.clear()
            full = RecordingError(
                f"{source.url} does not fit into the memory.",
                hint="Cut it, or replay it alone on a machine with more memory.",
                code="recording.too_large",
            )
            full.__cause__ = error
            return Judged(source, error=full, stamp=stamp, took_s=self._clock.now_s() - start_s)

    def _judge(self, source: Source, path: Path, stamp: str, start_s: float) -> Judged:
        cell = self._cell_for(path, self._setup.cell)
        eyes = self._eyes_for("now", cell)
        before = (eyes.use.hits, eyes.use.misses) if isinstance(eyes, CachedEyes) else (0, 0)
        if isinstance(eyes, CachedEyes):
            eyes.forget_recording()
        noting = NotingEyes(eyes)
        verdict = self._verdict(path, cell, noting)
        after = (eyes.use.hits, eyes.use.misses) if isinstance(eyes, CachedEyes) else (0, 0)
        return Judged(
            source=source,
            verdict=verdict,
            stamp=stamp,
            at_s=recorded_at_s(path),
            models=tuple(sorted(eyes.models.items())),
            scores=noting.scores(),
            took_s=self._clock.now_s() - start_s,
            cached=after[0] - before[0],
            inferred=after[1] - before[1],
        )

    def _verdict(self, path: Path, cell: Cell, eyes: Eyes) -> Verdict:
        setup = self._setup
        if setup.reference is not None and setup.reason is not None:
            return update_file(path, setup.reference, cell, eyes, setup.reason, mode=setup.mode)
        if setup.reference is not None:
            return judge_file(path, setup.reference, cell, eyes, mode=setup.mode, pictures=setup.pictures)
        if setup.plain is None:
            return judge_by_itself(path, cell, eyes, pictures=setup.pictures)
        plain = self._cell_for(path, setup.plain)
        before = Prepared(plain, self._eyes_for("before", plain))
        return judge_what_if(path, Prepared(cell, eyes), before, mode=setup.mode, pictures=setup.pictures)

    def _cell_for(self, path: Path, cell: Cell) -> Cell:
        setup = self._setup
        if not setup.recorded_config:
            return cell
        found = recorded_cell(read_recording(path), cell)
        if cell is setup.plain:
            return found
        return with_recorded_settings(with_recipes(found, setup.recipes), setup.settings)

    def _eyes_for(self, side: str, cell: Cell) -> Eyes:
        """The eyes of the last recording if nothing that matters to them is different, else new ones."""
        setup = self._setup
        known, last = self._last.get(side, ("", None))
        given = cell is setup.cell or cell is setup.plain
        digest = known if known and given else vision_digest(cell)
        if last is None or digest != known:
            last = open_eyes(cell, setup.cache, decisions_only=setup.decisions_only, digest=digest)
            self._last[side] = digest, last
        return last
