"""Turns on their way to the disk. What makes the cell safe goes ahead of them; everything else acts once it is durable.

The reducer goes on deciding while a turn is being written, so that a disk that hangs delays no stop, no hold and no
quench. What is still waiting when a stop or a hold goes ahead is refused, never sent after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from delid.core import (
    UNAWAITED,
    CancelCommand,
    Clock,
    DoMotion,
    Effect,
    Event,
    Finished,
    HoldJog,
    Jog,
    MotionVerb,
    Move,
    RunCommand,
    State,
)

from ._after_halt import THERMAL_COMMANDS
from ._state import EngineState
from ._turnlog import TurnLog

UNWRITTEN = "the journal could not be written ahead of it"
OVERTAKEN = "it was not sent: a stop or a hold went ahead of it"


def is_urgent(effect: Effect) -> bool:
    """Stops, holds, and what puts a fire out, wait for nothing."""
    if isinstance(effect, RunCommand):
        return effect.name in THERMAL_COMMANDS
    if isinstance(effect, HoldJog):
        return effect.held_at_s is None
    if isinstance(effect, DoMotion):
        return effect.verb in (MotionVerb.STOP, MotionVerb.HOLD)
    return isinstance(effect, CancelCommand)


def overtakes(urgent: Effect, waiting: Effect) -> bool:
    """True where an effect that still waits must not be sent any more after an urgent one."""
    if isinstance(urgent, DoMotion):
        return isinstance(waiting, (Move, Jog, DoMotion))
    if isinstance(urgent, CancelCommand):
        return isinstance(waiting, RunCommand)
    return isinstance(urgent, HoldJog) and isinstance(waiting, Jog) and waiting.id == urgent.jog


@dataclass(slots=True)
class Due:
    """A turn that is to be written: what it still has to perform, and the states before and after it."""

    event: Event
    effects: tuple[Effect, ...]
    before: State
    state: EngineState
    waiting: list[Effect]


class Ahead:
    """Writes turns in their order, each ahead of its effects. ``done`` is called when a turn is over."""

    def __init__(
        self,
        turns: TurnLog,
        clock: Clock,
        perform: Callable[[Effect], None],
        post: Callable[[Event], None],
        done: Callable[[Due], None],
    ) -> None:
        self._turns, self._clock, self._perform, self._post, self._done = turns, clock, perform, post, done
        self._due: asyncio.Queue[Due] = asyncio.Queue()
        self._all: list[Due] = []
        self.since_s: float | None = None
        """When the write that is under way began."""

    def add(self, due: Due) -> None:
        """Queue a turn. Its urgent effects are performed now, and what they overtake is refused."""
        for effect in due.effects:
            if is_urgent(effect):
                self._refuse_overtaken(effect)
                self._perform(effect)
        self._all.append(due)
        self._due.put_nowait(due)

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            due = await self._due.get()
            self.since_s = self._clock.now_s()
            await self._write(due)
            self.since_s = None
            self._all.remove(due)
            self._due.task_done()

    async def write(self, kind: str, data: dict[str, object]) -> None:
        """Write an entry that is no turn, while no turn is due."""
        self.since_s = self._clock.now_s()
        await self._turns.write(kind, data)
        self.since_s = None

    async def written(self) -> None:
        """Wait until every turn so far has been written and performed."""
        await self._due.join()

    async def keep_rest(self) -> None:
        """At the end: write what is left, and perform none of it."""
        while not self._due.empty():
            due = self._due.get_nowait()
            await self._turns.make_durable(due.event, due.effects, due.before, due.state)

    async def _write(self, due: Due) -> None:
        durable = await self._turns.make_durable(due.event, due.effects, due.before, due.state)
        for effect in due.waiting:
            self._perform(effect) if durable else self._refuse(effect, UNWRITTEN)
        due.waiting.clear()
        self._done(due)

    def _refuse_overtaken(self, urgent: Effect) -> None:
        for due in self._all:
            for effect in [e for e in due.waiting if overtakes(urgent, e)]:
                due.waiting.remove(effect)
                self._refuse(effect, OVERTAKEN)

    def _refuse(self, effect: Effect, why: str) -> None:
        if not isinstance(effect, UNAWAITED):
            self._post(Finished(self._clock.now_s(), effect.id, False, "journal", why))
