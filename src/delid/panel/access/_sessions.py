"""Sessions: an opaque number in a cookie, of which only the digest is kept. Idle ones lock, old ones end."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from delid.core import Clock

from ._store import Store

MOST = 500
"""Sessions at once; the one that was idle longest gives way."""
SAVED_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Times:
    """How long things last, in seconds."""

    idle_lock_s: float = 600.0
    session_s: float = 12 * 3600.0
    step_up_s: float = 300.0


@dataclass(slots=True)
class Session:
    digest: str
    user: str
    address: str
    began_s: float
    seen_s: float
    step_up_until_s: float = 0.0
    locked: bool = False
    saved_s: float = 0.0


class Sessions:
    """All sessions, in memory and in the store; what was proven by PIN is not kept over a restart."""

    def __init__(self, store: Store, clock: Clock, times: Times) -> None:
        self._store, self._clock, self.times = store, clock, times
        self._all = {row["digest"]: Session(**dict(row)) for row in store.rows("SELECT * FROM sessions")}

    async def begin(self, user: str, address: str) -> tuple[str, Session]:
        """A new session and its number; nothing that came from outside goes into it."""
        number = secrets.token_urlsafe(32)
        now_s = self._clock.wall_s()
        session = Session(digest_of(number), user, address, now_s, now_s, saved_s=now_s)
        while len(self._all) >= MOST:
            await self.end(min(self._all.values(), key=lambda s: s.seen_s).digest)
        self._all[session.digest] = session
        await self._store.write(
            "INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", (session.digest, user, address, now_s, now_s)
        )
        return number, session

    def find(self, number: str) -> Session | None:
        """The session with this number, if it has not ended."""
        return self.by_digest(digest_of(number))

    def by_digest(self, digest: str) -> Session | None:
        session = self._all.get(digest)
        if session is None or self._clock.wall_s() - session.began_s > self.times.session_s:
            return None
        if self._clock.wall_s() - session.seen_s > self.times.idle_lock_s:
            session.locked = True
        return session

    async def touch(self, session: Session) -> None:
        """A person did something; a locked session stays locked."""
        now_s = self._clock.wall_s()
        if session.locked:
            return
        session.seen_s = now_s
        if now_s - session.saved_s > SAVED_EVERY_S:
            session.saved_s = now_s
            await self._store.write("UPDATE sessions SET seen_s = ? WHERE digest = ?", (now_s, session.digest))

    async def step_up(self, session: Session) -> None:
        """The PIN was right: unlock, and allow what needs it for a while."""
        session.locked = False
        session.step_up_until_s = self._clock.wall_s() + self.times.step_up_s
        await self.touch(session)

    def stepped_up(self, session: Session) -> bool:
        return not session.locked and session.step_up_until_s > self._clock.wall_s()

    async def end(self, digest: str) -> None:
        self._all.pop(digest, None)
        await self._store.write("DELETE FROM sessions WHERE digest = ?", (digest,))

    async def end_all_of(self, user: str, but: str = "") -> None:
        """End the sessions of a user, but the one with the digest ``but``."""
        for session in [s for s in self._all.values() if s.user == user and s.digest != but]:
            await self.end(session.digest)

    def of(self, user: str) -> list[Session]:
        return [s for s in self._all.values() if s.user == user and self.by_digest(s.digest)]

    async def forget_old(self) -> None:
        for digest in [d for d in self._all if self.by_digest(d) is None]:
            await self.end(digest)


def digest_of(secret: str) -> str:
    """SHA-256 (hex): enough for numbers that nobody can guess."""
    return hashlib.sha256(secret.encode()).hexdigest()
