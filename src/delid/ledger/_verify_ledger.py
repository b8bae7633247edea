"""Verifying a ledger in its database: the entries, and everything that was derived from them for finding them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, text
from sqlalchemy.exc import DatabaseError

from delid.core import collector_paused

from ._check import conclude, sort_out, walk_through
from ._checkpoint import Checkpoint
from ._engine import check_schema, open_engine, reading
from ._kinds import KINDS
from ._lines import StampLine
from ._lookup import COLUMNS
from ._payload import Payload
from ._stamp import check_stamps
from ._tables import checkpoints, entries, marks, nodes, stamps
from ._verdict import Terms, Verdict
from ._walk import Row, Walk

AT_ONCE = 2000
PAYLOAD, PREV = b',"payload":', b',"prev":"'
MARKED = frozenset(name for name, model in KINDS.items() if model.marks is not Payload.marks)


def verify_ledger(place: Path | str, terms: Terms | None = None, *, deep: bool = False) -> Verdict:
    """Verify a ledger in a file or at a URL. What is wrong is in the findings; LedgerError where there is none.

    ``deep`` also reads the inside of every payload, which takes several times as long; its bytes are checked anyway.
    """
    engine, given = open_engine(place), terms or Terms()
    try:
        check_schema(engine, place)
        verdict = Verdict(str(place))
        with reading(engine) as connection, collector_paused():
            try:
                _verify(connection, verdict, given, Walk(deep=deep))
            except DatabaseError as error:
                verdict.bad("the database", f"it cannot be read: {error.orig}")
        return verdict
    finally:
        engine.dispose()


def _verify(connection: Connection, verdict: Verdict, terms: Terms, walk: Walk) -> None:
    stored = connection.execute(select(checkpoints).order_by(checkpoints.c.size)).all()
    good = sort_out(verdict, (Checkpoint(bytes(row.statement), bytes(row.signature)) for row in stored))
    for row in stored:
        if all(row.size != checkpoint.size for checkpoint in good):
            verdict.bad(f"checkpoint of {row.size} entries", "what stands beside it does not fit what it says")
    expected: set[tuple[str, int]] = set()
    walk_through(verdict, walk, _rows(connection, expected), good, terms)
    if verdict.ok:
        _derived(connection, verdict, walk, expected)
    conclude(verdict, good[-1] if good else None, terms)
    kept = [StampLine(row.size, row.authority, bytes(row.token)) for row in connection.execute(select(stamps))]
    check_stamps(verdict, good, kept, terms.stamp_roots)
    if verdict.ok and verdict.entries > verdict.signed:
        count = verdict.entries - verdict.signed
        verdict.notes.append(f"the last {count} entries are chained and not signed yet")


def _rows(connection: Connection, expected: set[tuple[str, int]]) -> Iterator[Row]:
    for row in _stored(connection):
        seq, _, _, _, kind, body, leaf = row
        if type(body) is not bytes or type(leaf) is not bytes:
            yield Row(b"", b"", row[:5], "what is stored are no bytes")
            continue
        if kind in MARKED:
            expected |= _marks(seq, kind, body)
        yield Row(body, leaf, row[:5])


def _stored(connection: Connection) -> Iterator[Any]:
    """All rows in their order."""
    query = select(*COLUMNS).where(entries.c.seq > bindparam("after")).order_by(entries.c.seq).limit(AT_ONCE)
    after: Any = -(2**62)
    while rows := _fetch(connection, query, after=after):
        yield from rows
        after = rows[-1][0]


def _fetch(connection: Connection, query: Select[Any], **given: Any) -> list[tuple[Any, ...]]:
    """The rows straight from the driver: a million of them pass here."""
    compiled = query.compile(dialect=connection.dialect)
    values, positions = {**compiled.params, **given}, compiled.positiontup
    cursor = connection.connection.cursor()
    try:
        cursor.execute(str(compiled), tuple(values[name] for name in positions) if positions else values)
        return list(cursor.fetchall())
    finally:
        cursor.close()


def _marks(seq: int, kind: str, body: bytes) -> set[tuple[str, int]]:
    """The marks that an entry has; none where it is not what its kind says, which a deep walk finds out."""
    begin, end = body.find(PAYLOAD) + len(PAYLOAD), body.rfind(PREV)
    try:
        return {(mark, seq) for mark in KINDS[kind].model_validate_json(body[begin:end]).marks()}
    except ValueError:
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
    found = set(_fetch(connection, select(marks.c.mark, marks.c.seq)))
    for mark, seq in sorted(found ^ expected, key=lambda pair: pair[1]):
        word = "stands beside it, and it does not say so" if (mark, seq) in found else "is missing beside it"
        verdict.bad(f"entry {seq}", f"the mark {mark!r} {word}", seq)
        return
    if connection.dialect.name == "sqlite":
        said = connection.execute(text("PRAGMA integrity_check(1)")).scalar()
        if said != "ok":
            verdict.bad("the database", f"SQLite finds it damaged: {said}")
