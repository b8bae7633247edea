"""The ledger on PostgreSQL: what holds on SQLite holds there, and a move from one to the other keeps every proof."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from delid.core import LedgerError
from delid.ledger import (
    Ledger,
    LegalHold,
    Seen,
    SigningKey,
    Terms,
    copy_ledger,
    export_ledger,
    has_ledger,
    verify_export,
    verify_ledger,
)
from ledger_kit import CODES, fill, life, new_ledger
from postgres import binaries, running_postgres

pytestmark = pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed: apt-get install postgresql")
KEY = SigningKey.new()
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture
def place(server: str) -> str:
    """An empty database of its own."""
    name = f"ledger{next(NUMBERS)}"
    engine = create_engine(server.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.format(name=name).replace("postgresql+psycopg", "postgresql")


def test_a_ledger_is_written_found_signed_and_verified(place: str, tmp_path: Path) -> None:
    assert not has_ledger(place)
    with new_ledger(place, KEY) as ledger:
        fill(ledger, 600)
        person = ledger.person("A. Operator")
        ledger.append(LegalHold(on=True, reason="audit", by=person), CODES[3])
        ledger.checkpoint(KEY)
        assert [e.number for e in ledger.entries_of(CODES[3])] == list(range(13))
        assert [s.battery for s in ledger.find(CODES[3])] == [CODES[3]]
        assert [e.seq for e in ledger.search(kind="legal_hold")] == [600]
        assert ledger.checkpoint(KEY) == ledger.checkpoints()[-1]
        out = export_ledger(ledger, tmp_path / "b.jsonl", battery=CODES[3], key=KEY, challenge="x").path
    assert has_ledger(place)
    assert verify_ledger(place, Terms(KEY.public), deep=True).ok
    assert verify_export(out, Terms(KEY.public, challenge="x")).ok


def test_writers_of_several_threads_and_processes_keep_one_chain(place: str) -> None:
    new_ledger(place, KEY).close()

    def write(code: str) -> None:
        with Ledger.open(place) as ledger:
            for battery, said in life(code):
                ledger.append(said, battery)

    threads = [threading.Thread(target=write, args=(code,)) for code in CODES[:3]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Ledger.open(place) as ledger:
        assert ledger.size() == 37
        ledger.checkpoint(KEY)
    assert verify_ledger(place, Terms(KEY.public)).ok


def test_written_entries_can_neither_be_changed_nor_deleted(place: str) -> None:
    with new_ledger(place, KEY) as ledger:
        for statement in ("UPDATE entries SET kind = 'x'", "DELETE FROM entries", "TRUNCATE entries"):
            with ledger.engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
                connection.execute(text(statement))


CHANGES = {
    "a changed word": ("UPDATE entries SET body = overlay(body placing 'Z'::bytea from 60) WHERE seq = 40", 40),
    "a changed column": ("UPDATE entries SET kind = 'alarm' WHERE seq = 41", 41),
    "a deleted entry": ("DELETE FROM entries WHERE seq = 42", 42),
    "the end cut off": ("DELETE FROM entries WHERE seq > 290", 291),
    "a mark taken away": ("DELETE FROM marks WHERE seq = 1", 1),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_behind_its_back_is_found(place: str, name: str) -> None:
    statement, seq = CHANGES[name]
    with new_ledger(place, KEY) as ledger:
        fill(ledger, 300)
        ledger.checkpoint(KEY)
        with ledger.engine.connect() as connection, connection.begin():
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # no triggers
            connection.execute(text(statement))
    assert verify_ledger(place, Terms(KEY.public)).findings[0].seq == seq


def test_a_move_from_sqlite_keeps_every_proof(place: str, tmp_path: Path) -> None:
    old = tmp_path / "ledger.db"
    with new_ledger(old, KEY) as ledger:
        fill(ledger, 700)
        ledger.person("A. Operator")
        export_ledger(ledger, tmp_path / "before.jsonl", battery=CODES[7], key=KEY)
        export_ledger(ledger, tmp_path / "all-before.jsonl")
    assert copy_ledger(old, place, KEY.public) == 700
    with Ledger.open(old) as before, Ledger.open(place) as after:
        assert after.checkpoints() == before.checkpoints()
        assert after.names() == before.names()
        assert after.search(limit=1000) == before.search(limit=1000)
        export_ledger(after, tmp_path / "all-after.jsonl")
        after.append_all(list(life("X37PBPCETWF2HWB199999999")))
        export_ledger(after, tmp_path / "after.jsonl", battery=CODES[7], key=KEY, since=700)
        seen = {after.name: verify_seen(tmp_path / "before.jsonl")}
    assert (tmp_path / "all-after.jsonl").read_bytes() == (tmp_path / "all-before.jsonl").read_bytes()
    assert verify_export(tmp_path / "after.jsonl", Terms(KEY.public, seen)).ok
    with pytest.raises(LedgerError, match="not empty"):
        copy_ledger(old, place)


def verify_seen(path: Path) -> Seen:
    verdict = verify_export(path, Terms(KEY.public))
    assert verdict.ok
    return Seen(verdict.signed, verdict.root)


def test_a_database_that_does_not_answer_is_a_ledger_error() -> None:
    with pytest.raises(LedgerError) as caught:
        Ledger.open("postgresql://delid@/nothing?host=/nonexistent")
    assert caught.value.code == "ledger.open"
    assert caught.value.hint
