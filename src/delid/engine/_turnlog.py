"""What is kept of each turn: the journal, durable ahead of the effects, and the recording, which never blocks."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from delid.config import Cell
from delid.core import (
    Clock,
    Decided,
    Effect,
    Event,
    Finished,
    HoldJog,
    JournalError,
    LinkChanged,
    Located,
    Looked,
    MotionReported,
    Record,
    State,
    TagsRead,
    Ticked,
    to_plain,
)

from ._ports import LogPort
from ._state import EngineState

NOISE = (TagsRead, Ticked, MotionReported)
"""Events that come many times a second: the recording has them all, the journal only their effects."""
ENDS_OF_EFFECTS = (Finished, Looked, Located, Decided)
"""What was confirmed must not be forgotten, even where nothing follows at once."""
COUNTED = ("energy_wh", "extraction_wh", "air_nl", "carried_kg")
"""Tags that stand beside a turn of a step: what it used, and what hangs at the tool."""
ENDS = (State.STOPPED, State.ABORTED, State.COMPLETE)


def is_kept(event: Event, effects: tuple[Effect, ...], *, journal_up: bool) -> bool:
    """True for a turn that belongs into the journal; a journal that is down is tried with anything but noise."""
    if not effects:
        return not isinstance(event, NOISE) and (not journal_up or isinstance(event, ENDS_OF_EFFECTS))
    # a jog's hold goes on with what was announced
    return not all(isinstance(e, HoldJog) and e.held_at_s is not None for e in effects)


def entry_of(event: Event, effects: tuple[Effect, ...], state: EngineState) -> dict[str, object]:
    """A turn as plain data; ``state`` is the one after it."""
    turn: dict[str, object] = {
        "event": {"type": type(event).__name__} if isinstance(event, NOISE) else to_plain(event, tagged=True),
        "effects": [{"type": type(e).__name__, **to_plain(e)} for e in effects],
        "packml": state.packml.value,
    }
    if state.current is not None:
        turn["step"] = state.current.step.key
    if state.current is not None or any(isinstance(e, Record) and e.kind == "step" for e in effects):
        turn["readings"] = {tag: state.tags[tag] for tag in COUNTED if tag in state.tags}
    return turn


class TurnLog:
    """Writes turns. A journal that fails becomes a lost link of the device ``journal``, which holds the run."""

    def __init__(self, cell: Cell, log: LogPort, clock: Clock, post: Callable[[Event], None]) -> None:
        self._cell, self._log, self._clock, self._post = cell, log, clock, post
        self._run_open = False
        self._up = True

    def record(self, event: Event, effects: tuple[Effect, ...]) -> None:
        """Hand the turn to the recording."""
        recorder = self._log.recorder
        if recorder is None:
            return
        recorder.event(event)
        for effect in effects:
            if isinstance(effect, Record):
                recorder.record(effect)
            else:
                recorder.effect(effect)

    async def make_durable(self, event: Event, effects: tuple[Effect, ...], before: State, state: EngineState) -> bool:
        """Write the turn ahead of its effects; True when it is on the disk, or says nothing."""
        if state.packml is State.STARTING and before is not State.STARTING:
            self._run_open = True
            await self.write("run_started", {"cell": self._cell.spec.cell, "config_sha256": self._cell.sha256})
        if not is_kept(event, effects, journal_up=self._up):
            return True
        written = await self.write("turn", entry_of(event, effects, state))
        if self._run_open and state.packml in ENDS:
            self._run_open = False
            await self.write("run_ended", {"outcome": state.outcome})
        return written

    async def write(self, kind: str, data: dict[str, object]) -> bool:
        """Write one entry; tells the engine once when the journal is lost and once when it is back."""
        log = structlog.get_logger()
        try:
            await self._log.write(kind, data)
        except JournalError as error:
            if self._up:
                log.error("journal.lost", error=str(error))
                self._post(LinkChanged(self._clock.now_s(), "journal", False, error.message))
            self._up = False
            return False
        if not self._up:
            log.warning("journal.back")
            self._post(LinkChanged(self._clock.now_s(), "journal", True))
        self._up = True
        return True

    async def close(self, state: EngineState) -> None:
        """End the run in the journal if it is open, and close the files."""
        if self._run_open:
            await self.write("run_ended", {"outcome": "the process ended", "packml": state.packml.value})
        self._log.close()
