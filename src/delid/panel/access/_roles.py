"""Who may do what: roles from least to most, the scopes of tokens, and a person as the server knows them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"
    """Sees everything of the cell, changes nothing."""
    OPERATOR = "operator"
    """Runs the cell: reset, start, answers, alarms."""
    ENGINEER = "engineer"
    """Packs, recipes, manual mode, diagnostics."""
    ADMIN = "admin"
    """Users, tokens, audit."""

    def covers(self, other: Role) -> bool:
        """True if this role may do all that ``other`` may."""
        return RANK[self] >= RANK[other]


RANK = {role: rank for rank, role in enumerate(Role)}


class Scope(StrEnum):
    """What a token may be used for; a person has all that the role has."""

    VIEW = "view"
    COMMAND = "command"
    ALARMS = "alarms"
    PACKS = "packs"
    RECIPES = "recipes"
    DIAGNOSTICS = "diagnostics"
    ADMIN = "admin"
    """No token has it: users and tokens are managed by people."""


class Via(StrEnum):
    """How the server knows who it is."""

    SESSION = "session"
    TOKEN = "token"
    OPEN = "open"
    """Open mode: no login is asked for, on this machine only."""
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, from where, and with which rights now.

    Attributes:
        role: None for somebody who is not logged in.
        session: digest of the session, for its own bookkeeping.
        locked: the session was idle too long; it may look, hold and stop.
        stepped_up: the PIN was given lately.
        scopes: of a token; None for a person.
        must_change: the password was given by somebody else and must be changed first.
    """

    name: str
    role: Role | None
    via: Via
    address: str
    session: str = ""
    locked: bool = False
    stepped_up: bool = False
    scopes: frozenset[Scope] | None = None
    must_change: bool = False

    @property
    def is_local(self) -> bool:
        """True on the machine itself: the local panel."""
        return self.address in ("127.0.0.1", "::1") or self.address.startswith("127.")
