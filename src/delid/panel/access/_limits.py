"""Lock-out after wrong secrets, and limits on how often something may be asked. In memory, of bounded size."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from .._refusals import refusal

MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class LockOut:
    """After ``tries`` wrong ones within ``window_s`` a key is locked for ``first_s``, then twice as long each time."""

    tries: int
    window_s: float = 900.0
    first_s: float = 60.0
    most_s: float = 900.0


LOGIN: dict[str, LockOut] = {
    "user at address": LockOut(5),
    "address": LockOut(20),
    "user": LockOut(50),
}
"""What wrong logins are counted by. A name alone is locked late, so that nobody locks others out with a few tries."""
PIN = LockOut(5)
SETUP = LockOut(10)


@dataclass(slots=True)
class _Count:
    wrong: int
    since_s: float
    locked_until_s: float = 0.0
    locks: int = 0


class Tries:
    """Counts wrong tries by key."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def check(self, key: str, now_s: float) -> None:
        """Raises PanelError ``panel.locked_out`` while ``key`` is locked."""
        count = self._counts.get(key)
        if count and count.locked_until_s > now_s:
            wait_s = count.locked_until_s - now_s
            raise refusal("panel.locked_out", f"Too many wrong tries. Locked for {wait_s:.0f} s more.")

    def wrong(self, key: str, rule: LockOut, now_s: float) -> bool:
        """Count a wrong try; True if the key is locked by it."""
        count = self._counts.setdefault(key, _Count(0, now_s))
        self._counts.move_to_end(key)
        if now_s - count.since_s > rule.window_s and count.locked_until_s < now_s:
            count.wrong, count.since_s, count.locks = 0, now_s, 0
        count.wrong += 1
        while len(self._counts) > MOST_KEYS:
            self._counts.popitem(last=False)
        if count.wrong < rule.tries:
            return False
        count.locked_until_s = now_s + min(rule.first_s * 2**count.locks, rule.most_s)
        count.locks, count.wrong, count.since_s = count.locks + 1, 0, now_s
        return True

    def right(self, key: str) -> None:
        self._counts.pop(key, None)


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests of one address: so many at once, then so many a second. Hold and Stop are not counted."""

    burst: float = 400.0
    per_s: float = 100.0


LOGINS = Rate(burst=20.0, per_s=0.5)


class Bucket:
    """So many at once, then so many a second, by key."""

    def __init__(self, rate: Rate) -> None:
        self._burst, self._per_s = rate.burst, rate.per_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, now_s: float) -> None:
        """Raises PanelError ``panel.too_many`` when there is none left."""
        left, at_s = self._left.get(key, (self._burst, now_s))
        left = min(self._burst, left + (now_s - at_s) * self._per_s)
        self._left[key] = (max(0.0, left - 1.0), now_s)
        self._left.move_to_end(key)
        while len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)
        if left < 1.0:
            raise refusal("panel.too_many", "Too many requests at once.")
