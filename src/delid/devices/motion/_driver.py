"""What every motion driver does alike: refusals before anything is sent, results, and news of link and state."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Generic, TypeVar

import structlog

from delid.config import MotionLimits, motion_capabilities
from delid.core import (
    Axis,
    Clock,
    Finished,
    LinkChanged,
    MotionCapabilities,
    MotionReported,
    MotionState,
    MotionVerb,
    PoseMm,
    Scalar,
)

from ._grip import Grip
from ._talk import Failed, Job, Talk
from ._view import View

T = TypeVar("T", bound=Talk[Any])
Script = Callable[[T, Job], Awaitable[None]]


class Driver(ABC, Generic[T]):
    """Base of the drivers; a dialect adds ``run``, its scripts, and how to halt a motion that nobody watches.

    ``move`` and ``do`` return ``Finished`` and raise nothing but cancellation.
    """

    kind: str
    scripts: Mapping[MotionVerb, Script[T]]
    line_verbs: frozenset[MotionVerb] = frozenset()
    """Verbs that take the place of the one thing under way; the others go past it."""

    def __init__(
        self,
        talk: T,
        limits: MotionLimits,
        *,
        tolerance_mm: float,
        on_link: Callable[[LinkChanged], None],
        on_report: Callable[[MotionReported], None],
        capabilities: MotionCapabilities | None = None,
    ) -> None:
        self.talk, self.limits, self.tolerance_mm = talk, limits, tolerance_mm
        self.clock: Clock = talk.clock
        self.name: str = talk.name
        self._on_link, self._on_report = on_link, on_report
        self._capabilities = capabilities or motion_capabilities(self.kind, limits)
        self._reported: MotionReported | None = None
        self._told: tuple[bool, str] | None = None
        self._grip: Grip | None = None
        self._let_go: deque[str] = deque(maxlen=8)
        self._log = structlog.get_logger().bind(device=self.name)

    # --- what a dialect adds -------------------------------------------------------------------------------------

    @abstractmethod
    async def run(self) -> None:
        """The one owner task; until cancelled."""

    @abstractmethod
    async def perform_move(self, job: Job, to_mm: PoseMm, feed_mm_s: float) -> None:
        """A straight move; raises Failed."""

    async def perform_jog(self, job: Job, grip: Grip, axis: Axis, to_mm: float, feed_mm_s: float) -> None:
        """Creep while the grip holds; raises Failed. Only for a dialect whose capabilities say that it jogs."""
        raise AssertionError("this dialect does not jog")

    def let_go(self, id: str) -> None:
        """End the jog now, ahead of everything."""

    @abstractmethod
    def halt_unwatched(self, id: str) -> None:
        """Nobody waits for the motion any more: end it."""

    def more_refusals(self) -> str:
        """Why a motion may not begin now, beyond what holds for every driver."""
        return ""

    # --- what the engine asks ------------------------------------------------------------------------------------

    @property
    def capabilities(self) -> MotionCapabilities:
        return self._capabilities

    async def move(self, id: str, to_mm: PoseMm, feed_mm_s: float, deadline_s: float) -> Finished:
        """Straight move of the flange; done when the controller stands within tolerance.

        ``deadline_s`` counts from now and stands still while the machine is held. Failures: ``refused`` (nothing was
        sent), ``not_reached``, ``error``, ``alarm``, ``reset``, ``door``, ``stopped``, ``link``, ``timeout``.
        """
        reason = self.motion_refusal() or self._target_refusal(to_mm, feed_mm_s)
        return await self.motion(id, deadline_s, reason, lambda job: self.perform_move(job, to_mm, feed_mm_s))

    async def jog(
        self, id: str, axis: Axis, to_mm: float, feed_mm_s: float, hold_s: float, deadline_s: float
    ) -> Finished:
        """Creep along one axis while somebody holds on; see MotionDriver. Failures as of ``move``."""
        grip = Grip(id, hold_s, self.clock.now_s())
        if id in self._let_go:  # before it began
            return Finished(self.clock.now_s(), id, True, detail="let go")
        reason = "" if self.capabilities.jog else "this controller cannot be jogged"

        async def perform(job: Job) -> None:
            self._grip = grip
            try:
                await self.perform_jog(job, grip, axis, to_mm, feed_mm_s)
            finally:
                self._grip = None

        reason = reason or self.motion_refusal() or self._jog_refusal(axis, to_mm, feed_mm_s)
        done = await self.motion(id, deadline_s, reason, perform)
        return replace(done, detail=done.detail or grip.why)

    def hold_jog(self, jog: str, held_at_s: float | None) -> None:
        """Go on with a jog, or let go."""
        if held_at_s is None:
            self._let_go.append(jog)
        if self._grip is None or self._grip.id != jog:
            return
        self._grip.signal(held_at_s)
        if self._grip.why:
            self.let_go(jog)
        self.talk.notify()

    async def program(self, id: str, name: str, params: Mapping[str, float], deadline_s: float) -> Finished:
        """Run a stored program; refused by controllers that have none."""
        return self._finished(self._job(id, deadline_s), Failed("refused", "this controller runs no stored programs"))

    async def do(self, id: str, verb: MotionVerb, deadline_s: float) -> Finished:
        """Perform a verb; those outside ``line_verbs`` go past what is under way. ``deadline_s`` counts from now."""
        job, talk = self._job(id, deadline_s), self.talk
        uses_line = verb in self.line_verbs
        reason = self._line_refusal(resets=verb is MotionVerb.CLEAR_FAULT) if uses_line else ""
        if verb in (MotionVerb.HOLD, MotionVerb.RESUME) and not self.capabilities.hold:
            reason = "this controller cannot hold a motion; stop it instead"
        if reason:
            return self._finished(job, Failed("refused", reason))
        if verb in (MotionVerb.HOLD, MotionVerb.STOP) and self._grip is not None:
            self._grip.signal(None)
        if uses_line:
            talk.job = job
        talk.verbs += 1
        try:
            await self.scripts[verb](talk, job)
        except Failed as failed:
            return self._finished(job, failed)
        except asyncio.CancelledError:
            if job.homes:
                self.halt_unwatched(id)
            raise
        finally:
            talk.verbs -= 1
            if uses_line:
                talk.job = None
        return self._finished(job, None)

    async def motion(
        self, id: str, deadline_s: float, reason: str, perform: Callable[[Job], Awaitable[None]]
    ) -> Finished:
        """One motion from its refusal or start to its end; a motion whose wait is cancelled is ended."""
        job = self._job(id, deadline_s)
        job.moves = True
        if reason:
            return self._finished(job, Failed("refused", reason))
        self.talk.job = job
        try:
            await perform(job)
        except Failed as failed:
            return self._finished(job, failed)
        except asyncio.CancelledError:
            self.halt_unwatched(id)
            raise
        finally:
            self.talk.job = None
        return self._finished(job, None)

    def status_age_s(self) -> float:
        """Seconds since the last status report; infinite before the first."""
        return self.clock.now_s() - self.talk.report_s

    # --- refusals ------------------------------------------------------------------------------------------------

    def motion_refusal(self) -> str:
        view = self.talk.view
        if reason := self._line_refusal():
            return reason
        if not view.position_trusted:
            return "the position is not trusted; home the machine first"
        if view.state is not MotionState.IDLE:
            return f"the controller is {view.state.value}, not idle"
        return self.more_refusals()

    def _target_refusal(self, to_mm: PoseMm, feed_mm_s: float) -> str:
        for axis, value in zip("xyz", to_mm, strict=True):
            if reason := self._axis_refusal(axis, value):
                return reason
        return self._feed_refusal(feed_mm_s)

    def _jog_refusal(self, axis: Axis, to_mm: float, feed_mm_s: float) -> str:
        return self._axis_refusal(axis, to_mm) or self._feed_refusal(feed_mm_s)

    def _axis_refusal(self, axis: str, value: float) -> str:
        low, high = self.capabilities.axes_mm[axis]
        if low <= value <= high:  # also false for a number that is none
            return ""
        return f"{axis} = {value:g} mm lies outside the limits {low:g}..{high:g} mm"

    def _feed_refusal(self, feed_mm_s: float) -> str:
        if not 0 < feed_mm_s <= self.limits.feed_mm_s:
            return f"feed {feed_mm_s:g} mm/s lies outside 0..{self.limits.feed_mm_s:g} mm/s"
        return ""

    def _line_refusal(self, resets: bool = False) -> str:
        talk = self.talk
        if not talk.up:
            return "the link to the motion controller is down"
        if talk.job is not None:
            return f"the controller is busy with {talk.job.id}"
        if talk.stopping:
            return "a stop is under way"
        if talk.late_answer and not resets:
            return "the controller still owes an answer to an earlier line; stop it to start afresh"
        return ""

    # --- news ----------------------------------------------------------------------------------------------------

    def link_down(self, detail: str) -> None:
        self.tell_link(False, detail)  # first: the lost position and the failed move are its consequences
        self.talk.end("link", detail)

    def tell_link(self, up: bool, detail: str, ack_seq: int | None = None) -> None:
        """Link news go out once, and are logged once when lost and once when back."""
        if self._told is not None and self._told[0] == up:
            return
        self._told = (up, detail)
        (self._log.info if up else self._log.warning)("link.up" if up else "link.down", detail=detail)
        self._on_link(LinkChanged(self.clock.now_s(), self.name, up, detail, ack_seq))

    def view_changed(self, view: View) -> None:
        report = MotionReported(self.clock.now_s(), view.state, view.pose_mm, view.position_trusted, view.fault)
        if self._reported is None or replace(report, at_s=self._reported.at_s) != self._reported:
            self._reported = report
            self._on_report(report)

    def _job(self, id: str, deadline_s: float) -> Job:
        return Job(id, self.clock.now_s() + deadline_s)

    def _finished(self, job: Job, failed: Failed | None) -> Finished:
        """The result with the last known pose; a motion cut short names where it ended."""
        view = self.talk.view
        values: dict[str, Scalar] = {"state": view.state.value, "position_trusted": view.position_trusted}
        if view.pose_mm is not None:
            values |= dict(zip(("x_mm", "y_mm", "z_mm"), view.pose_mm, strict=True))
        if failed is None:
            return Finished(self.clock.now_s(), job.id, True, values=values)
        detail = failed.detail
        if job.moves and failed.failure != "refused" and view.pose_mm is not None:
            detail += f"; the move was cut short, last seen at {', '.join(f'{v:.3f}' for v in view.pose_mm)} mm"
        return Finished(self.clock.now_s(), job.id, False, failed.failure, detail, values)
