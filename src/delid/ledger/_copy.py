"""Moving a ledger into another database, with every byte that a proof is about."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from delid.core import LedgerError

from ._engine import check_schema, open_engine, reading, upgrade
from ._keys import PublicKey
from ._tables import checkpoints, entries, feeds, marks, nodes, people, stamps
from ._verdict import Terms, Verdict
from ._verify_ledger import verify_ledger
from ._writer import size_of

EVERYTHING = (entries, nodes, checkpoints, stamps, marks, people, feeds)
AT_ONCE = 1000


def copy_ledger(source: str | Path, target: str | Path, key: PublicKey | None = None) -> int:
    """Copy all tables into an empty database and verify the copy; returns the number of entries.

    Raises LedgerError where the source does not verify, the target is not empty, or the copy is not the same.
    """
    before = _good(source, verify_ledger(source, Terms(key)))
    old, new = open_engine(source), open_engine(target, create=True)
    try:
        check_schema(old, source)
        upgrade(new)
        with reading(old) as reader, new.connect().execution_options(ledger_writes=True) as writer, writer.begin():
            if size_of(writer):
                raise LedgerError(f"{target} is not empty.", hint="Name an empty database.", code="ledger.exists")
            for table in EVERYTHING:
                _copy(reader, writer, table)
    finally:
        old.dispose()
        new.dispose()
    after = _good(target, verify_ledger(target, Terms(key)))
    if (after.root, after.entries) != (before.root, before.entries):
        raise LedgerError(f"{target} is not the same as {source}.", hint="Copy it anew.", code="ledger.copy")
    return after.entries


def _good(place: str | Path, verdict: Verdict) -> Verdict:
    if not verdict.ok:
        raise LedgerError(
            f"{place} does not verify: {verdict.findings[0]}.",
            hint="Keep it as it is, and find out who or what changed it.",
            code="ledger.broken",
        )
    return verdict


def _copy(reader: Connection, writer: Connection, table: Table) -> None:
    streamed = reader.execution_options(stream_results=True, yield_per=AT_ONCE)
    rows: Iterator[Any] = iter(streamed.execute(select(table)).mappings())
    while part := [dict(row) for row in islice(rows, AT_ONCE)]:
        writer.execute(insert(table), part)
