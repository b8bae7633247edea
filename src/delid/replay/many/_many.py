"""A mass replay from end to end: what is left to do, who does it, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from delid.core import RecordingError, UsageError

from ._dask import DaskPool
from ._pool import ProcessPool
from ._results import Done, ResultLog, read_done
from ._setup import Setup
from ._sources import Source, stamp_of
from ._worker import Judged


@dataclass(slots=True)
class Tally:
    """Counts so far. ``before``: those that an earlier replay had done already."""

    total: int
    before: int = 0
    equal: int = 0
    differ: int = 0
    aside: list[str] = field(default_factory=list)
    """Sources that have no verdict."""

    @property
    def done(self) -> int:
        return self.equal + self.differ + len(self.aside)

    def count(self, judged: Judged) -> None:
        if judged.verdict is None:
            self.aside.append(judged.source.url)
        elif judged.verdict.equal or judged.verdict.updated:
            self.equal += 1
        else:
            self.differ += 1


@dataclass(frozen=True, slots=True)
class ManyOptions:
    """``dask`` is the address of a scheduler and goes before ``jobs``; ``resume`` needs ``results``."""

    jobs: int = 1
    dask: str | None = None
    results: Path | None = None
    resume: bool = False


class ManyReplays:
    """Replays ``sources``; iterating gives the results in their order, and ``tally`` counts as they come in.

    Whatever ends it, each result that was there is in the log.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        setup: Setup,
        options: ManyOptions,
        on_done: Callable[[Judged], None] = lambda _: None,
    ) -> None:
        if options.resume and options.results is None:
            raise UsageError("--resume needs --results FILE.", hint="Name the file that the first replay wrote.")
        self._setup, self._options, self._on_done = setup, options, on_done
        self.tally = Tally(len(sources))
        self._log: ResultLog | None = None
        self._todo = list(sources)
        if options.results is not None:
            digest = setup.digest()
            if options.resume:
                self._leave_out(read_done(options.results, digest))
            self._log = ResultLog(options.results, digest, resume=options.resume)

    def __iter__(self) -> Iterator[Judged]:
        options = self._options
        pool: DaskPool | ProcessPool
        if options.dask is not None:
            pool = DaskPool(self._setup, options.dask, on_done=self._done)
        else:
            pool = ProcessPool(self._setup, min(options.jobs, max(1, len(self._todo))), on_done=self._done)
        results = pool.run(self._todo)
        try:
            yield from results
        finally:
            results.close()
            if self._log is not None:
                self._log.close()

    def _done(self, judged: Judged) -> None:
        if self._log is not None:
            self._log.add(judged)
        self.tally.count(judged)
        self._on_done(judged)

    def _leave_out(self, done: dict[str, Done]) -> None:
        """Recordings that have not changed since they were judged are not judged again, but they count."""
        left = []
        for source in self._todo:
            known = done.get(source.url)
            if known is None or not _unchanged(source, self._setup, known.stamp):
                left.append(source)
                continue
            self.tally.before += 1
            self.tally.equal += known.equal
            self.tally.differ += not known.equal
        self._todo = left


def _unchanged(source: Source, setup: Setup, stamp: str) -> bool:
    try:
        return stamp_of(source, setup.reference) == stamp
    except RecordingError:
        return False
