"""Who did what, from where, and what came of it: append-only, each entry carrying the digest of the one before."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from delid.core import Clock

from ._roles import Person
from ._store import Row, Store

FIRST_PREV = "0" * 64
FIELDS = ("seq", "at_s", "who", "role", "via", "address", "what", "target", "status", "code", "detail")


class Audit:
    """Appends to the store's audit list and reads it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def write(
        self,
        person: Person,
        what: str,
        target: str,
        status: int,
        code: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Durable when it returns."""
        facts = (
            self._clock.wall_s(), person.name, person.role.value if person.role else "", person.via.value,
            person.address, what, target[:200], status, code, json.dumps(detail or {}, ensure_ascii=False)[:2000],
        )  # fmt: skip

        def append(connection: sqlite3.Connection) -> None:
            last = connection.execute("SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
            seq, prev = (last["seq"] + 1, last["digest"]) if last else (0, FIRST_PREV)
            row = (seq, *facts, prev)
            connection.execute(f"INSERT INTO audit VALUES ({','.join('?' * 13)})", (*row, _digest(row)))

        await self._store.transact(append)

    def page(self, who: str = "", what: str = "", before: int | None = None, limit: int = 100) -> list[Row]:
        """The newest entries first; those of ``who`` and acts that contain ``what``, before the entry ``before``."""
        return self._store.rows(
            "SELECT * FROM audit WHERE (?1 = '' OR who = ?1) AND (?2 = '' OR instr(what, ?2)) "
            "AND (?3 IS NULL OR seq < ?3) ORDER BY seq DESC LIMIT ?4",
            (who, what, before, limit),
        )

    async def first_broken(self, newest: int | None = None) -> int | None:
        """The first entry that was changed after it was written, or whose predecessor is gone; None if all hold.

        Of the ``newest`` entries only, as the whole list may be long.
        """
        return await self._store.transact(lambda connection: _first_broken(connection, newest))


def _first_broken(connection: sqlite3.Connection, newest: int | None) -> int | None:
    last = connection.execute("SELECT max(seq) FROM audit").fetchone()[0]
    expected = 0 if newest is None or last is None else max(0, last - newest)
    prev = FIRST_PREV if expected == 0 else None
    for row in connection.execute("SELECT * FROM audit WHERE seq >= ? ORDER BY seq", (expected,)):
        facts = tuple(row[name] for name in FIELDS)
        linked = prev is None or row["prev"] == prev
        if row["seq"] != expected or not linked or row["digest"] != _digest((*facts, row["prev"])):
            return expected
        prev, expected = row["digest"], expected + 1
    return None


def _digest(row: tuple[Any, ...]) -> str:
    return hashlib.sha256(json.dumps(row, ensure_ascii=False).encode()).hexdigest()
