"""Appending: the end of the chain, and how it grows by one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from delid.core import LedgerError

from ._entry import FIRST_PREV, Entry, make_entry
from ._payload import Payload
from ._stored_tree import BLOCK, BLOCK_LEVELS, StoredTree
from ._straight import Straight
from ._tables import entries, marks, nodes
from ._tree import Frontier, frontier_of

TRIES = 20
"""How often an append is begun anew because another process was quicker."""
MOST_BATTERIES = 10_000
"""So many running numbers are kept in memory."""

Item = tuple[str, Payload]
"""Battery, and what is said of it."""


@dataclass(slots=True)
class Head:
    """The end of the chain: what the next entry builds on. ``fresh`` are leaves that ``tree`` does not hold yet."""

    last: bytes = FIRST_PREV
    tree: Frontier = field(default_factory=Frontier)
    fresh: list[bytes] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.tree.size + len(self.fresh)

    def settled(self) -> Frontier:
        """A tree of its own that holds all leaves."""
        tree = self.tree.copy()
        tree.extend(self.fresh, BLOCK_LEVELS)
        return tree


@dataclass(slots=True)
class Growth:
    """What one transaction adds, and the end of the chain after it."""

    head: Head
    made: list[Entry] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    nodes: list[tuple[int, int, bytes]] = field(default_factory=list)
    marks: list[tuple[str, int]] = field(default_factory=list)


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
        self._straight: Straight | None = None
        self._head: Head | None = None
        self._numbers: dict[str, int] = {}

    def append(self, items: Sequence[Item], feed: tuple[str, int] | None = None) -> list[Entry]:
        """Write entries in one transaction, durable when this returns; ``feed`` notes how far a source is taken over.

        Raises LedgerError ``ledger.write`` when the database refuses; then nothing of it is written.
        """
        with self._lock:
            for _ in range(TRIES):
                straight = self._straight or self._connect()
                try:
                    return self._try(straight, items, feed)
                except straight.conflicts:
                    self._forget()  # somebody else has appended
                except (straight.failures, DBAPIError) as error:
                    self._drop()
                    raise refused(self._engine, error) from error
            raise LedgerError("other processes append without a pause.", hint="Try again.", code="ledger.busy")

    def _try(self, straight: Straight, items: Sequence[Item], feed: tuple[str, int] | None) -> list[Entry]:
        if self._head is None:
            return self._anew(straight, items, feed)
        if len(items) == 1 and feed is None and (entry := self._alone(straight, self._head, *items[0])):
            return [entry]
        return self._known(straight, self._head, items, feed)

    def _alone(self, straight: Straight, head: Head, battery: str, payload: Payload) -> Entry | None:
        """One entry by one statement, as most are written; None where other rows have to be written with it."""
        number, seq = self._numbers.get(battery), head.size
        if number is None or not (seq + 1) % BLOCK or payload.marks():
            return None
        entry = make_entry(seq, self._at(), battery, number, payload, self.nonce(), head.last)
        straight.add_alone(entries, entry)
        head.fresh.append(entry.leaf)
        head.last, self._numbers[battery] = entry.leaf, number + 1
        return entry

    def _anew(self, straight: Straight, items: Sequence[Item], feed: tuple[str, int] | None) -> list[Entry]:
        """Behind the end of the chain as the database has it."""
        with straight.connection.begin():
            grown = self._write(straight, read_head(straight.connection), items, feed)
        return self._written(grown)

    def _known(
        self, straight: Straight, head: Head, items: Sequence[Item], feed: tuple[str, int] | None
    ) -> list[Entry]:
        """Behind the end of the chain that this process wrote; a conflict where another one has gone on."""
        straight.begin()
        try:
            grown = self._write(straight, head, items, feed)
            straight.commit()
        except BaseException:
            straight.roll_back()
            raise
        return self._written(grown)

    def _write(self, straight: Straight, head: Head, items: Sequence[Item], feed: tuple[str, int] | None) -> Growth:
        grown = self._grow(straight, head, items)
        straight.add(nodes, grown.nodes)
        straight.add(marks, grown.marks)
        straight.add(entries, grown.made)
        if feed is not None:
            straight.note(*feed)
        return grown

    def _written(self, grown: Growth) -> list[Entry]:
        self._head = grown.head
        if len(self._numbers) > MOST_BATTERIES:
            self._numbers = {}
        self._numbers |= grown.numbers
        return grown.made

    def _grow(self, straight: Straight, head: Head, items: Sequence[Item]) -> Growth:
        last, tree, grown = head.last, head.settled(), Growth(head)
        for battery, payload in items:
            number = grown.numbers.get(battery, self._numbers.get(battery))
            if number is None:
                number = straight.next_number(battery)
            entry = make_entry(tree.size, self._at(), battery, number, payload, self.nonce(), last)
            last, grown.numbers[battery] = entry.leaf, number + 1
            grown.made.append(entry)
            grown.marks += [(mark, entry.seq) for mark in dict.fromkeys(payload.marks())]
            grown.nodes += [found for found in tree.push(entry.leaf) if found[0] % BLOCK_LEVELS == 0]
        grown.head = Head(last, tree)
        return grown

    def head(self) -> Head:
        """The end of the chain, read anew."""
        with self._lock:
            try:
                connection = (self._straight or self._connect()).connection
                with connection.begin():
                    self._head = read_head(connection)
            except DBAPIError as error:
                self._drop()
                raise refused(self._engine, error) from error
            return self._head

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _connect(self) -> Straight:
        try:
            self._straight = Straight(self._engine)
        except DBAPIError as error:
            raise refused(self._engine, error) from error
        return self._straight

    def _drop(self) -> None:
        self._forget()
        if self._straight is not None:
            self._straight.close()
            self._straight = None

    def _forget(self) -> None:
        self._head = None
        self._numbers = {}


def refused(engine: Engine, error: Exception) -> LedgerError:
    """What a database's refusal to write becomes."""
    why = error.orig if isinstance(error, DBAPIError) else error
    return LedgerError(
        f"the ledger {engine.url.render_as_string()} cannot be written: {str(why).strip()}.",
        hint="Free space on its disk, or bring its database back; what was not acknowledged is not in it.",
        code="ledger.write",
    )
