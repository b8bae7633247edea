"""``delid ledger`` from an empty folder to a verified export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from delid.cli._main import app
from delid.core import DelidError
from delid.ledger import Ledger
from ledger_kit import CODES, life


def delid(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["ledger", *map(str, words)])
    if isinstance(done.exception, DelidError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.stdout


def facts(*words: object, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(delid(*words, "--json", code=code))
    return found


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place, key = tmp_path / "ledger.db", tmp_path / "k.key"
    delid("init", place, "--site", "yard", "--key", key)
    with Ledger.open(place) as ledger:
        ledger.append_all([*life(CODES[0]), *life(CODES[1])])
    delid("checkpoint", place, "--key", key)
    return place


def test_a_batterys_proof_is_verified_on_its_own(place: Path, tmp_path: Path) -> None:
    out, public = tmp_path / "b.jsonl", tmp_path / "k.key.pub"
    delid("prove", place, CODES[1], out, "--key", tmp_path / "k.key", "--challenge", "audit 7")
    place.unlink()
    found = facts("verify", out, "--key", public, "--challenge", "audit 7", "--remember", tmp_path / "seen.json")
    assert (found["ok"], found["battery"], found["entries"], found["sealed"]) == (True, CODES[1], 13, True)
    assert json.loads((tmp_path / "seen.json").read_text())[found["ledger"]]["size"] == 25
    assert "NOT verified" in delid("verify", out, "--key", public, "--challenge", "audit 8", code=1)


def test_a_replayed_export_is_refused_by_who_remembers(place: Path, tmp_path: Path) -> None:
    key, seen = tmp_path / "k.key", tmp_path / "seen.json"
    delid("export", place, tmp_path / "old.jsonl", "--key", key)
    with Ledger.open(place) as ledger:
        ledger.append_all(list(life(CODES[2])))
    delid("export", place, tmp_path / "new.jsonl", "--key", key)
    public = tmp_path / "k.key.pub"
    facts("verify", tmp_path / "new.jsonl", "--key", public, "--remember", seen)
    found = facts("verify", tmp_path / "old.jsonl", "--key", public, "--remember", seen, code=1)
    assert "it is old" in found["findings"][0]["why"]


def test_the_first_bad_entry_is_named(place: Path, tmp_path: Path) -> None:
    delid("export", place, tmp_path / "all.jsonl", "--key", tmp_path / "k.key")
    text = (tmp_path / "all.jsonl").read_text().replace("hall A", "hall B", 1)
    (tmp_path / "all.jsonl").write_text(text)
    found = facts("verify", tmp_path / "all.jsonl", "--key", tmp_path / "k.key.pub", code=1)
    assert (found["findings"][0]["where"], found["findings"][0]["seq"]) == ("entry 11", 11)


def test_keys_change_and_the_old_one_is_refused(place: Path, tmp_path: Path) -> None:
    delid("keys", "new", tmp_path / "n.key")
    delid("keys", "rotate", place, "--new", tmp_path / "n.key", "--old", tmp_path / "k.key", "--by", "A. Engineer")
    assert "routine" in delid("keys", "show", place)
    assert "not by" in delid("verify", place, "--key", tmp_path / "k.key.pub", code=1)
    delid("verify", place, "--key", tmp_path / "n.key.pub")
    with pytest.raises(DelidError, match="does not sign this ledger"):
        delid("checkpoint", place, "--key", tmp_path / "k.key")


def test_a_key_that_others_may_read_is_refused(place: Path, tmp_path: Path) -> None:
    (tmp_path / "k.key").chmod(0o644)
    with pytest.raises(DelidError, match="others may read it"):
        delid("checkpoint", place, "--key", tmp_path / "k.key")


def test_an_export_needs_the_owners_key_to_be_verified(place: Path, tmp_path: Path) -> None:
    delid("export", place, tmp_path / "all.jsonl")
    with pytest.raises(DelidError, match="owner's public key"):
        delid("verify", tmp_path / "all.jsonl")


def test_batteries_are_listed_and_shown(place: Path) -> None:
    assert CODES[0] in delid("find", place)
    shown = delid("show", place, CODES[0])
    assert shown.count("operation") == 8
    with pytest.raises(DelidError, match="nothing about"):
        delid("show", place, "X")


def test_a_ledger_is_copied_with_all_its_proofs(place: Path, tmp_path: Path) -> None:
    delid("migrate", place, tmp_path / "copy.db", "--key", tmp_path / "k.key.pub")
    delid("verify", tmp_path / "copy.db", "--key", tmp_path / "k.key.pub")
    with pytest.raises(DelidError, match="not empty"):
        delid("migrate", place, tmp_path / "copy.db")
