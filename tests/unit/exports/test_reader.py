"""A record read out of a real ledger: what is proven, what is not, and that no name leaves it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from delid.cli._main import app
from delid.core import HazardClass, LedgerError
from delid.exports import FORMATS, Books, Names, Pseudonyms, Wishes, exported, find_battery, prove, read_record
from delid.ledger import (
    Intake,
    JudgementItem,
    Ledger,
    MaterialOut,
    ModuleOut,
    SafetyJudgement,
    SigningKey,
)
from ledger_kit import CODES, fill, life, new_ledger

PEOPLE = Pseudonyms(b"k" * 32)
CODE = CODES[0]
NAME = "Wang Xiaoming"
WISHES = Wishes(1.8e9, names=Names("https://id.plant.example/"))


@pytest.fixture
def key() -> SigningKey:
    return SigningKey.new()


@pytest.fixture
def ledger(tmp_path: Path, key: SigningKey) -> Ledger:
    """Two packs; the first is judged by a person with a name, and a module of it has an identity of its own."""
    found = new_ledger(tmp_path / "ledger.sqlite", key)
    who = found.person(NAME)
    items = (JudgementItem(id="leak", text="Leaks", answer="no"),)
    found.append_all([*life(CODE, 2), *life(CODES[1], 2)])
    found.append(SafetyJudgement(items=items, passed=True, hazard_class=HazardClass.A, by=who), CODE)
    module = f"{CODE}-m01"
    found.append(MaterialOut(material="busbar", mass_kg=3.5, destination="recycling", by=who), CODE)
    found.append(ModuleOut(parent=CODE, position="module.01", identity="derived", mass_kg=30.0), module)
    found.checkpoint(key)
    return found


def test_a_record_is_proven_by_its_own_export(ledger: Ledger, key: SigningKey) -> None:
    record = read_record(Books(ledger, key.public), CODE, PEOPLE, 1.8e9)
    assert record.proof.ok
    assert record.proof.words == ""
    assert (record.code, record.product, record.pack) == (CODE, "pack", "vw-meb-82")
    assert [m.kind for m in record.materials] == ["busbar"]
    assert [(p.battery, p.mass_kg) for p in record.parts] == [(f"{CODE}-m01", 30.0)]
    assert {e.battery for e in record.entries} == {CODE, f"{CODE}-m01"}


def test_the_hash_of_a_record_can_be_made_by_hand(ledger: Ledger) -> None:
    """As docs/exports.md has it: one digest a line, then SHA-256."""
    found = find_battery(ledger, CODE)
    lines = "".join(f"{hashlib.sha256(bytes(1) + entry.body).hexdigest()}\n" for entry in found.entries)
    assert found.record_sha256 == hashlib.sha256(lines.encode()).hexdigest()


def test_what_is_newer_than_the_checkpoint_is_not_proven(ledger: Ledger, key: SigningKey) -> None:
    ledger.append(Intake(site="yard", identity="code", code_raw=CODE, arrival="reentry"), CODE)
    found = find_battery(ledger, CODE)
    proof = prove(ledger, CODE, found.entries, key.public)
    assert not proof.ok
    assert "newer than the last signed checkpoint" in proof.words


def test_another_key_proves_nothing(ledger: Ledger) -> None:
    found = find_battery(ledger, CODE)
    proof = prove(ledger, CODE, found.entries, SigningKey.new().public)
    assert not proof.ok
    assert "signed by the key" in proof.words


def test_an_entry_that_was_changed_is_found(ledger: Ledger, key: SigningKey, tmp_path: Path) -> None:
    ledger.close()
    with sqlite3.connect(tmp_path / "ledger.sqlite") as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute(
            "UPDATE entries SET body = CAST(replace(body, '3.5', '9.5') AS BLOB) WHERE kind = 'material_out'"
        )
    with Ledger.open(tmp_path / "ledger.sqlite") as changed:
        proof = prove(changed, CODE, find_battery(changed, CODE).entries, key.public)
    assert not proof.ok
    assert proof.words


def test_no_format_holds_a_name_or_the_id_of_a_person(ledger: Ledger, key: SigningKey) -> None:
    """A PDF is looked at as its certificate in HTML, a package as the passport in it."""
    who = ledger.person(NAME)
    record = read_record(Books(ledger, key.public), CODE, PEOPLE, 1.8e9)
    for name in FORMATS.keys() - {"pdf", "aasx"}:
        content = exported(record, name, WISHES).decode()
        assert NAME not in content
        assert who not in content
    assert who in json.dumps([dict(e.payload) for e in find_battery(ledger, CODE).entries])


def test_a_record_says_nothing_of_another_battery(ledger: Ledger, key: SigningKey) -> None:
    record = read_record(Books(ledger, key.public), CODE, PEOPLE, 1.8e9)
    assert CODES[1] not in exported(record, "json", WISHES).decode()


def test_a_battery_that_is_not_there_is_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerError) as caught:
        find_battery(ledger, "nobody's")
    assert caught.value.code == "ledger.no_battery"


def test_commands_write_files_and_say_what_they_are(tmp_path: Path, ledger: Ledger, key: SigningKey) -> None:
    place, public = str(tmp_path / "ledger.sqlite"), tmp_path / "key.pub"
    public.write_bytes(key.public.pem())
    run = CliRunner().invoke
    made = run(app, ["battery", "export", place, CODE, str(tmp_path / "a.json"), "--format", "json", "--key",
                     str(public), "--json"])  # fmt: skip
    assert made.exit_code == 0, made.output
    said, written = json.loads(made.output), json.loads((tmp_path / "a.json").read_text())
    assert said["proven"]
    assert written["proof"]["record_sha256"] == said["record_sha256"]
    assert run(app, ["battery", "export", place, CODE, str(tmp_path / "a.json")]).exit_code == 2, "never over a file"
    assert run(app, ["battery", "hold", place, CODE, "--reason", "a claim", "--by", NAME]).exit_code == 0
    late = run(app, ["battery", "proof", place, CODE, "--key", str(public), "--json"])
    assert (late.exit_code, json.loads(late.output)["ok"]) == (1, False)
    ledger.checkpoint(key)
    assert run(app, ["battery", "proof", place, CODE, "--key", str(public)]).exit_code == 0
    assert run(app, ["battery", "export", place, "x", str(tmp_path / "b.pdf")]).exit_code == 3


def test_a_long_ledger_is_no_burden_for_one_record(tmp_path: Path, key: SigningKey) -> None:
    """The proof goes with the record's own entries, not with those of others."""
    ledger = new_ledger(tmp_path / "long.sqlite", key)
    fill(ledger, 1200)
    ledger.checkpoint(key)
    record = read_record(Books(ledger, key.public), "X37PBPCETWF2HWB190000007", PEOPLE, 1.8e9)
    assert record.proof.ok
    assert len(record.entries) == 12
