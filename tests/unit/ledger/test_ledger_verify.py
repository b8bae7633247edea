"""What was changed is found and named: in the database, in an export, and by the independent verifier."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from delid.ledger import (
    Ledger,
    Seen,
    SigningKey,
    Terms,
    Verdict,
    export_ledger,
    verify_export,
    verify_ledger,
)
from ledger_kit import CODES, fill, life, new_ledger, tamper

INDEPENDENT = Path(__file__).resolve().parents[3] / "docs" / "verify_ledger.py"
KEY, OTHER = SigningKey.new(), SigningKey.new()
SIZE = 600


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of 600 entries, signed at 300 and 600."""
    place = tmp_path_factory.mktemp("ledger") / "ledger.db"
    with new_ledger(place, KEY) as ledger:
        fill(ledger, SIZE // 2)
        ledger.checkpoint(KEY)
        fill(ledger, SIZE)
        ledger.checkpoint(KEY)
    return place


@pytest.fixture
def place(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / "ledger.db"))


@pytest.fixture(scope="module")
def exported(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with Ledger.open(whole) as ledger:
        return export_ledger(ledger, tmp_path_factory.mktemp("export") / "all.jsonl", key=KEY).path


def first(verdict: Verdict) -> int | None:
    assert not verdict.ok
    return verdict.findings[0].seq


def test_what_nobody_changed_verifies(place: Path) -> None:
    verdict = verify_ledger(place, Terms(KEY.public))
    assert verdict.ok, verdict.findings
    assert (verdict.entries, verdict.signed, verdict.trusted, verdict.notes) == (SIZE, SIZE, True, [])


# --- in the database --------------------------------------------------------------------------------------------------

CHANGES: dict[str, tuple[tuple[str, ...], int]] = {
    "a changed word": (("UPDATE entries SET body = CAST(replace(body, 'X37', 'X38') AS BLOB) WHERE seq = 407",), 407),
    "a changed digest": (("UPDATE entries SET leaf = x'" + "00" * 32 + "' WHERE seq = 7",), 7),
    "a changed battery": (("UPDATE entries SET battery = 'nobody' WHERE seq = 40",), 40),
    "a changed kind": (("UPDATE entries SET kind = 'alarm' WHERE seq = 41",), 41),
    "a changed time": (("UPDATE entries SET at = '2026-01-01T00:00:00.000Z' WHERE seq = 42",), 42),
    "a changed number": (("UPDATE entries SET number = 99 WHERE seq = 43",), 43),
    "a deleted entry": (("DELETE FROM entries WHERE seq = 50",), 50),
    "a deleted entry and the gap closed": (
        ("DELETE FROM entries WHERE seq = 50", "UPDATE entries SET seq = seq - 1 WHERE seq > 50"), 50,
    ),
    "two entries swapped": (
        ("UPDATE entries SET seq = -1 WHERE seq = 60", "UPDATE entries SET seq = 60 WHERE seq = 61",
         "UPDATE entries SET seq = 61 WHERE seq = -1"), 60,
    ),
    "an inserted entry": (
        ("UPDATE entries SET seq = -seq WHERE seq >= 70", "UPDATE entries SET seq = 1 - seq WHERE seq < 0",
         "INSERT INTO entries SELECT 70, at, 'X', 0, kind, body, leaf FROM entries WHERE seq = 69"), 70,
    ),
    "the last entries cut off": (("DELETE FROM entries WHERE seq >= 590",), 590),
    "the first entry cut off": (("DELETE FROM entries WHERE seq = 0",), 0),
    "a mark taken away": (("DELETE FROM marks WHERE mark = 'kind:hand_over' AND seq = (SELECT min(seq) FROM marks "
                           "WHERE mark = 'kind:hand_over')",), 12),
    "a mark added": (("INSERT INTO marks VALUES ('label:stolen', 5)",), 5),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_in_the_database_is_found_and_named(place: Path, name: str) -> None:
    statements, seq = CHANGES[name]
    tamper(place, *statements)
    assert first(verify_ledger(place, Terms(KEY.public))) == seq


def test_changed_block_roots_are_found(place: Path) -> None:
    tamper(place, "UPDATE nodes SET hash = x'" + "11" * 32 + "' WHERE number = 1")
    assert "entries 256 to 511" in str(verify_ledger(place).findings[0])


def rewritten(place: Path, since: int) -> None:
    """A forger without the key changes an entry and makes everything after it fit again."""
    import sqlite3

    from delid.ledger._canonical import canonical, parse
    from delid.ledger._tree import leaf_hash, root_of

    tamper(place)
    with sqlite3.connect(place) as connection:
        rows = connection.execute("SELECT seq, body FROM entries WHERE seq >= ? ORDER BY seq", (since,)).fetchall()
        prev = connection.execute("SELECT leaf FROM entries WHERE seq = ?", (since - 1,)).fetchone()[0]
        for seq, body in rows:
            content = parse(body) | {"prev": prev.hex()}
            if seq == since:
                content["payload"]["detail"] = "it never happened"
            body = canonical(content)
            prev = leaf_hash(body)
            connection.execute("UPDATE entries SET body = ?, leaf = ? WHERE seq = ?", (body, prev, seq))
        leaves = [row[0] for row in connection.execute("SELECT leaf FROM entries ORDER BY seq")]
        for block in range(len(leaves) // 256):
            root = root_of(leaves[256 * block : 256 * (block + 1)])
            connection.execute("UPDATE nodes SET hash = ? WHERE level = 8 AND number = ?", (root, block))
    connection.close()


def test_a_chain_made_to_fit_does_not_give_the_signed_root(place: Path) -> None:
    rewritten(place, 451)
    found = verify_ledger(place, Terms(KEY.public)).findings[0]
    assert (found.seq, found.until) == (300, 600)
    assert "600 entries" in found.why


def test_an_entry_replaced_with_its_digest_is_told_from_its_neighbour(place: Path) -> None:
    import sqlite3

    from delid.ledger._tree import leaf_hash

    tamper(place)
    with sqlite3.connect(place) as connection:
        body = (
            connection.execute("SELECT body FROM entries WHERE seq = 123").fetchone()[0].replace(b"hall A", b"hall B")
        )
        body = body.replace(b'"nonce":"', b'"nonce":"f', 1) if b"hall B" not in body else body
        connection.execute("UPDATE entries SET body = ?, leaf = ? WHERE seq = 123", (body, leaf_hash(body)))
    connection.close()
    assert first(verify_ledger(place)) == 123


def test_a_forged_checkpoint_is_refused(place: Path) -> None:
    rewritten(place, 451)
    from delid.ledger._checkpoint import sign_checkpoint

    with Ledger.open(place) as ledger:
        root = ledger._writer.head().tree.root()
        forged = sign_checkpoint(ledger.name, SIZE, root, "2027-01-15T08:00:00.000Z", OTHER)
    tamper(
        place, "UPDATE checkpoints SET statement = ?, signature = ? WHERE size = 600",
        values=(forged.statement, forged.signature),
    )  # fmt: skip
    verdict = verify_ledger(place, Terms(KEY.public))
    assert "checkpoint of 600 entries" in verdict.findings[0].where
    assert OTHER.public.id in verdict.findings[0].why


def test_an_old_key_is_refused(place: Path, tmp_path: Path) -> None:
    with Ledger.open(place) as ledger:
        ledger.rotate(OTHER.public, KEY, ledger.person("A. Engineer"))
        from delid.core import LedgerError

        with pytest.raises(LedgerError, match="does not sign"):
            ledger.checkpoint(KEY)
        export_ledger(ledger, tmp_path / "new.jsonl", key=OTHER)
    assert verify_ledger(place, Terms(OTHER.public)).ok
    assert verify_export(tmp_path / "new.jsonl", Terms(OTHER.public)).ok
    for verdict in (verify_ledger(place, Terms(KEY.public)), verify_export(tmp_path / "new.jsonl", Terms(KEY.public))):
        assert "not by" in verdict.findings[0].why


def test_a_checkpoint_by_the_old_key_after_the_change_is_refused(place: Path) -> None:
    from delid.ledger._checkpoint import sign_checkpoint

    with Ledger.open(place) as ledger:
        ledger.rotate(OTHER.public, KEY, ledger.person("A. Engineer"))
        head = ledger._writer.head()
        made = sign_checkpoint(ledger.name, head.tree.size, head.tree.root(), "2027-01-15T08:00:00.000Z", KEY)
    tamper(place, "INSERT INTO checkpoints VALUES (601, ?, ?)", values=(made.statement, made.signature))
    assert "was in force" in verify_ledger(place, Terms(KEY.public)).findings[0].why


def test_a_new_key_that_nobody_vouched_for_is_named(place: Path) -> None:
    from delid.ledger import KeyChanged

    with Ledger.open(place) as ledger:
        said = KeyChanged(key=OTHER.public.id, public_key=OTHER.public.raw.hex(), previous=KEY.public.id, by="p-1")
        ledger.append(said, "")
    assert first(verify_ledger(place)) == SIZE


def test_without_a_key_the_verdict_says_so(place: Path) -> None:
    verdict = verify_ledger(place)
    assert verdict.ok
    assert not verdict.trusted
    assert "no key was given" in verdict.notes[0]


def test_entries_after_the_last_checkpoint_are_told(place: Path) -> None:
    with Ledger.open(place) as ledger:
        ledger.append_all(list(life("X37PBPCETWF2HWB199999999")))
    assert "the last 12 entries are chained and not signed yet" in verify_ledger(place, Terms(KEY.public)).notes


# --- an export --------------------------------------------------------------------------------------------------------


def test_an_export_verifies_alone(exported: Path) -> None:
    verdict = verify_export(exported, Terms(KEY.public))
    assert verdict.ok, verdict.findings
    assert (verdict.entries, verdict.trusted, verdict.sealed) == (SIZE, True, True)


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


EDITS: dict[str, tuple[Callable[[list[bytes]], list[bytes]], int]] = {
    "deleted": (lambda lines: [*lines[:101], *lines[102:]], 100),
    "swapped": (lambda lines: [*lines[:101], lines[102], lines[101], *lines[103:]], 100),
    "inserted": (lambda lines: [*lines[:101], lines[100], *lines[101:]], 100),
    "replaced": (lambda lines: [*lines[:101], lines[100], *lines[102:]], 100),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_line_of_an_export_is_missed_or_found_too_many(exported: Path, tmp_path: Path, name: str) -> None:
    edit, seq = EDITS[name]
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(b"".join(edit(lines_of(exported))))
    assert first(verify_export(changed, Terms(KEY.public))) == seq
    assert independent(changed).returncode == 1


@pytest.mark.parametrize("kept", [1, 2, 300, 601, 602, 603])
def test_an_export_that_was_cut_is_refused(exported: Path, tmp_path: Path, kept: int) -> None:
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(b"".join(lines_of(exported)[:kept]))
    verdict = verify_export(changed, Terms(KEY.public))
    if kept == 603:  # everything but the seal: told, and refused where a seal is asked for
        assert not verdict.sealed
        verdict = verify_export(changed, Terms(KEY.public, challenge="x"))
    assert not verdict.ok


def test_an_older_export_is_refused_by_who_has_seen_a_newer_one(place: Path, tmp_path: Path) -> None:
    with Ledger.open(place) as ledger:
        export_ledger(ledger, tmp_path / "old.jsonl")
        old = verify_export(tmp_path / "old.jsonl", Terms(KEY.public))
        ledger.append_all(list(life("X37PBPCETWF2HWB199999999")))
        export_ledger(ledger, tmp_path / "new.jsonl", key=KEY)
        new = verify_export(tmp_path / "new.jsonl", Terms(KEY.public, {old.ledger: Seen(old.signed, old.root)}))
        assert new.ok
        seen = {new.ledger: Seen(new.signed, new.root)}
        assert "it is old" in verify_export(tmp_path / "old.jsonl", Terms(KEY.public, seen)).findings[0].why
        for since, fine in ((None, False), (SIZE, True)):
            out = tmp_path / f"battery{since}.jsonl"
            export_ledger(ledger, out, battery="X37PBPCETWF2HWB199999999", since=since)
            seen = {old.ledger: Seen(old.signed, old.root)}
            assert verify_export(out, Terms(KEY.public, seen)).ok is fine


def test_another_history_is_refused_by_who_has_seen_the_first(place: Path, tmp_path: Path) -> None:
    """The owner of the key writes the past anew: who has seen it notices."""
    with Ledger.open(place) as ledger:
        name, root = ledger.name, ledger.checkpoints()[0].root
    rewritten(place, 200)
    tamper(place, "DELETE FROM checkpoints")
    with Ledger.open(place) as ledger:
        ledger.checkpoint(KEY)
        export_ledger(ledger, tmp_path / "forged.jsonl", key=KEY)
    assert verify_export(tmp_path / "forged.jsonl", Terms(KEY.public)).ok
    verdict = verify_export(tmp_path / "forged.jsonl", Terms(KEY.public, {name: Seen(300, root)}))
    assert "verified before" in verdict.findings[0].why


def test_an_export_answers_the_challenge_that_it_was_made_for(place: Path, tmp_path: Path) -> None:
    with Ledger.open(place) as ledger:
        export_ledger(ledger, tmp_path / "a.jsonl", key=KEY, challenge="audit 2027-01")
    assert verify_export(tmp_path / "a.jsonl", Terms(KEY.public, challenge="audit 2027-01")).ok
    verdict = verify_export(tmp_path / "a.jsonl", Terms(KEY.public, challenge="audit 2027-02"))
    assert "audit 2027-01" in verdict.findings[0].why


# --- one battery ------------------------------------------------------------------------------------------------------


@pytest.fixture
def proof(place: Path, tmp_path: Path) -> Path:
    with Ledger.open(place) as ledger:
        return export_ledger(ledger, tmp_path / "battery.jsonl", battery=CODES[20], key=KEY).path


def test_one_battery_is_proven_without_the_others(proof: Path) -> None:
    verdict = verify_export(proof, Terms(KEY.public))
    assert verdict.ok, verdict.findings
    assert verdict.entries == 13
    assert not any(code.encode() in proof.read_bytes() for code in CODES if code != CODES[20])


def test_a_proof_has_as_many_hashes_as_the_tree_is_high(proof: Path) -> None:
    from delid.ledger import read_export

    assert {len(path) for path in read_export(proof).paths if path is not None} <= set(range(11))


@pytest.mark.parametrize("line", [3, 5, 13])
def test_an_entry_left_out_of_a_proof_is_missed(proof: Path, tmp_path: Path, line: int) -> None:
    lines = lines_of(proof)
    kept = [*lines[: line - 1], *lines[line:]]
    kept[0] = kept[0].replace(b'"entries":13', b'"entries":12')
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(b"".join(kept))
    assert not verify_export(changed, Terms(KEY.public)).ok
    assert independent(changed).returncode == 1


def test_somebody_elses_entry_does_not_pass_in_a_proof(place: Path, proof: Path, tmp_path: Path) -> None:
    with Ledger.open(place) as ledger:
        other = export_ledger(ledger, tmp_path / "other.jsonl", battery=CODES[21], key=KEY).path
    lines, strange = lines_of(proof), lines_of(other)
    mixed = [lines[0].replace(b'"entries":13', b'"entries":14'), *lines[1:14], strange[3], *lines[14:]]
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(b"".join(mixed))
    assert "not about" in verify_export(changed, Terms(KEY.public)).findings[0].why


# --- every byte -------------------------------------------------------------------------------------------------------


def test_any_byte_of_an_export_that_is_changed_is_noticed(proof: Path, tmp_path: Path) -> None:
    data, chance, changed = proof.read_bytes(), random.Random(3), tmp_path / "changed.jsonl"
    for at in sorted(chance.sample(range(len(data)), 60)):
        other = data[at] ^ chance.choice((1, 2, 32, 128))
        changed.write_bytes(data[:at] + bytes([other]) + data[at + 1 :])
        assert not verify_export(changed, Terms(KEY.public)).ok, (at, chr(data[at]), chr(other))


# --- somebody else's program ------------------------------------------------------------------------------------------


def independent(export: Path) -> subprocess.CompletedProcess[str]:
    key = export.with_suffix(".pem")
    key.write_bytes(KEY.public.pem())
    command = [sys.executable, "-I", str(INDEPENDENT), str(export), str(key)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env={})


def test_the_independent_verifier_is_short_and_knows_nothing_of_delid() -> None:
    text = INDEPENDENT.read_text()
    assert len(text.splitlines()) <= 60
    assert not [line for line in text.splitlines() if line.startswith(("import", "from")) and "delid" in line]


def test_the_independent_verifier_agrees(exported: Path, proof: Path) -> None:
    for export in (exported, proof):
        done = independent(export)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        assert done.stdout.startswith("verified: ")


def test_the_independent_verifier_finds_what_was_changed(exported: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(exported.read_bytes().replace(b"hall A", b"hall B", 1))
    done = independent(changed)
    assert done.returncode == 1
    assert "line 13 (entry 11) was changed" in done.stderr
