"""What a verification found, and what it goes by besides the ledger itself."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from delid.core import LedgerError

from ._keys import PublicKey


@dataclass(frozen=True, slots=True)
class Finding:
    """Something is not as it was written.

    Attributes:
        where: for people: an entry, a checkpoint, a line.
        why: what does not fit.
        seq: number of the first entry concerned, where it is about entries.
        until: the bad entry lies before this number, where no better place can be told.
    """

    where: str
    why: str
    seq: int | None = None
    until: int | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


@dataclass(slots=True)
class Verdict:
    """The outcome of a verification.

    Attributes:
        what: what was verified.
        entries: how many entries were checked.
        signed: how many of the ledger's entries the newest good checkpoint covers.
        key: id of the key that signed it.
        trusted: whether that is the key that the reader brought along.
        findings: what is wrong; the first bad entry first. Empty: nothing was changed.
        notes: what the reader should know besides.
    """

    what: str
    ledger: str = ""
    battery: str | None = None
    entries: int = 0
    signed: int = 0
    root: bytes = b""
    key: str = ""
    signed_at: str = ""
    trusted: bool = False
    sealed: bool = False
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings

    def bad(self, where: str, why: str, seq: int | None = None, until: int | None = None) -> None:
        self.findings.append(Finding(where, why, seq, until))


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest state of a ledger that a reader has verified before."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Terms:
    """What the reader brings along.

    Attributes:
        key: the public key that must have signed. Without it a verification shows only that the ledger agrees with
            itself.
        seen: by the name of the ledger, what was verified before; anything older is refused.
        challenge: the word that the seal of the export must hold.
        stamp_roots: certificates (PEM) that time stamps must lead to; without them time stamps are not looked at.
    """

    key: PublicKey | None = None
    seen: Mapping[str, Seen] = field(default_factory=dict)
    challenge: str = ""
    stamp_roots: tuple[bytes, ...] = ()


def read_seen(path: Path) -> dict[str, Seen]:
    """What the file remembers; nothing where it is not there yet."""
    try:
        found = json.loads(path.read_bytes())
        return {name: Seen(int(said["size"]), bytes.fromhex(said["root"])) for name, said in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        hint = "Name the file that an earlier verify --remember wrote, or a new one."
        raise LedgerError(f"{path} cannot be read: {error}.", hint=hint, code="ledger.seen") from error


def remember(path: Path, verdict: Verdict) -> None:
    """Note what was verified, so that nothing older passes the next time."""
    seen = {**read_seen(path), verdict.ledger: Seen(verdict.signed, verdict.root)}
    text = json.dumps({name: {"size": s.size, "root": s.root.hex()} for name, s in sorted(seen.items())}, indent=2)
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text + "\n", encoding="utf-8")
    os.replace(fresh, path)
