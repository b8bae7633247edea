"""Verifying a ledger in its database: the entries, and everything that was derived from them for finding them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DatabaseError

from ._check import conclude, sort_out, walk_through
from ._checkpoint import Checkpoint
from ._engine import check_schema, open_engine, reading
from ._entry import Entry
from ._kinds import KINDS
from ._lookup import COLUMNS
from ._payload import Payload
from ._tables import checkpoints, entries, marks, nodes
from ._verdict import Terms, Verdict
from ._walk import Row, Walk

MARKED = frozenset(name for name, model in KINDS.items() if model.marks is not Payload.marks)


def verify_ledger(place: Path | str, terms: Terms | None = None) -> Verdict:
    """Verify a ledger in a file or at a URL. What is wrong is in the findings; LedgerError where there is none."""
    engine, given = open_engine(place), terms or Terms()
    try:
        check_schema(engine, place)
        verdict = Verdict(str(place))
        with reading(engine) as connection:
            try:
                _verify(connection, verdict, given)
            except DatabaseError as error:
                verdict.bad("the database", f"it cannot be read: {error.orig}")
        return verdict
    finally:
        engine.dispose()


def _verify(connection: Connection, verdict: Verdict, terms: Terms) -> None:
    stored = connection.execute(select(checkpoints).order_by(checkpoints.c.size)).all()
    good = sort_out(verdict, (Checkpoint(bytes(row.statement), bytes(row.signature)) for row in stored))
    for row in stored:
        if all(row.size != checkpoint.size for checkpoint in good):
            verdict.bad(f"checkpoint of {row.size} entries", "what stands beside it does not fit what it says")
    expected: set[tuple[str, int]] = set()
    walk = walk_through(verdict, _rows(connection, expected), good, terms)
    if verdict.ok:
        _derived(connection, verdict, walk, expected)
    conclude(verdict, good[-1] if good else None, terms)
    if verdict.ok and verdict.entries > verdict.signed:
        count = verdict.entries - verdict.signed
        verdict.notes.append(f"the last {count} entries are chained and not signed yet")


def _rows(connection: Connection, expected: set[tuple[str, int]]) -> Iterator[Row]:
    query = select(*COLUMNS).order_by(entries.c.seq)
    streamed = connection.execution_options(stream_results=True, yield_per=1000)
    for seq, at, battery, number, kind, body, leaf in streamed.execute(query):
        beside = (seq, at, battery, number, kind)
        if not isinstance(body, bytes) or not isinstance(leaf, bytes):
            yield Row(b"", b"", beside, "what is stored are no bytes")
            continue
        if kind in MARKED:
            expected |= _marks(Entry(*beside, body, leaf))
        yield Row(body, leaf, beside)


def _marks(entry: Entry) -> set[tuple[str, int]]:
    """The marks that an entry has; none where it is not what its kind says, which the walk finds out."""
    try:
        return {(mark, entry.seq) for mark in KINDS[entry.kind].model_validate(entry.payload).marks()}
    except (ValueError, KeyError, TypeError):
        return set()


def _derived(connection: Connection, verdict: Verdict, walk: Walk, expected: set[tuple[str, int]]) -> None:
    """What is not signed itself, because it follows from the entries: block roots, marks, indexes."""
    stored = {(row.level, row.number, bytes(row.hash)) for row in connection.execute(select(nodes))}
    for level, number, _ in sorted(stored.symmetric_difference(walk.blocks)):
        begin = number << level
        verdict.bad(
            f"stored hashes of entries {begin} to {begin + (1 << level) - 1}", "they are not those of the entries"
        )
        return
    found = {(row.mark, row.seq) for row in connection.execute(select(marks))}
    for mark, seq in sorted(found ^ expected, key=lambda pair: pair[1]):
        word = "stands beside it, and it does not say so" if (mark, seq) in found else "is missing beside it"
        verdict.bad(f"entry {seq}", f"the mark {mark!r} {word}", seq)
        return
    if connection.dialect.name == "sqlite":
        said = connection.execute(text("PRAGMA integrity_check(1)")).scalar()
        if said != "ok":
            verdict.bad("the database", f"SQLite finds it damaged: {said}")
