"""Everything that the calls of one panel share, and its life from start to end."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from delid import __version__
from delid.config import load_cell
from delid.core import Clock
from delid.ipc import CellClient

from ._acts import Acts
from ._events import Events
from ._live import Live
from ._presses import Presses
from ._settings import PanelSettings
from ._trends import Trends
from .access import Access, Rules, Store
from .api import Replies
from .files import CellFiles, Jobs, Photos, Recipes, Records, Runs

DEADLINE_S = 2.0
"""How long the cell has for an answer."""
WORKERS = 2
"""Threads for hashing, reading files and the like."""

Message = dict[str, Any]


class Panel:
    """Made when the application starts, closed when it ends."""

    def __init__(self, settings: PanelSettings, clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        store = Store(settings.data)
        self.pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="panel")
        self.access = Access(
            store, clock, self.pool, Rules(settings.times, settings.cost, settings.open_as, settings.rate)
        )
        self.client = CellClient(settings.socket, clock)
        self.events = Events(secrets.token_hex(4))
        self.trends = Trends()
        self.live = Live(self.client, clock, self.events)
        self.acts = Acts(clock, self.live.tell_act)
        self.replies = Replies(store)
        self.presses = Presses()
        self.version = __version__
        self.files = CellFiles(settings.cell, self.pool)
        self.runs = Runs(self.files, self.pool)
        self.records = Records(self.files, settings.data, self.pool, clock)
        self.jobs = Jobs(clock, settings.program)
        self.photos = Photos(settings.data / "photos")
        self.recipes = Recipes(settings.data / "drafts")
        self.live.on_state = self._seen
        if self.access.setup_code:
            settings.on_set_up(self.access.setup_code)

    def _seen(self, before: Message | None, now: Message) -> None:
        self.events.see(before, now)
        self.trends.see(now, self.clock.wall_s())
        self.acts.see(now)

    async def _recover(self) -> None:
        """End what an earlier process of this panel broke off in."""
        path = self.settings.cell
        if path is not None:
            await asyncio.get_running_loop().run_in_executor(
                self.pool, self.recipes.recover, lambda: load_cell(path).pack_texts
            )

    async def ask(self, message: Message) -> Message:
        """The cell's reply; raises IpcError where there is none."""
        return await self.client.request(message, DEADLINE_S)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self._recover()
        reading = asyncio.create_task(self.live.run())
        try:
            yield
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            await self.jobs.close()
            self.client.close()
            self.pool.shutdown(wait=True)
            self.records.close()
            self.access.store.close()
