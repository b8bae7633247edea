"""Tokens for programs: hashed, with a role and scopes of their own, and an end."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from delid.core import Clock

from .._refusals import refusal
from ._roles import Role, Scope
from ._sessions import digest_of
from ._store import Row, Store

PREFIX = "delid"
LONGEST_DAYS = 366.0
USED_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Token:
    id: str
    title: str
    owner: str
    role: Role
    scopes: frozenset[Scope]
    created_s: float
    expires_s: float
    used_s: float | None


class Tokens:
    """Tokens in the store. The secret is told once, when it is made."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def all(self) -> list[Token]:
        return [_token(row) for row in self._store.rows("SELECT * FROM tokens ORDER BY created_s")]

    async def add(self, title: str, owner: str, role: Role, scopes: Iterable[Scope], days: float) -> tuple[str, Token]:
        """The token's text and what is kept of it."""
        name, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        now_s = self._clock.wall_s()
        listed = ",".join(sorted(set(scopes)))
        await self._store.write(
            "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (name, digest_of(secret), title, owner, role.value, listed, now_s, now_s + days * 86_400.0),
        )
        row = self._store.row("SELECT * FROM tokens WHERE id = ?", (name,))
        assert row is not None
        return f"{PREFIX}_{name}_{secret}", _token(row)

    async def find(self, text: str) -> Token | None:
        """The token with this text, unless it is over."""
        parts = text.split("_", 2)
        if len(parts) != 3 or parts[0] != PREFIX:
            return None
        row = self._store.row("SELECT * FROM tokens WHERE id = ?", (parts[1],))
        if row is None or not hmac.compare_digest(row["digest"], digest_of(parts[2])):
            return None
        now_s = self._clock.wall_s()
        if row["expires_s"] <= now_s:
            return None
        if row["used_s"] is None or now_s - row["used_s"] > USED_EVERY_S:
            await self._store.write("UPDATE tokens SET used_s = ? WHERE id = ?", (now_s, row["id"]))
        return _token(row)

    async def remove(self, name: str) -> None:
        if not await self._store.write("DELETE FROM tokens WHERE id = ?", (name,)):
            raise refusal("panel.not_found", f"There is no token {name!r}.")

    async def remove_all_of(self, owner: str) -> None:
        await self._store.write("DELETE FROM tokens WHERE owner = ?", (owner,))


def _token(row: Row) -> Token:
    scopes = frozenset(Scope(word) for word in row["scopes"].split(",") if word)
    return Token(
        row["id"], row["title"], row["owner"], Role(row["role"]), scopes, row["created_s"], row["expires_s"],
        row["used_s"],
    )  # fmt: skip
