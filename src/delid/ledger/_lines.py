"""The lines of an export: one JSON object each, in exactly one form. docs/ledger.md describes them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from delid.core import LedgerError

from ._canonical import canonical, parse, parse_canonical
from ._checkpoint import Checkpoint
from ._entry import Entry, read_entry
from ._keys import SEAL, PublicKey, SigningKey

ENTRY, LEAF = b'{"entry":', b',"leaf":"'
SEAL_LINE = b'{"seal":'
VERSION = 1


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry, its leaf hash, and, in the export of one battery, its audit path."""

    body: bytes
    leaf: bytes
    path: tuple[bytes, ...] | None = None

    def line(self) -> bytes:
        if self.path is None:
            return b'%b%b%b%b"}' % (ENTRY, self.body, LEAF, self.leaf.hex().encode())
        hashes = ",".join(f'"{step.hex()}"' for step in self.path).encode()
        return b'%b%b%b%b","proof":[%b]}' % (ENTRY, self.body, LEAF, self.leaf.hex().encode(), hashes)


@dataclass(frozen=True, slots=True)
class StampLine:
    """A time stamp (RFC 3161) of the checkpoint of this size."""

    size: int
    authority: str
    token: bytes

    def line(self) -> bytes:
        token = base64.b64encode(self.token).decode()
        return canonical({"stamp": {"authority": self.authority, "size": self.size, "token": token}})


@dataclass(frozen=True, slots=True)
class Header:
    """What an export is about: the whole ledger, or one battery."""

    ledger: str
    entries: int
    battery: str | None = None

    def line(self) -> bytes:
        said = {"battery": self.battery, "entries": self.entries, "ledger": self.ledger, "v": VERSION}
        return canonical({"export": said})


@dataclass(frozen=True, slots=True)
class Consistency:
    """The proof that the ledger begins with what it was at an earlier size."""

    old: int
    path: tuple[bytes, ...]

    def line(self) -> bytes:
        return canonical({"consistency": {"old": self.old, "path": [step.hex() for step in self.path]}})


@dataclass(frozen=True, slots=True)
class Seal:
    """The last line: a signature over every byte before it. ``challenge`` is the asker's own word."""

    statement: bytes
    signature: bytes

    @property
    def content(self) -> Mapping[str, Any]:
        found = parse_canonical(self.statement)
        if not isinstance(found, dict) or not all(type(value) is str for value in found.values()):
            raise ValueError("it is no seal")
        if found.keys() != {"at", "challenge", "key", "ledger", "sha256"}:
            raise ValueError("it does not have the fields of a seal")
        return found

    def line(self) -> bytes:
        return b'%b%b,"signature":"%b"}' % (SEAL_LINE, self.statement, self.signature.hex().encode())

    def signed_by(self, key: PublicKey) -> bool:
        return key.signed(SEAL, self.statement, self.signature)


def make_seal(ledger: str, sha256: str, at: str, challenge: str, key: SigningKey) -> Seal:
    content = {"at": at, "challenge": challenge, "key": key.public.id, "ledger": ledger, "sha256": sha256}
    statement = canonical(content)
    return Seal(statement, key.sign(SEAL, statement))


def checkpoint_line(checkpoint: Checkpoint) -> bytes:
    return b'{"checkpoint":%b,"signature":"%b"}' % (checkpoint.statement, checkpoint.signature.hex().encode())


Line = Header | EntryLine | Checkpoint | StampLine | Consistency | Seal


def read_line(line: bytes) -> Line:
    """What a line says; ValueError where it is none, or says it in another form."""
    found = _read(line)
    form = checkpoint_line(found) if isinstance(found, Checkpoint) else found.line()
    if form != line:
        raise ValueError("it is not in the form of an export")
    return found


def _read(line: bytes) -> Line:
    if line.startswith(ENTRY):
        return _entry_line(line)
    content = parse(line)
    if not isinstance(content, dict):
        raise ValueError("it is no line of an export")
    match content:
        case {"export": {"battery": None | str() as battery, "entries": int(n), "ledger": str(name), "v": 1}}:
            return Header(name, n, battery)
        case {"checkpoint": dict(), "signature": str(signature)}:
            return Checkpoint(_inner(line, b'{"checkpoint":'), bytes.fromhex(signature))
        case {"seal": dict(), "signature": str(signature)}:
            return Seal(_inner(line, SEAL_LINE), bytes.fromhex(signature))
        case {"stamp": {"authority": str(authority), "size": int(size), "token": str(token)}}:
            return StampLine(size, authority, base64.b64decode(token, validate=True))
        case {"consistency": {"old": int(old), "path": list(path)}}:
            return Consistency(old, tuple(bytes.fromhex(step) for step in path))
    raise ValueError("it is no line of an export of this version")


def _entry_line(line: bytes) -> EntryLine:
    at = line.rindex(LEAF)
    leaf, rest = line[at + len(LEAF) :][:64], line[at + len(LEAF) + 64 :]
    path = None
    if rest != b'"}':
        said = parse(b'{"leaf":"' + rest)
        path = tuple(bytes.fromhex(step) for step in said["proof"])
    return EntryLine(line[len(ENTRY) : at], bytes.fromhex(leaf.decode("ascii")), path)


def _inner(line: bytes, head: bytes) -> bytes:
    return line[len(head) : line.rindex(b',"signature":"')]


@dataclass(slots=True)
class Export:
    """An export as it was read, nothing of it verified.

    Attributes:
        header: what it is about.
        entries: in the order of their numbers.
        paths: for the export of a battery, the audit path of each entry.
    """

    header: Header
    entries: list[Entry] = field(default_factory=list)
    paths: list[tuple[bytes, ...] | None] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    stamps: list[StampLine] = field(default_factory=list)
    consistency: list[Consistency] = field(default_factory=list)
    seal: Seal | None = None

    def entries_of(self, battery: str) -> list[Entry]:
        """The entries under this identity."""
        return [entry for entry in self.entries if entry.battery == battery]


def read_export(path: Path | str) -> Export:
    """Read an export without verifying it; LedgerError ``ledger.export`` where it is none."""
    number = 0
    try:
        with Path(path).open("rb") as file:
            found: Export | None = None
            for line in file:
                number += 1
                said = read_line(line.rstrip(b"\n"))
                if found is None:
                    if not isinstance(said, Header):
                        raise ValueError("it is not the first line of an export")
                    found = Export(said)
                else:
                    _add(found, said)
    except OSError as error:
        raise no_export(path, str(error)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise no_export(f"{path}:{number}", str(error)) from error
    if found is None:
        raise no_export(path, "it is empty")
    return found


def _add(export: Export, said: Line) -> None:
    if export.seal is not None:
        raise ValueError("something stands behind the seal")
    match said:
        case EntryLine(body, _, steps):
            export.entries.append(read_entry(body))
            export.paths.append(steps)
        case Checkpoint():
            export.checkpoints.append(said)
        case StampLine():
            export.stamps.append(said)
        case Consistency():
            export.consistency.append(said)
        case Seal():
            export.seal = said
        case Header():
            raise ValueError("an export has one first line")


def no_export(where: object, why: str) -> LedgerError:
    return LedgerError(
        f"{where}: this is no export of a ledger: {why}.",
        hint="delid ledger export makes one; verify says what is wrong with one that was changed.",
        code="ledger.export",
    )
