"""The newest state and frame of the cell, and the pages that watch them. A slow page skips, it holds nobody up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from delid.core import Clock, IpcError
from delid.ipc import CellClient

CELL_GONE_S = 1.5
"""Without a state for so long the cell counts as gone."""
HEARTBEAT_S = 1.0


@dataclass(frozen=True, slots=True)
class LiveFrame:
    number: int
    jpeg: bytes
    meta: dict[str, Any]


class Live:
    """Reads from the cell and wakes the watchers. ``error`` holds why there is no state, or None."""

    def __init__(self, client: CellClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._watchers: set[asyncio.Event] = set()
        self.state: dict[str, Any] | None = None
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
    def cell_age_s(self) -> float | None:
        return None if self.state_at_s is None else self._clock.now_s() - self.state_at_s

    async def _read_states(self) -> None:
        while True:
            try:
                self.state = await self._client.next_state(CELL_GONE_S)
                self.state_at_s, self.error = self._clock.now_s(), None
            except IpcError as error:
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
    """What one page has had. Frames wait for its word that the last one is drawn; states do not."""

    def __init__(self, live: Live, clock: Clock) -> None:
        self._live = live
        self._clock = clock
        self._state_number = 0
        self._frame_number = 0
        self._frame_free = True

    def frame_drawn(self) -> None:
        self._frame_free = True

    def messages(self) -> list[dict[str, Any] | bytes]:
        """What to send now: JSON objects, and a JPEG right after its meta data."""
        out: list[dict[str, Any] | bytes] = []
        if self._live.state_number != self._state_number:
            self._state_number = self._live.state_number
            out.append(self._state())
        frame = self._live.frame
        if self._frame_free and frame is not None and frame.number != self._frame_number:
            self._frame_number, self._frame_free = frame.number, False
            out += [{"type": "frame", "age_s": self._age_s(frame.meta), "meta": frame.meta}, frame.jpeg]
        return out or [{"type": "heartbeat"}]

    def _state(self) -> dict[str, Any]:
        if self._live.error is not None:
            return {"type": "cell_gone", "error": self._live.error, "state": self._live.state}
        return {"type": "state", "state": self._live.state}

    def _age_s(self, meta: dict[str, Any]) -> float | None:
        captured_s = meta.get("captured_wall_s")
        return max(0.0, self._clock.wall_s() - captured_s) if isinstance(captured_s, (int, float)) else None
