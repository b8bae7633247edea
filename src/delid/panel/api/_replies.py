"""Answers kept by idempotency key, so that a request that comes twice is done once, also over a restart of the panel.

A key is on the disk before its act begins, and the answer once there is one. So a panel that died in between can say
that it does not know, instead of doing a thing twice.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict
from dataclasses import dataclass

from .._refusals import refusal
from ..access import Store

MOST = 2_000
LARGEST_BODY = 65_536
KEPT_S = 24 * 3600.0
TIDY_EVERY = 200


@dataclass(frozen=True, slots=True)
class Kept:
    status: int
    body: bytes
    media_type: str


@dataclass(slots=True)
class _Slot:
    fingerprint: str
    since_s: float
    durable: bool
    answer: asyncio.Future[Kept | None]


class Replies:
    """Answers of the last day, a bounded number of them. Times are of the wall clock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._slots: OrderedDict[tuple[str, str], _Slot] = OrderedDict()
        self._written = 0

    async def earlier(self, who: str, key: str, fingerprint: str, now_s: float, *, durable: bool = True) -> Kept | None:
        """The answer that this key had, waiting for one that is being made. None: it is this caller's to make.

        What is not ``durable`` is remembered in memory alone, so that no disk stands before it.
        Raises PanelError ``panel.key_reused`` where the key belongs to another request, ``panel.unsure`` and
        ``panel.done_before`` where it is of an earlier panel process that left no answer.
        """
        while (slot := self._slots.get((who, key))) is not None and now_s - slot.since_s < KEPT_S:
            _same(slot.fingerprint, fingerprint)
            answer = await asyncio.shield(slot.answer)
            if answer is not None:
                return answer
            if self._slots.get((who, key)) is slot:
                del self._slots[who, key]
        if durable and (found := self._of_earlier_process(who, key, fingerprint, now_s)) is not None:
            return found
        mine = _Slot(fingerprint, now_s, durable, asyncio.get_running_loop().create_future())
        self._slots[who, key] = mine
        while len(self._slots) > MOST:
            self._slots.popitem(last=False)[1].answer.cancel()
        if durable:
            await self._begin(who, key, mine)
        return None

    async def keep(self, who: str, key: str, kept: Kept | None, *, secret: bool = False) -> None:
        """Give the answer to those who wait; with None nothing came of it and the next one tries anew.

        A ``secret`` answer is never written; of it only that it was given.
        """
        slot = self._slots.get((who, key))
        if slot is None or slot.answer.done():
            return
        slot.answer.set_result(kept)
        if kept is None:
            del self._slots[who, key]
        if not slot.durable:
            return
        if kept is None:
            await self._store.write("DELETE FROM replies WHERE who = ? AND key = ?", (who, key))
            return
        body = None if secret else kept.body
        change = "UPDATE replies SET status = ?, media_type = ?, body = ? WHERE who = ? AND key = ?"
        await self._store.write(change, (kept.status, kept.media_type, body, who, key))

    def _of_earlier_process(self, who: str, key: str, fingerprint: str, now_s: float) -> Kept | None:
        row = self._store.row(
            "SELECT fingerprint, status, media_type, body FROM replies WHERE who = ? AND key = ? AND at_s > ?",
            (who, key, now_s - KEPT_S),
        )
        if row is None:
            return None
        _same(row["fingerprint"], fingerprint)
        if row["status"] is None:
            raise refusal("panel.unsure", "The panel ended while it did this; whether it was done is not known.")
        if row["body"] is None:
            raise refusal("panel.done_before", "This was done, and its answer was a secret that is not kept.")
        return Kept(row["status"], row["body"], row["media_type"])

    async def _begin(self, who: str, key: str, slot: _Slot) -> None:
        try:
            await self._write(who, key, slot.fingerprint, slot.since_s)
        except sqlite3.Error:
            slot.answer.set_result(None)
            del self._slots[who, key]
            raise

    async def _write(self, who: str, key: str, fingerprint: str, now_s: float) -> None:
        self._written += 1
        if self._written % TIDY_EVERY == 1:
            await self._store.write(
                "DELETE FROM replies WHERE at_s <= ? OR at_s <= "
                "(SELECT at_s FROM replies ORDER BY at_s DESC LIMIT 1 OFFSET ?)",
                (now_s - KEPT_S, MOST),
            )
        await self._store.write(
            "INSERT OR REPLACE INTO replies (who, key, fingerprint, at_s) VALUES (?, ?, ?, ?)",
            (who, key, fingerprint, now_s),
        )


def _same(kept: str, fingerprint: str) -> None:
    if kept != fingerprint:
        raise refusal("panel.key_reused", "This Idempotency-Key was used for another request.")
