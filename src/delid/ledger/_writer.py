"""Appending: the end of the chain, and how it grows by one transaction."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, Table, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from delid.core import LedgerError

from ._entry import FIRST_PREV, Entry, make_entry
from ._payload import Payload
from ._stored_tree import BLOCK_LEVELS, StoredTree
from ._tables import entries, marks, nodes
from ._tree import Frontier, frontier_of

TRIES = 20
"""How often an append is begun anew because another process was quicker."""
MOST_BATTERIES = 10_000
"""So many running numbers are kept in memory."""
UPSERT = text(
    "INSERT INTO feeds (source, next) VALUES (:source, :next) ON CONFLICT (source) DO UPDATE SET next = :next"
)

Item = tuple[str, Payload]
"""Battery, and what is said of it."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: what the next entry builds on."""

    last: bytes = FIRST_PREV
    tree: Frontier = field(default_factory=Frontier)


@dataclass(slots=True)
class Growth:
    """What one transaction adds, and the end of the chain after it."""

    head: Head
    made: list[Entry] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    nodes: list[dict[str, object]] = field(default_factory=list)
    marks: list[dict[str, object]] = field(default_factory=list)


def size_of(connection: Connection) -> int:
    """How many entries there are."""
    last = connection.execute(select(func.max(entries.c.seq))).scalar()
    return 0 if last is None else int(last) + 1


def read_head(connection: Connection) -> Head:
    """The end of the chain as the database has it."""
    size = size_of(connection)
    stored = StoredTree(connection)
    return Head(stored.subtree(0, size - 1), frontier_of(size, stored.subtree)) if size else Head()


class Writer:
    """The one place of a process that appends.

    Several processes may append to one ledger: running numbers are unique in the database, and whoever finds that the
    end of the chain has moved reads it and begins anew.
    """

    def __init__(self, engine: Engine, nonce: Callable[[], str], at: Callable[[], str]) -> None:
        self._engine, self.nonce, self._at = engine, nonce, at
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._head: Head | None = None
        self._numbers: dict[str, int] = {}

    def append(self, items: Sequence[Item], feed: tuple[str, int] | None = None) -> list[Entry]:
        """Write entries in one transaction, durable when this returns; ``feed`` notes how far a source is taken over.

        Raises LedgerError ``ledger.write`` when the database refuses; then nothing of it is written.
        """
        with self._lock:
            for _ in range(TRIES):
                try:
                    return self._try(items, feed)
                except IntegrityError:
                    self._forget()  # somebody else has appended
                except DBAPIError as error:
                    self._drop()
                    raise refused(self._engine, error) from error
            raise LedgerError("other processes append without a pause.", hint="Try again.", code="ledger.busy")

    def _try(self, items: Sequence[Item], feed: tuple[str, int] | None) -> list[Entry]:
        connection = self._connect()
        with connection.begin():
            head = self._head or read_head(connection)
            grown = self._grow(connection, head, items)
            add_rows(connection, nodes, grown.nodes)
            add_rows(connection, marks, grown.marks)
            add_rows(connection, entries, [row_of(entry) for entry in grown.made])
            if feed is not None:
                connection.execute(UPSERT, {"source": feed[0], "next": feed[1]})
        self._head = grown.head
        if len(self._numbers) > MOST_BATTERIES:
            self._numbers = {}
        self._numbers |= grown.numbers
        return grown.made

    def _grow(self, connection: Connection, head: Head, items: Sequence[Item]) -> Growth:
        last, tree, grown = head.last, head.tree.copy(), Growth(head)
        for battery, payload in items:
            number = grown.numbers.get(battery, self._numbers.get(battery))
            if number is None:
                number = next_number(connection, battery)
            entry = make_entry(tree.size, self._at(), battery, number, payload, self.nonce(), last)
            last, grown.numbers[battery] = entry.leaf, number + 1
            grown.made.append(entry)
            grown.marks += [{"mark": mark, "seq": entry.seq} for mark in dict.fromkeys(payload.marks())]
            grown.nodes += stored_nodes(tree, entry.leaf)
        grown.head = Head(last, tree)
        return grown

    def head(self) -> Head:
        """The end of the chain, read anew."""
        with self._lock:
            try:
                with self._connect().begin():
                    self._head = read_head(self._connect())
            except DBAPIError as error:
                self._drop()
                raise refused(self._engine, error) from error
            return self._head

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(ledger_writes=True)
        return self._connection

    def _drop(self) -> None:
        self._forget()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _forget(self) -> None:
        self._head = None
        self._numbers = {}


def add_rows(connection: Connection, table: Table, rows: Sequence[dict[str, object]]) -> None:
    """Insert rows of the same columns, past the compiler of expressions, which costs more than the database."""
    if rows:
        statement = _insert_into(table.name, tuple(rows[0]), connection.dialect.paramstyle)
        values = [tuple(row.values()) for row in rows]
        connection.exec_driver_sql(statement, values if len(values) > 1 else values[0])


@functools.cache
def _insert_into(table: str, columns: tuple[str, ...], style: str) -> str:
    place = "?" if style == "qmark" else "%s"
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join([place] * len(columns))})"


def next_number(connection: Connection, battery: str) -> int:
    """The running number of the battery's next entry."""
    query = select(func.max(entries.c.number)).where(entries.c.battery == battery)
    last = connection.execute(query).scalar()
    return 0 if last is None else int(last) + 1


def row_of(entry: Entry) -> dict[str, object]:
    """An entry as a row of its table."""
    return {
        "seq": entry.seq,
        "at": entry.at,
        "battery": entry.battery,
        "number": entry.number,
        "kind": entry.kind,
        "body": entry.body,
        "leaf": entry.leaf,
    }


def stored_nodes(tree: Frontier, leaf: bytes) -> list[dict[str, object]]:
    """Add a leaf; returns the rows of the blocks that it completes."""
    completed = tree.push(leaf)
    return [{"level": lv, "number": n, "hash": value} for lv, n, value in completed if lv % BLOCK_LEVELS == 0]


def refused(engine: Engine, error: DBAPIError) -> LedgerError:
    """What a database's refusal to write becomes."""
    return LedgerError(
        f"the ledger {engine.url.render_as_string()} cannot be written: {str(error.orig).strip()}.",
        hint="Free space on its disk, or bring its database back; what was not acknowledged is not in it.",
        code="ledger.write",
    )
