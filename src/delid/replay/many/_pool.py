"""Recordings judged by several processes of this machine, given out in order; a process that dies is replaced."""

from __future__ import annotations

import dataclasses
import multiprocessing
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from multiprocessing.connection import wait

from delid.core import Clock, SystemClock

from ._child import Child
from ._order import AHEAD, InOrder
from ._poison import poisoned, words_of
from ._setup import Setup
from ._sources import Source
from ._worker import Judged, Worker

ATTEMPTS = 2
"""A recording whose workers die this often is set aside."""
DEADLINE_S = 3600.0
"""A recording that takes longer has hung its worker."""
Job = tuple[int, Source, int]


class ProcessPool:
    """``jobs`` processes. ``on_done`` is told of each result at once; ``run`` gives them in the order of the sources.

    Args:
        worker: what judges in each process.
        deadline_s: after it a worker that has not answered is ended.
    """

    def __init__(
        self,
        setup: Setup,
        jobs: int,
        *,
        on_done: Callable[[Judged], None] | None = None,
        worker: type[Worker] = Worker,
        deadline_s: float = DEADLINE_S,
        clock: Clock | None = None,
    ) -> None:
        self._setup, self._jobs, self._deadline_s = setup, max(1, jobs), deadline_s
        self._on_done, self._worker = on_done or (lambda _: None), worker
        self._clock = clock or SystemClock()
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([Child.__module__])
        self._children: list[Child] = []
        self._again: deque[Job] = deque()
        self._order, self._begun = InOrder(), 0

    def run(self, sources: Iterable[Source]) -> Generator[Judged, None, None]:
        """Judge every source. Closing the iterator, or an exception such as Ctrl-C, ends the processes."""
        todo = enumerate(sources)
        try:
            while self._hand_out(todo):
                self._collect()
                yield from self._order.take()
            yield from self._order.take()
        finally:
            for child in self._children:
                child.end()
            self._children.clear()

    def _hand_out(self, todo: Iterator[tuple[int, Source]]) -> bool:
        """Give every idle worker something to do; False when nothing is left to wait for."""
        while sum(child.job is not None for child in self._children) < self._jobs:
            job = self._next(todo)
            if job is None:
                break
            idle = next((child for child in self._children if child.job is None), None) or self._start()
            if not idle.begin(job, self._clock.now_s() + self._deadline_s):
                self._drop(idle)
                self._again.appendleft(job)
        return any(child.job for child in self._children)

    def _next(self, todo: Iterator[tuple[int, Source]]) -> Job | None:
        if self._again:
            return self._again.popleft()
        if self._begun - self._order.next >= AHEAD * self._jobs:
            return None  # the oldest is slow: what lies behind it would pile up
        number, source = next(todo, (0, None))
        if source is None:
            return None
        self._begun = number + 1
        return number, source, 1

    def _start(self) -> Child:
        child = Child(self._context, self._setup, self._worker)
        self._children.append(child)
        return child

    def _drop(self, child: Child) -> int | None:
        self._children.remove(child)
        return child.end()

    def _collect(self) -> None:
        """Wait for the next answer, death or deadline."""
        busy = {child.pipe: child for child in self._children if child.job}
        left_s = min(child.deadline_s for child in busy.values()) - self._clock.now_s()
        for ready in wait(list(busy), max(0.0, left_s)):
            self._take(busy[ready])  # type: ignore[index]
        for child in busy.values():
            if child.job and child.deadline_s <= self._clock.now_s():
                self._lost(child)

    def _take(self, child: Child) -> None:
        job = child.job
        assert job is not None
        answer = child.answer()
        if answer is None:
            self._lost(child)
            return
        judged, ends = answer
        if ends:
            self._drop(child)
        self._done(job, judged)

    def _lost(self, child: Child) -> None:
        """The worker died, or hangs: its recording is tried again, or set aside."""
        job, child.job = child.job, None
        assert job is not None
        number, source, attempt = job
        why = words_of(self._drop(child))
        if attempt < ATTEMPTS:
            self._again.append((number, source, attempt + 1))
        else:
            self._done(job, poisoned(source, why, attempt))

    def _done(self, job: Job, judged: Judged) -> None:
        judged = dataclasses.replace(judged, attempts=job[2])
        self._on_done(judged)
        self._order.put(job[0], judged)
