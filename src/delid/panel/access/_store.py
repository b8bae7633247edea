"""The panel's own file: users, sessions, tokens and the audit list, in SQLite, readable by the service's user only.

Reads are made where they are needed and take microseconds; writes go through one thread, in their order, and are on
the disk when ``write`` returns.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from delid.core import UsageError

FILE_NAME = "panel.sqlite"
TABLES = """
CREATE TABLE users (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL, pin TEXT, must_change INTEGER NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0, created_s REAL NOT NULL, created_by TEXT NOT NULL
);
CREATE TABLE sessions (
    digest TEXT PRIMARY KEY, user TEXT NOT NULL, address TEXT NOT NULL, began_s REAL NOT NULL, seen_s REAL NOT NULL
);
CREATE TABLE tokens (
    id TEXT PRIMARY KEY, digest TEXT NOT NULL, title TEXT NOT NULL, owner TEXT NOT NULL, role TEXT NOT NULL,
    scopes TEXT NOT NULL, created_s REAL NOT NULL, expires_s REAL NOT NULL, used_s REAL
);
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY, at_s REAL NOT NULL, who TEXT NOT NULL, role TEXT NOT NULL, via TEXT NOT NULL,
    address TEXT NOT NULL, what TEXT NOT NULL, target TEXT NOT NULL, status INTEGER NOT NULL, code TEXT NOT NULL,
    detail TEXT NOT NULL, prev TEXT NOT NULL, digest TEXT NOT NULL
);
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit list is append-only'); END;
CREATE TRIGGER audit_remains BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit list is append-only'); END;
"""
REPLIES = """
CREATE TABLE replies (
    who TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, at_s REAL NOT NULL, status INTEGER,
    media_type TEXT, body BLOB, PRIMARY KEY (who, key)
);
CREATE INDEX replies_at ON replies (at_s);
"""
STEPS = (TABLES, REPLIES)
"""What makes each version of the file out of the one before."""

Row = sqlite3.Row
T = TypeVar("T")


class Store:
    """Opens or makes ``folder/panel.sqlite``; raises UsageError ``usage.panel_data`` where that cannot be."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        try:
            _make_private(folder, self.path)
            self._writer = _connect(self.path)
            with self._writer:
                _migrate(self._writer)
            self._reader = _connect(self.path)
        except (OSError, sqlite3.Error) as error:
            raise UsageError(
                f"The panel cannot keep its data in {self.path}: {error}.",
                hint="Give a folder that the service's user can write to with --data.",
                code="usage.panel_data",
            ) from error
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="panel-store")

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> list[Row]:
        return self._reader.execute(query, values).fetchall()

    def row(self, query: str, values: tuple[Any, ...] = ()) -> Row | None:
        found = self.rows(query, values)
        return found[0] if found else None

    async def write(self, statement: str, values: tuple[Any, ...] = ()) -> int:
        """One statement in a transaction of its own; returns how many rows it changed."""
        return await self.transact(lambda connection: connection.execute(statement, values).rowcount)

    async def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """``work`` in one transaction, on the store's thread; durable when this returns."""

        def run() -> T:
            with self._writer:
                self._writer.execute("BEGIN IMMEDIATE")
                return work(self._writer)

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    def close(self) -> None:
        """Finish what is queued and close the file."""
        self._thread.shutdown(wait=True)
        self._reader.close()
        self._writer.close()


def _make_private(folder: Path, path: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    os.chmod(path, 0o600)
    os.chmod(folder, 0o700)


def _connect(path: Path) -> sqlite3.Connection:
    # Writes stay on one thread, after the start; SQLite's own check would refuse the hand-over to it.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(STEPS):
        raise sqlite3.DatabaseError(f"it was written by a newer delid (version {version})")
    for number, step in enumerate(STEPS[version:], version + 1):
        connection.executescript(f"BEGIN; {step} PRAGMA user_version={number}; COMMIT;")
