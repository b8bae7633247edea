"""The loop: take an event, let the reducer decide, make it durable, perform the effects, post their ends as events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

from delid.config import Cell
from delid.core import (
    UNAWAITED,
    AlarmShelved,
    CancelCommand,
    Clock,
    Command,
    Decide,
    Decided,
    DelidError,
    DoMotion,
    Effect,
    Event,
    Finished,
    HoldJog,
    Jog,
    JournalError,
    LinkChanged,
    Locate,
    Look,
    MotionReported,
    MotionVerb,
    Move,
    OperatorCommanded,
    Record,
    RunCommand,
    Started,
    State,
    TagsRead,
    Ticked,
    to_plain,
)
from delid.planning import decide_as_asked

from ._ahead import Ahead, Due, is_urgent
from ._eyes import Eyes, FrameObserver, stand_back
from ._ports import Ports
from ._state import EngineState, initial
from ._turnlog import TurnLog
from .reducer import step

Observer = Callable[[EngineState, Event, tuple[Effect, ...]], None]
TICK_S = 0.1
STALL_S = 2.0
"""A write that takes longer has hung; the process ends, so that the PLC misses the heartbeat and stops the cell."""


class Executor:
    """Runs one cell. ``post`` takes events from anywhere in the event loop's thread."""

    def __init__(self, cell: Cell, ports: Ports, clock: Clock, started: Callable[[float], Started]) -> None:
        self.cell, self.ports, self.clock = cell, ports, clock
        self.observers: list[Observer] = []
        self.state = self._fresh(clock.now_s())
        self._started = started
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self.companions: list[Callable[[], Coroutine[Any, Any, None]]] = []
        """Run as long as the executor does; one that ends, ends it."""
        self.vision_pool = ThreadPoolExecutor(1, thread_name_prefix="vision", initializer=stand_back)
        """One thread for everything that computes long; it stands back before the event loop."""
        self._eyes = Eyes(cell, ports, clock, self.vision_pool)
        self._known: dict[str, Event] = {}
        self._runs = 0
        self._turns = TurnLog(cell, ports.log, clock, self.post)
        self._ahead = Ahead(self._turns, clock, self._perform, self.post, self._turned)

    @property
    def frame_observers(self) -> list[FrameObserver]:
        """Called with each frame that people may see."""
        return self._eyes.observers

    def post(self, event: Event) -> None:
        """Queue an event; it is taken in the order of posting."""
        self._events.put_nowait(event)

    async def run(self) -> None:
        """Run until cancelled. Whatever goes wrong here, the robot is told to stop before the error goes on."""
        running = (self.ports.plc.run(), self.ports.motion.run(), self._tick(), self._loop(), self._ahead.run())
        parts = [asyncio.create_task(part) for part in (*running, *(begin() for begin in self.companions))]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._last_stop()  # the drivers still run, so that the robot hears it
            for task in (*parts, *self._tasks):
                task.cancel()
            ended = await asyncio.gather(*parts, return_exceptions=True)
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._close()
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def _loop(self) -> None:
        await self._take(self._started(self.clock.now_s()))
        while True:
            await self._take(await self._events.get())

    async def _tick(self) -> None:
        while True:
            await self.clock.sleep(TICK_S)
            now_s = self.clock.now_s()
            if self._ahead.since_s is not None and now_s - self._ahead.since_s > STALL_S:
                raise JournalError(
                    f"the engine has stalled for {STALL_S:g} s; the journal does not answer.",
                    hint="Look at the disk that holds the runs, then start the cell again.",
                    code="journal.stalled",
                )
            self.post(Ticked(now_s))

    async def _take(self, event: Event) -> None:
        """One turn: decide, and stop at once; what else there is to do acts when the turn is durable."""
        if self._begins_run(event):
            await self._ahead.written()
            await self._roll(event)
        before = self.state.packml
        self.state, effects = step(self.state, event)
        self._remember(event)
        self._turns.record(event, effects)
        waiting = [e for e in effects if not is_urgent(e)]
        self._ahead.add(Due(event, effects, before, self.state, waiting))
        if len(waiting) < len(effects):
            self._tell_plc(self.state)

    def _tell_plc(self, state: EngineState) -> None:
        self.ports.plc.set_packml_state(self.cell.packml_numbers[state.packml], self.cell.mode_numbers[state.mode])

    def _turned(self, due: Due) -> None:
        """A turn is durable, and what it asks for is under way."""
        self._tell_plc(due.state)
        for observer in self.observers:
            observer(due.state, due.event, due.effects)

    def _fresh(self, at_s: float) -> EngineState:
        return initial(self.cell, at_s, self.ports.inspector.min_fastener_confidence)

    # --- runs and their log --------------------------------------------------------------------------------------

    def _begins_run(self, event: Event) -> bool:
        if not isinstance(event, OperatorCommanded) or event.command is not Command.RESET:
            return False
        # pressed again while it resets it is refused, and what is under way goes on
        return self.state.packml is not State.RESETTING and step(self.state, event)[0].packml is State.RESETTING

    async def _roll(self, event: Event) -> None:
        """A new run begins with a new log and a fresh state, told again what is known of the devices."""
        self.ports.log.roll()
        self._runs += 1
        mode, carried = self.state.mode, self.state.leftover.next_run().carried
        self.state = self._fresh(event.at_s)
        known = [Started(event.at_s, mode=mode, carried=carried), *self._known.values()]
        for fact in known:
            self.state, effects = step(self.state, fact)
            self._turns.record(fact, effects)
        await self._ahead.write("known", {"events": [to_plain(e, tagged=True) for e in known]})

    def _remember(self, event: Event) -> None:
        if isinstance(event, LinkChanged):
            self._known[f"0 {event.device}"] = event
        elif isinstance(event, MotionReported):
            self._known["1 motion"] = event
        elif isinstance(event, TagsRead):
            self._known["2 tags"] = event
        elif isinstance(event, AlarmShelved):
            self._known[f"3 shelved {event.code}"] = event
        self._known = dict(sorted(self._known.items()))

    # --- effects -------------------------------------------------------------------------------------------------

    def _perform(self, effect: Effect) -> None:
        if isinstance(effect, HoldJog):
            self.ports.motion.hold_jog(effect.jog, effect.held_at_s)
        if isinstance(effect, UNAWAITED):
            return
        task = asyncio.create_task(self._report(effect, effect.id, self._runs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _report(self, effect: Effect, effect_id: str, run: int) -> None:
        """Post how an effect ended. What ends after its run is not told: a later run has effects of the same id."""
        try:
            event = await self._act(effect)
        except DelidError as error:
            event = Finished(self.clock.now_s(), effect_id, False, "fault", str(error))
        if run == self._runs:
            self.post(event)

    def _act(self, effect: Effect) -> Coroutine[Any, Any, Event]:
        plc, motion = self.ports.plc, self.ports.motion
        match effect:
            case Move(id=name, to_mm=to_mm, feed_mm_s=feed_mm_s, deadline_s=deadline_s):
                return motion.move(name, to_mm, feed_mm_s, deadline_s)
            case DoMotion(id=name, verb=verb, deadline_s=deadline_s):
                return motion.do(name, verb, deadline_s)
            case RunCommand(id=name, name=command, params=params, deadline_s=deadline_s):
                return plc.command(name, command, params, deadline_s)
            case CancelCommand(id=name, deadline_s=deadline_s):
                return plc.cancel(name, deadline_s)
            case Look():
                return self._eyes.look(effect)
            case Locate():
                return self._eyes.locate(effect)
            case Decide():
                return self._decide(effect)
            case Jog(id=name, axis=axis, to_mm=at_mm, feed_mm_s=feed_mm_s, hold_s=hold_s, deadline_s=deadline_s):
                return motion.jog(name, axis, at_mm, feed_mm_s, hold_s, deadline_s)
            case Record() | HoldJog():
                raise AssertionError("nothing to await")

    async def _decide(self, effect: Decide) -> Event:
        def work() -> Event:
            return Decided(self.clock.now_s(), effect.id, decide_as_asked(effect, self.cell))

        return await asyncio.get_running_loop().run_in_executor(self.vision_pool, work)

    async def watch_camera(self, every_s: float) -> None:
        """Show a frame now and then while nobody looks; a camera that fails here is reported by the next look."""
        while True:
            await self.clock.sleep(every_s)
            asked = self.state.question
            if self._eyes.busy or (asked is not None and asked.picture is not None):
                continue  # the picture that a question is about stays
            try:
                frame = await self._eyes.glance(5.0)
            except DelidError as error:
                self.post(LinkChanged(self.clock.now_s(), "camera", False, error.message))
                continue
            if not (link := self.state.links.get("camera")) or not link.up:
                self.post(LinkChanged(self.clock.now_s(), "camera", True))
            self._eyes.show(frame, self.cell.spec.overview.id)

    # --- the end -------------------------------------------------------------------------------------------------

    async def _last_stop(self) -> None:
        moving = any(isinstance(p.effect, (Move, Jog)) for p in self.state.pending.values())
        if not moving:
            return
        try:
            async with asyncio.timeout(2.0):
                await self.ports.motion.do("exit.stop", MotionVerb.STOP, 1.5)
        except (DelidError, TimeoutError, OSError) as error:
            structlog.get_logger().error("exit.stop", error=str(error))

    async def _close(self) -> None:
        self.vision_pool.shutdown(wait=False)
        if self._ahead.since_s is None:  # a journal that hangs would hang the end as well
            await self._ahead.keep_rest()
            await self._turns.close(self.state)
        await self._eyes.close()
