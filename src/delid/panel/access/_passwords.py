"""Passwords and PINs: argon2id, its cost, and what is too easy to guess."""

from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import Executor as Pool
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from delid.core import PanelError

from .._refusals import refusal

MIN_PASSWORD, MAX_PASSWORD = 10, 128
MIN_PIN, MAX_PIN = 6, 12
AT_ONCE = 2
"""Hashes worked on at the same time; each takes its memory."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs: the second recommendation of RFC 9106, section 4."""

    passes: int = 3
    memory_kib: int = 65_536
    lanes: int = 4


class Passwords:
    """Hashes and verifies with argon2id, off the event loop and a few at a time."""

    def __init__(self, pool: Pool, cost: Cost) -> None:
        self._hasher = PasswordHasher(cost.passes, cost.memory_kib, cost.lanes)
        self._pool = pool
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, secret: str) -> str:
        async with self._slots:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._hasher.hash, secret)

    async def verify(self, stored: str | None, secret: str) -> bool:
        """False for None too, after the same work, so that time does not tell which names exist."""
        async with self._slots:
            good = await asyncio.get_running_loop().run_in_executor(
                self._pool, self._matches, stored or self._nobody, secret
            )
        return good and stored is not None

    def _matches(self, stored: str, secret: str) -> bool:
        try:
            return self._hasher.verify(stored, secret)
        except (VerificationError, InvalidHashError):
            return False


def check_password(name: str, password: str) -> None:
    """Raises PanelError ``panel.weak`` for a password that is too short, too long or plainly guessable."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise _weak(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
    folded = password.casefold()
    if len(set(folded)) < 5 or name.casefold() in folded or folded.startswith(("password", "delid", "12345", "qwert")):
        raise _weak("This password is among the first that somebody would try.")


def check_pin(pin: str) -> None:
    """Raises PanelError ``panel.weak`` for a PIN that is no number, of the wrong length, or plainly guessable."""
    if not pin.isascii() or not pin.isdigit() or not MIN_PIN <= len(pin) <= MAX_PIN:
        raise _weak(f"A PIN has {MIN_PIN} to {MAX_PIN} digits.")
    steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(pin)}
    if len(steps) == 1 and steps <= {0, 1, 9}:
        raise _weak("A PIN that is one digit repeated, or counts up or down, is easy to guess.")


def _weak(message: str) -> PanelError:
    return refusal("panel.weak", message)
