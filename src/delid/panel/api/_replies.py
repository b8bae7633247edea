"""Answers kept by idempotency key, so that a request that comes twice is done once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from .._refusals import refusal

MOST = 2_000
LARGEST_BODY = 65_536
KEPT_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Kept:
    status: int
    body: bytes
    media_type: str


@dataclass(slots=True)
class _Slot:
    fingerprint: str
    since_s: float
    answer: asyncio.Future[Kept | None]


class Replies:
    """Answers of the last day, a bounded number of them."""

    def __init__(self) -> None:
        self._slots: OrderedDict[tuple[str, str], _Slot] = OrderedDict()

    async def earlier(self, who: str, key: str, fingerprint: str, now_s: float) -> Kept | None:
        """The answer that this key had, waiting for one that is being made. None: it is this caller's to make.

        Raises PanelError ``panel.key_reused`` where the key belongs to another request.
        """
        while (slot := self._slots.get((who, key))) is not None and now_s - slot.since_s < KEPT_S:
            if slot.fingerprint != fingerprint:
                raise refusal("panel.key_reused", "This Idempotency-Key was used for another request.")
            answer = await asyncio.shield(slot.answer)
            if answer is not None:
                return answer
            if self._slots.get((who, key)) is slot:
                del self._slots[who, key]
        self._slots[who, key] = _Slot(fingerprint, now_s, asyncio.get_running_loop().create_future())
        while len(self._slots) > MOST:
            self._slots.popitem(last=False)[1].answer.cancel()
        return None

    def keep(self, who: str, key: str, kept: Kept | None) -> None:
        """Give the answer to those who wait; with None nothing came of it and the next one tries anew."""
        slot = self._slots.get((who, key))
        if slot is None or slot.answer.done():
            return
        slot.answer.set_result(kept)
        if kept is None:
            del self._slots[who, key]
