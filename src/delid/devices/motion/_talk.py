"""The talk with one controller: what is known of it, what runs, and waiting with a deadline. Knows no dialect.

Coroutines wait for what incoming data changes. Time passes in ``tick``, so that a deadline never needs a timer of its
own.
"""

from __future__ import annotations

import asyncio
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import structlog

from delid.core import Clock, MotionState, Wire

from ._view import View

STALE_S = 1.0
"""Without a status report for so long, the link is down."""

V = TypeVar("V", bound=View)


class Failed(Exception):
    """Inside the drivers only: what was asked for ended without success."""

    def __init__(self, failure: str, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail


@dataclass(slots=True)
class Job:
    """One thing asked of the controller. The deadline of a move stands still while the machine is held."""

    id: str
    end_s: float
    moves: bool = False
    homes: bool = False
    failure: str = ""
    detail: str = ""

    def fail(self, failure: str, detail: str) -> None:
        """The first reason is the one that counts."""
        if not self.failure:
            self.failure, self.detail = failure, detail


class Talk(ABC, Generic[V]):
    """State of the talk; ``on_change`` is called after every change of the view, ``on_wire`` with bytes of effects.

    ``asked`` is true while a status report was asked for and has not come; ``report_s`` and ``heard_s`` are the times
    of the last report and of the last sign of life.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        view: V,
        on_change: Callable[[View], None],
        on_wire: Callable[[Wire], None] | None,
    ) -> None:
        self.name = name
        self.clock = clock
        self.view = view
        self.up = False
        self.job: Job | None = None
        self.stopping = 0
        self.verbs = 0
        self.report_s = -math.inf
        self.heard_s = -math.inf
        self.asked = False
        self._on_change, self._on_wire = on_change, on_wire
        self._waiters: list[asyncio.Future[None]] = []
        self._log = structlog.get_logger().bind(device=name)

    # --- what a dialect adds -------------------------------------------------------------------------------------

    @property
    def silent_by_nature(self) -> bool:
        """The controller gives no status reports now, and that is no fault."""
        return False

    @property
    def late_answer(self) -> bool:
        """An answer is owed that nobody waits for any more; the next one might be taken for it."""
        return False

    @abstractmethod
    def poll(self) -> None:
        """Ask for a status report, and note in ``asked`` that it was asked for."""

    # --- what is known -------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        return self.job is not None or self.verbs > 0 or not self.view.standing

    def change(self, view: V) -> None:
        self.view = view
        self._on_change(view)

    def reported(self) -> None:
        """A status report has come."""
        self.report_s, self.asked = self.clock.now_s(), False
        self.alive()

    def alive(self) -> None:
        """The controller has given a sign of life, be it the answer that ends a natural silence."""
        self.heard_s = self.clock.now_s()

    def distrust(self) -> None:
        """Steps may have been lost."""
        if self.view.position_trusted:
            self.change(replace(self.view, position_trusted=False))

    def end(self, failure: str, detail: str) -> None:
        """The link is down: the position is no longer trusted and whatever runs has failed."""
        self.up, self.asked = False, False
        self.change(replace(self.view, state=MotionState.UNKNOWN, standing=False, position_trusted=False))
        if self.job:
            self.job.fail(failure, detail)
        self.notify()

    def tick(self, passed_s: float) -> None:
        """Time has passed: deadlines are looked at."""
        if self.job and self.view.state is MotionState.HELD:
            self.job.end_s += passed_s
        self.notify()

    def trace(self, data: bytes, effect_id: str, out: bool = True) -> None:
        if self._on_wire:
            self._on_wire(Wire(self.clock.now_s(), self.name, out, data, effect_id))

    # --- waiting -------------------------------------------------------------------------------------------------

    async def wait(self, reached: Callable[[], bool], job: Job, what: str) -> None:
        """Return when ``reached``; raises Failed when the job has failed, the link is down or its time is over."""
        while True:
            if job.failure:
                raise Failed(job.failure, job.detail)
            if not self.up:
                raise Failed("link", "the link to the motion controller is down")
            if reached():
                return
            if self.clock.now_s() >= job.end_s:
                raise Failed("timeout", f"{what} did not come in time")
            await self._changed()

    async def fresh(self, reached: Callable[[V], bool], job: Job, what: str) -> V:
        """A view that is ``reached`` in a status report asked for after this call."""
        if self.asked:  # that report may have been made before the effect it shall confirm
            before = self.view.reports
            self.poll()
            await self.wait(lambda: self.view.reports > before, job, what)
        seen = self.view.reports
        self.poll()
        await self.wait(lambda: self.view.reports > seen and reached(self.view), job, what)
        return self.view

    def notify(self) -> None:
        """Let everybody who waits look again."""
        waiters, self._waiters = self._waiters, []
        for future in waiters:
            if not future.done():
                future.set_result(None)

    async def _changed(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(future)
        await future


def confirm_target(view: View, to_mm: tuple[float, float, float], tolerance_mm: float) -> None:
    """Raises Failed ``not_reached`` when the reported pose is farther than ``tolerance_mm`` from ``to_mm``."""
    assert view.pose_mm is not None
    off_mm = math.dist(view.pose_mm, to_mm)
    if off_mm > tolerance_mm:
        raise Failed("not_reached", f"stands {off_mm:.3f} mm from the target; the tolerance is {tolerance_mm:g} mm")
