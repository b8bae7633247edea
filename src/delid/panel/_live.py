"""The newest state and frame of the cell, and the pages that watch them. A slow page skips, it holds nobody up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from delid.core import Clock, IpcError
from delid.ipc import CellClient

from ._events import Events
from ._models import Act

CELL_GONE_S = 1.5
"""Without a state for so long the cell counts as gone."""
HEARTBEAT_S = 1.0
MOST_ACTS = 200
"""Changes of acts kept for pages that are slow to take them."""

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LiveFrame:
    number: int
    jpeg: bytes
    meta: Message


class Live:
    """Reads from the cell and wakes the watchers. ``error`` holds why there is no state, or None."""

    def __init__(self, client: CellClient, clock: Clock, events: Events) -> None:
        self._client = client
        self._clock = clock
        self._watchers: set[asyncio.Event] = set()
        self.events = events
        self.acts: deque[tuple[int, Act]] = deque(maxlen=MOST_ACTS)
        self.act_number = 0
        self.on_state: Callable[[Message | None, Message], None] = lambda before, now: None
        self.state: Message | None = None
        self.state_number = 0
        self.state_at_s: float | None = None
        self.error: dict[str, str] | None = None
        self.frame: LiveFrame | None = None

    async def run(self) -> None:
        """Read until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read_states())
            tasks.create_task(self._read_frames())

    def watch(self) -> asyncio.Event:
        """An event that is set with every change from now on; give it back with ``unwatch``."""
        event = asyncio.Event()
        event.set()
        self._watchers.add(event)
        return event

    def unwatch(self, event: asyncio.Event) -> None:
        self._watchers.discard(event)

    @property
    def watchers(self) -> int:
        return len(self._watchers)

    def tell_act(self, act: Act) -> None:
        """An act was taken, confirmed or given up."""
        self.act_number += 1
        self.acts.append((self.act_number, act))
        self._wake()

    @property
    def cell_age_s(self) -> float | None:
        return None if self.state_at_s is None else self._clock.now_s() - self.state_at_s

    async def _read_states(self) -> None:
        while True:
            try:
                now = await self._client.next_state(CELL_GONE_S)
                before, self.state = self.state, now
                if self.error is not None:
                    self.events.add(self._clock.wall_s(), "line", "the cell process answers", {"up": True})
                self.state_at_s, self.error = self._clock.now_s(), None
                self.on_state(before, now)
            except IpcError as error:
                if self.error is None:
                    self.events.add(self._clock.wall_s(), "line", error.message, {"up": False})
                self.error = {"code": error.code, "message": error.message, "hint": error.hint}
            self.state_number += 1
            self._wake()

    async def _read_frames(self) -> None:
        number = 0
        while True:
            try:
                jpeg, meta = await self._client.next_frame(60.0)
            except IpcError:
                continue  # a cell at rest sends none; its state says whether it is there
            number += 1
            self.frame = LiveFrame(number, jpeg, meta)
            self._wake()

    def _wake(self) -> None:
        for event in self._watchers:
            event.set()


class Watcher:
    """What one page has had. Frames wait for its word that the last one is drawn; the rest does not.

    ``after``: the last event that the page has had; None for a page that wants only what comes from now on.
    """

    def __init__(self, live: Live, clock: Clock, after: int | None = None, frames: bool = True) -> None:
        self._live = live
        self._clock = clock
        self._state_number = 0
        self._frame_number = 0
        self._frame_free = frames
        self._act_number = live.act_number
        self._event_seq = live.events.last if after is None else after

    def frame_drawn(self) -> None:
        self._frame_free = True

    def messages(self) -> list[Message | bytes]:
        """What to send now: JSON objects, and a JPEG right after its meta data."""
        out: list[Message | bytes] = []
        if self._live.state_number != self._state_number:
            self._state_number = self._live.state_number
            out.append(self._state())
        out += self._news()
        frame = self._live.frame
        if self._frame_free and frame is not None and frame.number != self._frame_number:
            self._frame_number, self._frame_free = frame.number, False
            out += [{"type": "frame", "age_s": self._age_s(frame.meta), "meta": frame.meta}, frame.jpeg]
        return out or [{"type": "heartbeat"}]

    def _news(self) -> list[Message]:
        events = self._live.events.after(self._event_seq)
        acts = [(number, act) for number, act in self._live.acts if number > self._act_number]
        self._event_seq = events[-1].seq if events else self._event_seq
        self._act_number = acts[-1][0] if acts else self._act_number
        return [
            *({"type": "event", "event": event.model_dump()} for event in events),
            *({"type": "act", "act": act.model_dump()} for _, act in acts),
        ]

    def _state(self) -> Message:
        if self._live.error is not None:
            return {"type": "cell_gone", "error": self._live.error, "state": self._live.state}
        return {"type": "state", "state": self._live.state}

    def _age_s(self, meta: Message) -> float | None:
        captured_s = meta.get("captured_wall_s")
        return max(0.0, self._clock.wall_s() - captured_s) if isinstance(captured_s, (int, float)) else None
