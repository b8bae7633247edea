"""A writer's connection, used past SQLAlchemy, whose layers cost more with each statement than a fast disk does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table

from ._tables import entries, feeds, marks, nodes

BEGIN = {"sqlite": "BEGIN IMMEDIATE"}
"""A writer takes SQLite's lock at once, so that nobody comes between; other drivers begin by themselves."""
PLACE = {"qmark": "?", "format": "%s", "pyformat": "%s"}
"""How a driver writes the place of a value."""


class Straight:
    """Rows and transactions by the driver's own calls; every statement is prepared once and kept by the driver.

    ``connection`` is the same one for queries that are asked seldom. Raises ``failures``; ``conflicts`` are those of
    rows that are there already.
    """

    def __init__(self, engine: Engine) -> None:
        self.connection: Connection = engine.connect().execution_options(ledger_writes=True)
        driver, place = engine.dialect.loaded_dbapi, PLACE[engine.dialect.paramstyle]
        self.failures: type[Exception] = driver.Error
        self.conflicts: type[Exception] = driver.IntegrityError
        driven: Any = self.connection.connection.driver_connection
        self._driven, self._cursor = driven, driven.cursor()
        self._begin = BEGIN.get(engine.dialect.name)
        self._insert = {table: _insert_into(table, place) for table in (entries, marks, nodes)}
        self._last_number = f"SELECT max(number) FROM entries WHERE battery = {place}"
        self._feed = _insert_into(feeds, place) + " ON CONFLICT (source) DO UPDATE SET next = excluded.next"

    def begin(self) -> None:
        if self._begin is not None:
            self._cursor.execute(self._begin)

    def commit(self) -> None:
        self._driven.commit()

    def roll_back(self) -> None:
        self._driven.rollback()

    def add(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows with all columns of the table."""
        if len(rows) == 1:
            self._cursor.execute(self._insert[table], rows[0])
        elif rows:
            self._cursor.executemany(self._insert[table], rows)

    def add_alone(self, table: Table, row: tuple[Any, ...]) -> None:
        """Insert one row in a transaction of its own; durable when this returns."""
        if self._begin is not None:
            self._cursor.execute(self._insert[table], row)  # SQLite ends a statement's own transaction with it
            return
        try:
            self._cursor.execute(self._insert[table], row)
            self.commit()
        except BaseException:
            self.roll_back()
            raise

    def next_number(self, battery: str) -> int:
        """The running number of the battery's next entry."""
        self._cursor.execute(self._last_number, (battery,))
        (last,) = self._cursor.fetchone()
        return 0 if last is None else int(last) + 1

    def note(self, source: str, next: int) -> None:
        """How far a source has been taken over."""
        self._cursor.execute(self._feed, (source, next))

    def close(self) -> None:
        """Give the connection back; the pool does away with one that is broken."""
        self._cursor.close()
        self.connection.close()


def _insert_into(table: Table, place: str) -> str:
    names: Iterable[str] = [f'"{column.name}"' for column in table.columns]
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([place] * len(table.columns))})"
