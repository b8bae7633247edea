"""The people who may log in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from delid.core import Clock, PanelError

from .._refusals import refusal
from ._passwords import Passwords, check_password, check_pin
from ._roles import Role
from ._store import Row, Store


@dataclass(frozen=True, slots=True)
class User:
    name: str
    role: Role
    must_change: bool
    disabled: bool
    has_pin: bool
    created_s: float
    created_by: str


class Users:
    """Users in the store; names are unique whatever the case."""

    def __init__(self, store: Store, passwords: Passwords, clock: Clock) -> None:
        self._store, self._passwords, self._clock = store, passwords, clock

    def all(self) -> list[User]:
        return [_user(row) for row in self._store.rows("SELECT * FROM users ORDER BY name")]

    def any(self) -> bool:
        return self._store.row("SELECT 1 FROM users LIMIT 1") is not None

    def find(self, name: str) -> User | None:
        row = self._row(name)
        return _user(row) if row else None

    def get(self, name: str) -> User:
        """Raises PanelError ``panel.not_found``."""
        if (user := self.find(name)) is None:
            raise refusal("panel.not_found", f"There is no user {name!r}.")
        return user

    async def add(self, name: str, role: Role, password: str, pin: str | None, by: str) -> User:
        """``by`` somebody else the password must be changed with the first login."""
        check_password(name, password)
        if pin is not None:
            check_pin(pin)
        if self.find(name):
            raise refusal("panel.exists", f"There is a user {name!r} already.")
        hashed = await self._passwords.hash(password)
        hashed_pin = await self._passwords.hash(pin) if pin is not None else None
        added = await self._store.write(
            "INSERT OR IGNORE INTO users (name, role, password, pin, must_change, created_s, created_by)"
            " SELECT ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM users WHERE name = ? COLLATE NOCASE)",
            (name, role.value, hashed, hashed_pin, by != name, self._clock.wall_s(), by, name),
        )
        if not added:
            raise refusal("panel.exists", f"There is a user {name!r} already.")
        return self.get(name)

    async def verify_password(self, name: str, password: str) -> User | None:
        """The user, or None; as slow for names that do not exist."""
        row = self._row(name)
        good = await self._passwords.verify(row["password"] if row and not row["disabled"] else None, password)
        return _user(row) if row and good else None

    async def verify_pin(self, name: str, pin: str) -> bool:
        row = self._row(name)
        return await self._passwords.verify(row["pin"] if row and not row["disabled"] else None, pin)

    async def change(self, name: str, password: str, pin: str | None) -> None:
        """A person's own new password, and PIN where one is given."""
        check_password(name, password)
        if pin is not None:
            check_pin(pin)
        hashed = await self._passwords.hash(password)
        await self._store.write("UPDATE users SET password = ?, must_change = 0 WHERE name = ?", (hashed, name))
        if pin is not None:
            hashed_pin = await self._passwords.hash(pin)
            await self._store.write("UPDATE users SET pin = ? WHERE name = ?", (hashed_pin, name))

    async def edit(self, name: str, role: Role | None, disabled: bool | None) -> User:
        user = self.get(name)
        if user.role is Role.ADMIN and (disabled or (role is not None and role is not Role.ADMIN)):
            self._refuse_last_admin(name)
        await self._store.write(
            "UPDATE users SET role = ?, disabled = ? WHERE name = ?",
            ((role or user.role).value, user.disabled if disabled is None else disabled, user.name),
        )
        return self.get(name)

    async def reset(self, name: str) -> str:
        """A new password to hand over, to be changed with the next login; the PIN is gone."""
        user = self.get(name)
        password = secrets.token_urlsafe(12)
        hashed = await self._passwords.hash(password)
        await self._store.write(
            "UPDATE users SET password = ?, pin = NULL, must_change = 1 WHERE name = ?", (hashed, user.name)
        )
        return password

    async def remove(self, name: str) -> None:
        if self.get(name).role is Role.ADMIN:
            self._refuse_last_admin(name)
        await self._store.write("DELETE FROM users WHERE name = ? COLLATE NOCASE", (name,))

    def _row(self, name: str) -> Row | None:
        return self._store.row("SELECT * FROM users WHERE name = ? COLLATE NOCASE", (name,))

    def _refuse_last_admin(self, name: str) -> None:
        others = [u for u in self.all() if u.role is Role.ADMIN and not u.disabled and u.name != self.get(name).name]
        if not others:
            raise _last_admin()


def _last_admin() -> PanelError:
    return refusal("panel.last_admin", "This is the last admin.")


def _user(row: Row) -> User:
    return User(
        row["name"], Role(row["role"]), bool(row["must_change"]), bool(row["disabled"]), row["pin"] is not None,
        row["created_s"], row["created_by"],
    )  # fmt: skip
