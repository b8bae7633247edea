"""The running cell's line to the batteries' ledger: behind the journal, and never silent."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog

from delid.config import Cell, LedgerSettings
from delid.core import Clock, Event, JournalError, LedgerError, LinkChanged
from delid.exports import ledger_place
from delid.journal import Entry, find_journals, read_journal
from delid.ledger import Feed, JournalLine, Ledger, SigningKey, has_ledger, public_path

DEVICE = "ledger"
RETRY_S = 1.0
STALL_S = 5.0
"""A write that takes longer is told as a lost ledger; what waits is written when it comes back."""
MOST_AT_ONCE = 100
"""So many lines are written in one go, so that a lot of work is not taken for a stall."""
Post = Callable[[Event], None]


class LedgerFeeder:
    """Takes over each journal entry once it is on the disk. A ledger that cannot be written holds the run.

    What could not be written waits in memory and is tried again every second; what is lost there with the process is
    taken from the journals when the cell starts again.
    """

    def __init__(self, ledger: Ledger, key: SigningKey, settings: LedgerSettings, clock: Clock, post: Post) -> None:
        self._ledger, self._key, self._settings, self._clock, self._post = ledger, key, settings, clock, post
        self._feed = Feed(ledger)
        self._waiting: deque[JournalLine] = deque()
        self._come = asyncio.Event()
        # Of the control loop's own priority: a thread that stands back while it holds the interpreter holds up all.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._up = True
        self._unsigned, self._unsigned_since_s = 0, 0.0

    # --- the journal's side ------------------------------------------------------------------------------------------

    def written(self, run_id: str, entry: Entry) -> None:
        """A journal entry is on the disk."""
        self._waiting.append(_line(run_id, entry))
        self._come.set()

    def closed(self) -> None:
        """The process ends: write what still waits, unless the ledger refuses, and sign it."""
        self._worker.shutdown(wait=True)
        try:
            while self._up and self._waiting:
                self._take(self._waiting[0])
                self._waiting.popleft()
            if self._up and self._unsigned:
                self._sign()
        except LedgerError as error:
            structlog.get_logger().error("ledger.left", lines=len(self._waiting), error=str(error))
        self._ledger.close()

    def catch_up(self, runs: Path) -> int:
        """Take over what the journals have and the ledger does not; returns the number of entries written."""
        first = self._ledger.entry(0)
        assert first is not None
        missing: list[tuple[str, tuple[Entry, ...]]] = []
        for path in find_journals(runs):
            entries = read_journal(path).entries
            if self._feed.fed(path.parent.name) >= len(entries) or entries[0].wall_s < first.wall_s:
                break
            missing.append((path.parent.name, entries))
        count = 0
        for run, entries in reversed(missing):
            count += sum(len(self._feed.take(_line(run, entry))) for entry in entries)
            self._feed.finish(run, len(entries))
        if count:
            self._sign()
        return count

    # --- beside the run ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Write what comes, until cancelled."""
        while True:
            if self._waiting:
                await self._try(self._take_waiting)
            else:
                await self._idle()

    async def _idle(self) -> None:
        """Wait for the next line, or until something is to be signed."""
        self._come.clear()
        if not self._unsigned:
            await self._come.wait()
            return
        left_s = self._unsigned_since_s + self._settings.checkpoint_after_s - self._clock.now_s()
        sleeping = asyncio.ensure_future(self._clock.sleep(max(left_s, 0.0)))
        coming = asyncio.ensure_future(self._come.wait())
        try:
            await asyncio.wait([sleeping, coming], return_when=asyncio.FIRST_COMPLETED)
            over = sleeping.done()
        finally:
            sleeping.cancel()
            coming.cancel()
        if over:
            await self._try(self._sign)

    async def _try(self, work: Callable[[], object]) -> bool:
        """Do it on the ledger's own thread; a failure is told once, and what comes after it once."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().run_in_executor(self._worker, work)
        try:
            await self._told_when_late(done)
        except LedgerError as error:
            self._tell(False, f"{error.message} {error.hint}".strip())
            await self._clock.sleep(RETRY_S)
            return False
        if not self._up:
            self._tell(True)
        return True

    async def _told_when_late(self, done: asyncio.Future[Any]) -> None:
        late: asyncio.Future[Any] = asyncio.ensure_future(self._clock.sleep(STALL_S))
        try:
            await asyncio.wait([done, late], return_when=asyncio.FIRST_COMPLETED)
            if not done.done():
                self._tell(False, f"it has not answered for {STALL_S:g} s")
            await done
        finally:
            late.cancel()

    def _tell(self, up: bool, detail: str = "") -> None:
        if up is self._up:
            return
        self._up = up
        if up:
            structlog.get_logger().warning("ledger.back")
        else:
            structlog.get_logger().error("ledger.lost", error=detail)
        self._post(LinkChanged(self._clock.now_s(), DEVICE, up, detail))

    # --- on the ledger's thread --------------------------------------------------------------------------------------

    def _take_waiting(self) -> None:
        """What waits, in its order; a line stays until it is written."""
        for _ in range(min(len(self._waiting), MOST_AT_ONCE)):
            line = self._waiting[0]
            self._take(line)
            self._waiting.popleft()
            if self._due(line):
                self._sign()

    def _take(self, line: JournalLine) -> None:
        made = len(self._feed.take(line))
        if made and not self._unsigned:
            self._unsigned_since_s = self._clock.now_s()
        self._unsigned += made

    def _sign(self) -> None:
        self._ledger.checkpoint(self._key)
        self._unsigned = 0

    def _due(self, line: JournalLine) -> bool:
        ended = line.kind == "run_ended" and self._unsigned > 0
        return ended or self._unsigned >= self._settings.checkpoint_entries


def open_feeder(cell: Cell, runs: Path, clock: Clock, post: Post) -> LedgerFeeder | None:
    """The line to the ledger that the cell file names, everything missing taken over; None where it names none.

    Raises LedgerError where ledger or key cannot be used: a cell whose record cannot be kept does not start.
    """
    settings = cell.spec.ledger
    if settings is None:
        return None
    path = cell.resolve(settings.key) if settings.key else runs / "ledger.key"
    place = ledger_place(cell, settings)
    ledger, key = _open(place, path, settings.site, clock)
    feeder = LedgerFeeder(ledger, key, settings, clock, post)
    try:
        if count := feeder.catch_up(runs):
            structlog.get_logger().warning("ledger.caught_up", entries=count)
    except (LedgerError, JournalError):
        feeder.closed()
        raise
    return feeder


def _open(place: str, path: Path, site: str, clock: Clock) -> tuple[Ledger, SigningKey]:
    if has_ledger(place):
        key = SigningKey.read(path)
        ledger = Ledger.open(place, clock)
        if (now := ledger.key_in_force()) != key.public:
            ledger.close()
            raise LedgerError(
                f"the key {path} does not sign the ledger {place}; the key {now.id} does.",
                hint="Name its file in the cell file, or change keys: delid ledger keys rotate.",
                code="ledger.old_key",
            )
        return ledger, key
    key = SigningKey.read(path) if path.exists() else SigningKey.create(path)
    ledger = Ledger.begin(place, site, key.public, clock)
    words = f"a new ledger; keep {public_path(path)} where nobody of this machine can change it"
    structlog.get_logger().warning("ledger.begun", name=ledger.name, key=key.public.id, note=words)
    return ledger, key


def _line(run_id: str, entry: Entry) -> JournalLine:
    return JournalLine(run_id, entry.seq, entry.wall_s, entry.kind, entry.data)
