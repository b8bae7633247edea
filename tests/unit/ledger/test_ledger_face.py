"""Writing and finding entries."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import delid.ledger
from delid.core import LedgerError
from delid.ledger import (
    KINDS,
    OF_THE_SITE,
    Intake,
    Ledger,
    LegalHold,
    Payload,
    SigningKey,
    Terms,
    read_export,
    verify_ledger,
)
from ledger_kit import CODES, life, new_ledger


@pytest.fixture
def key() -> SigningKey:
    return SigningKey.new()


@pytest.fixture
def ledger(tmp_path: Path, key: SigningKey) -> Ledger:
    with new_ledger(tmp_path / "ledger.db", key) as made:
        yield made


def test_the_public_names_are_there() -> None:
    assert delid.ledger.__all__ == sorted(delid.ledger.__all__, key=lambda n: (not n.isupper(), not n[0].isupper(), n))
    for name in delid.ledger.__all__:
        assert getattr(delid.ledger, name) is not None


def test_every_kind_of_entry_is_in_the_table_under_its_name() -> None:
    assert all(model.kind == kind for kind, model in KINDS.items())
    known = {c for c in _all(Payload) if c.__module__.startswith("delid.")}
    assert known == set(KINDS.values())


def _all(cls: type) -> set[type]:
    return {c for sub in cls.__subclasses__() for c in {sub, *_all(sub)}}


def test_an_entry_comes_back_as_it_was_written(ledger: Ledger) -> None:
    said = Intake(site="yard", identity="code", code_raw="x37 pb", labels=("0815",), mass_kg=412.5)
    written = ledger.append(said, CODES[0])
    read = ledger.entry(written.seq)
    assert read == written
    assert read is not None
    assert read.typed == said
    assert (read.battery, read.number, read.kind) == (CODES[0], 0, "intake")
    assert read.prev == ledger.entry(0).leaf  # type: ignore[union-attr]


def test_entries_of_a_battery_are_its_own_in_their_order(ledger: Ledger) -> None:
    for pair in zip(life(CODES[0]), life(CODES[1]), strict=True):
        ledger.append_all(pair)
    found = ledger.entries_of(CODES[1])
    assert [e.number for e in found] == list(range(12))
    assert {e.battery for e in found} == {CODES[1]}
    assert [e.kind for e in found][:3] == ["intake", "operator_act", "operation"]


def test_a_second_process_writes_on(ledger: Ledger, tmp_path: Path) -> None:
    other = Ledger.open(tmp_path / "ledger.db")
    for number in range(6):
        (ledger, other)[number % 2].append(LegalHold(on=True, reason=str(number), by="p"), CODES[number % 3])
    assert [e.seq for e in other.search(kind="legal_hold")] == [6, 5, 4, 3, 2, 1]
    assert [e.number for e in ledger.entries_of(CODES[0])] == [0, 1]
    other.close()


def test_two_processes_write_single_entries_over_the_edge_of_a_block_of_the_tree(
    ledger: Ledger, key: SigningKey, tmp_path: Path
) -> None:
    """Entries that need no other row are written by one statement; the other process's end of the chain is old then."""
    plain = [item for code in CODES[:30] for item in life(code) if not item[1].marks()]
    with Ledger.open(tmp_path / "ledger.db") as other:
        for number, (code, said) in enumerate(plain):
            (ledger, other)[number % 7 == 3].append(said, code)
    assert ledger.size() == len(plain) + 1 > 257
    ledger.checkpoint(key)
    assert verify_ledger(tmp_path / "ledger.db", Terms(key.public)).ok


def test_search_goes_from_the_newest(ledger: Ledger) -> None:
    ledger.append_all(list(life(CODES[0])))
    assert [e.kind for e in ledger.search(limit=2)] == ["hand_over", "storage"]
    assert [e.seq for e in ledger.search(kind="operation", before=6, limit=2)] == [5, 4]
    assert ledger.search(since="2999-01-01T00:00:00Z") == []
    assert len(ledger.search(battery=CODES[0], until="2999-01-01T00:00:00Z")) == 12


def test_batteries_are_found_by_how_their_words_begin(ledger: Ledger) -> None:
    ledger.append_all([item for code in CODES[:3] for item in life(code)])
    ledger.append(Intake(site="yard", identity="code", code_raw=CODES[3], labels=("SN-4711",)), CODES[3])
    assert [s.battery for s in ledger.find()] == [CODES[3], CODES[2], CODES[1], CODES[0]]
    assert [s.battery for s in ledger.find(CODES[1][:-1])] == [*CODES[:4]]
    assert [(s.battery, s.entries, s.last_kind) for s in ledger.find("SN-47")] == [(CODES[3], 1, "intake")]
    assert [s.battery for s in ledger.find("hall A")] == [*CODES[:3]]
    assert ledger.find("nothing like it") == []


def test_people_stand_in_entries_by_an_id_that_can_be_forgotten(ledger: Ledger) -> None:
    first = ledger.person("A. Operator")
    assert first == ledger.person("A. Operator") != ledger.person("B. Operator")
    assert ledger.names()[first] == "A. Operator"
    ledger.forget_person(first)
    assert first not in ledger.names()
    assert ledger.person("A. Operator") != first


def test_what_json_cannot_hold_is_refused_and_nothing_is_written(ledger: Ledger) -> None:
    with pytest.raises(LedgerError) as caught:
        ledger.append(delid.ledger.Measurement(what="x", values=({"name": "n", "value": 2**60},)), CODES[0])
    assert caught.value.code == "ledger.content"
    assert ledger.size() == 1


def test_written_entries_can_neither_be_changed_nor_deleted(ledger: Ledger, key: SigningKey) -> None:
    ledger.checkpoint(key)
    for statement in ("UPDATE entries SET kind = 'x'", "DELETE FROM entries", "DELETE FROM checkpoints"):
        with ledger.engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text(statement))


def test_a_ledger_that_is_not_there_is_not_made_by_opening(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no such file"):
        Ledger.open(tmp_path / "none.db")
    (tmp_path / "empty.db").touch()
    with pytest.raises(LedgerError, match="no ledger in it"):
        Ledger.open(tmp_path / "empty.db")


def test_a_second_ledger_is_not_begun_in_the_same_place(ledger: Ledger, tmp_path: Path, key: SigningKey) -> None:
    with pytest.raises(LedgerError, match="already"):
        Ledger.begin(tmp_path / "ledger.db", "yard", key.public)


def test_an_export_is_read_back(ledger: Ledger, tmp_path: Path, key: SigningKey) -> None:
    ledger.append_all([*life(CODES[0]), *life(CODES[1])])
    made = delid.ledger.export_ledger(ledger, tmp_path / "out.jsonl", battery=CODES[1], key=key)
    export = read_export(made.path)
    assert export.header.battery == CODES[1]
    assert export.entries_of(CODES[1]) == ledger.entries_of(CODES[1])
    assert CODES[0].encode() not in made.path.read_bytes()
    assert [e.kind for e in export.entries_of(OF_THE_SITE)] == ["ledger"]
