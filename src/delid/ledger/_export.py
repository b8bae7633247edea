"""Writing exports: the whole ledger, or one battery's entries with proofs that show nothing of the others."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from delid.core import LedgerError

from . import _lookup as lookup
from ._checkpoint import Checkpoint
from ._engine import reading
from ._entry import Entry, stamp
from ._keys import SigningKey
from ._ledger import Ledger
from ._lines import Consistency, EntryLine, Header, StampLine, checkpoint_line, make_seal
from ._stored_tree import StoredTree
from ._tables import entries, stamps
from ._tree import consistency_path, inclusion_path

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. ``unsigned`` entries are newer than the last checkpoint, and are not in it."""

    path: Path
    entries: int
    size: int
    unsigned: int
    sealed: bool


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an export is to hold: everything up to the last checkpoint, or one battery's part of it."""

    ledger: Ledger
    checkpoints: list[Checkpoint]
    battery: str | None
    since: int | None

    @property
    def size(self) -> int:
        return self.checkpoints[-1].size


def export_ledger(
    ledger: Ledger,
    out: Path,
    *,
    battery: str | None = None,
    key: SigningKey | None = None,
    challenge: str = "",
    since: int | None = None,
) -> Exported:
    """Write an export into a new file; the arguments are those of ``export_lines``."""
    count = 0
    try:
        with out.open("xb") as file:
            for line in export_lines(ledger, battery=battery, key=key, challenge=challenge, since=since):
                file.write(line + b"\n")
                count += line.startswith(b'{"entry":')
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise LedgerError(
            f"{out} cannot be written: {error}.", hint="Name a new file.", code="ledger.export"
        ) from error
    except LedgerError:
        out.unlink()
        raise
    size = ledger.checkpoints()[-1].size
    return Exported(out, count, size, ledger.size() - size, key is not None)


def export_lines(
    ledger: Ledger,
    *,
    battery: str | None = None,
    key: SigningKey | None = None,
    challenge: str = "",
    since: int | None = None,
) -> Iterator[bytes]:
    """The lines of an export, without their ends.

    Args:
        battery: only the entries of this battery, its earlier identities and its modules, each with its proof.
        key: signs a fresh checkpoint and a seal over the whole file; without it the last checkpoint has to do.
        challenge: the asker's own word, which goes into the seal, so that an older export cannot answer for this one.
        since: the size that the reader has verified before; adds the proof that nothing of that has changed.
    """
    if challenge and key is None:
        raise LedgerError("an answer to a challenge is sealed.", hint="Name the key: --key FILE.", code="ledger.key")
    if key is not None:
        ledger.checkpoint(key)
    signed = ledger.checkpoints()
    if not signed:
        raise LedgerError("nothing of it is signed yet.", hint="Name the key: --key FILE.", code="ledger.unsigned")
    digest = hashlib.sha256()
    with reading(ledger.engine) as connection:
        for line in _lines(_Wanted(ledger, signed, battery, since), connection):
            digest.update(line + b"\n")
            yield line
    if key is not None:
        yield make_seal(ledger.name, digest.hexdigest(), stamp(ledger.clock.wall_s()), challenge, key).line()


def _lines(wanted: _Wanted, connection: Connection) -> Iterator[bytes]:
    name, size = wanted.ledger.name, wanted.size
    if wanted.battery is None:
        yield Header(name, size).line()
        for found in _all(connection, size):
            yield EntryLine(found.body, found.leaf).line()
        kept = wanted.checkpoints
    else:
        chosen = _chosen(connection, wanted.battery, size)
        yield Header(name, len(chosen), wanted.battery).line()
        tree = StoredTree(connection)
        for found in chosen:
            path = tuple(inclusion_path(found.seq, size, tree.subtree))
            yield EntryLine(found.body, found.leaf, path).line()
        kept = wanted.checkpoints[-1:]
        if wanted.since is not None and 0 < wanted.since < size:
            yield Consistency(wanted.since, tuple(consistency_path(wanted.since, size, tree.subtree))).line()
    for checkpoint in kept:
        yield checkpoint_line(checkpoint)
        for row in connection.execute(select(stamps).where(stamps.c.size == checkpoint.size)):
            yield StampLine(row.size, row.authority, bytes(row.token)).line()


def _all(connection: Connection, size: int) -> Iterator[Entry]:
    query = select(*lookup.COLUMNS).where(entries.c.seq < size).order_by(entries.c.seq)
    streamed = connection.execution_options(stream_results=True, yield_per=AT_ONCE)
    for row in streamed.execute(query):
        yield lookup.entry_of(row)


def _chosen(connection: Connection, battery: str, size: int) -> list[Entry]:
    """The battery's entries, and those that name the ledger's keys."""
    known = lookup.family_of(connection, battery)
    names = dict.fromkeys((known.battery, *known.provisional, *known.modules))
    found = [entry for name in names for entry in lookup.of_battery(connection, name)]
    if not found:
        raise LedgerError(
            f"there is nothing about {battery}.", hint="delid ledger find lists batteries.", code="ledger.no_battery"
        )
    found += lookup.marked(connection, "kind:key")
    return sorted((entry for entry in found if entry.seq < size), key=lambda entry: entry.seq)
