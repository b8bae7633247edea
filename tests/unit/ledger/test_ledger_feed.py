"""From a run's journal into the ledger: who the pack is, what was done to it, each line once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from delid.core import LedgerError
from delid.ledger import (
    OF_THE_SITE,
    Feed,
    HandOver,
    JournalLine,
    Ledger,
    SigningKey,
    battery_code,
    confirm,
    identify,
    link,
    module_identity,
)
from ledger_kit import CODES, new_ledger

SHA = "ab" * 32
MODULE = "X37MBPCETWF2HWB190000001"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path / "ledger.db", SigningKey.new()) as made:
        yield made


def record(kind: str, /, **data: Any) -> dict[str, Any]:
    return {"type": "Record", "kind": kind, "data": data}


def turn(event: str, *effects: dict[str, Any], **more: Any) -> tuple[str, dict[str, Any]]:
    readings = more.pop("readings", None)
    data = {"event": {"type": event, **more}, "effects": list(effects), "packml": "Execute"}
    return "turn", data | ({"readings": readings} if readings else {})


def decided(codes: tuple[str, ...], *, sha: str = SHA) -> list[tuple[str, dict[str, Any]]]:
    pack = {"status": "known", "model": "vw-meb-82", "confidence": 0.97}
    seen = {
        "pack": pack, "damage": [{"kind": "dent", "confidence": 0.9, "severity": 0.2, "box_px": [0, 0, 1, 1]}],
        "hazard_class": "B", "hazard_reasons": ["dent, severity 0.20"], "fasteners": [{"kind": "bolt"}] * 3,
        "codes": [{"text": code, "symbology": "QRCode"} for code in codes], "agreeing": 3,
        "code_status": {"outcome": "read" if codes else "none", "reasons": []},
    }  # fmt: skip
    steps = [
        {
            "key": "meb/lid/lid.01",
            "do": "unfasten",
            "title": "Loosen lid.01",
            "targets": ["lid.01"],
            "tool": "socket_10",
        },
        {
            "key": "meb/take/module.01",
            "do": "pick",
            "title": "Take out module.01",
            "targets": ["module.01"],
            "tool": "g",
        },
    ]
    plan = {
        "type": "Plan", "recipe": "meb", "recipe_sha256": "c" * 64, "pack": "vw-meb-82", "hazard_class": "B",
        "steps": steps, "permissives": [], "estimate_s": 60.0,
    }  # fmt: skip
    look = {"frame": {"sha256": sha, "width": 2, "height": 2}, "source": "camera#1", "models": {"pack": "sha256:1"}}
    return [
        turn("Looked", {"type": "Decide", "readings": {"pack_voltage_v": 1.5, "energy_wh": 10.0}}, id="look.1",
             inspections=[look]),
        turn("Decided", decision={"assessment": seen, "outcome": plan, "candidates": []}),
    ]  # fmt: skip


def work() -> list[tuple[str, dict[str, Any]]]:
    return [
        turn("Finished", record("failure", key="meb/lid/lid.01", kind="seized", detail="the PLC reports seized"),
             id="meb/lid/lid.01#1.2", ok=False, values={}),
        turn("Finished", record("step", key="meb/lid/lid.01", status="done", detail="confirmed"),
             id="meb/lid/lid.01#2.2", ok=True, values={"torque_nm": 11.5}, readings={"energy_wh": 14.5}),
        turn("Finished", record("step", key="meb/take/module.01", status="done", detail="confirmed"),
             id="meb/take/module.01#1.5", ok=True, values={"carried_kg": 30.5}, readings={"energy_wh": 15.0}),
    ]  # fmt: skip


def run(name: str, *parts: tuple[str, dict[str, Any]]) -> list[JournalLine]:
    lines = [
        ("run_started", {"cell": "demo", "config_sha256": "d" * 64}),
        turn("OperatorCommanded", record("command", command="Start", by="A. Operator", accepted=True, reasons=[])),
        *parts,
        turn("Finished", record("end", outcome="dismantled", reason="all", steps_done=2, steps=2), id="x", ok=True),
        ("run_ended", {"outcome": "dismantled"}),
    ]  # fmt: skip
    return [JournalLine(name, n, 1_800_000_000.0 + n, kind, data) for n, (kind, data) in enumerate(lines)]


def feed(ledger: Ledger, lines: list[JournalLine]) -> None:
    taking = Feed(ledger)
    for line in lines:
        taking.take(line)


def test_a_run_becomes_the_record_of_its_pack(ledger: Ledger) -> None:
    feed(ledger, run("r1", *decided((CODES[0], "SN-1")), *work()))
    found = ledger.entries_of(CODES[0])
    kinds = ["intake", "inspection", "plan", "operation", "operation", "module_out", "run_ended"]
    assert [e.kind for e in found] == kinds
    intake, inspection, plan, loosened, taken, module, ended = (e.payload for e in found)
    assert (intake["identity"], intake["arrival"], intake["labels"]) == ("code", "new", ["SN-1"])
    assert inspection["frames"][0]["sha256"] == SHA
    assert (plan["recipe"], plan["recipe_sha256"], plan["readings"]["pack_voltage_v"]) == ("meb", "c" * 64, 1.5)
    assert (loosened["attempts"], loosened["failures"]) == (2, ["seized: the PLC reports seized"])
    assert (loosened["readings_before"], loosened["readings_after"]) == (
        {"pack_voltage_v": 1.5, "energy_wh": 10}, {"energy_wh": 14.5},
    )  # fmt: skip
    assert taken["readings_before"] == {"energy_wh": 14.5}
    assert (module["parent"], module["position"], module["mass_kg"]) == (CODES[0], "module.01", 30.5)
    assert (ended["outcome"], ended["steps_done"]) == ("dismantled", 2)
    site = ledger.entries_of(OF_THE_SITE)
    assert [e.kind for e in site] == ["ledger", "run_started", "operator_act"]
    assert ledger.names()[site[2].payload["by"]] == "A. Operator"
    assert b"A. Operator" not in b"".join(e.body for e in [*found, *site])


def test_every_entry_of_a_run_is_of_its_kind(ledger: Ledger) -> None:
    feed(ledger, run("r1", *decided((CODES[0],)), *work()))
    for entry in ledger.search(limit=100):
        assert entry.typed.plain() == entry.payload


def test_lines_that_come_again_add_nothing(ledger: Ledger) -> None:
    lines = run("r1", *decided((CODES[0],)), *work())
    feed(ledger, lines[:5])
    size = ledger.size()
    feed(ledger, lines[:5])
    assert ledger.size() == size
    feed(ledger, lines)
    assert [e.number for e in ledger.entries_of(CODES[0], family=False)] == list(range(6))
    before = ledger.size()
    feed(ledger, lines)
    assert ledger.size() == before


def test_a_line_that_the_ledger_refused_is_taken_the_next_time(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    taking, lines = Feed(ledger), run("r1", *decided((CODES[0],)), *work())
    real, refusals = ledger.append_all, iter([True, False] * 50)

    def now_and_then(*given: Any) -> Any:
        if next(refusals):
            raise LedgerError("the disk is full", code="ledger.write")
        return real(*given)

    monkeypatch.setattr(ledger, "append_all", now_and_then)
    for line in lines:
        while True:
            try:
                taking.take(line)
                break
            except LedgerError:
                continue
    assert len(ledger.entries_of(CODES[0])) == 7
    assert ledger.entries_of(CODES[0])[3].payload["attempts"] == 2


# --- identities -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x37p bpcetwf2h\nwb196322805", "X37PBPCETWF2HWB196322805"),
        ("001CB240000003B3C0221953", None),  # a battery cell
        (MODULE, None),
        ("P012007200F1367F5J01", None),
    ],
)
def test_only_the_code_of_a_pack_names_a_pack(text: str, code: str | None) -> None:
    assert battery_code(text) == code


def test_without_one_code_the_identity_is_provisional() -> None:
    at = "2027-01-15T08:00:01.000Z"
    for texts, why in (((), "no label"), ((CODES[0], CODES[1]), "codes of several packs were read")):
        found = identify(texts, "yard", at, SHA, "no label")
        assert found.battery == "P-yard-20270115T080001-abababab"
        assert found.provisional is not None
        assert (found.provisional.photo_sha256, found.provisional.why) == (SHA, why)
        assert found.labels == texts


def test_a_provisional_pack_is_confirmed_and_linked_later(ledger: Ledger) -> None:
    feed(ledger, run("r1", *decided(()), *work()))
    provisional = ledger.find()[-1].battery
    assert provisional.startswith("P-yard-")
    person = ledger.person("A. Operator")
    assert confirm(ledger, provisional, person).battery == provisional
    link(ledger, provisional, CODES[0].lower(), "label found under dirt", person)
    found = ledger.entries_of(CODES[0])
    assert {e.battery for e in found} == {CODES[0], provisional, f"{provisional}/module.01"}
    assert ledger.entries_of(provisional) == found
    assert ledger.family_of(provisional).battery == CODES[0]
    assert ledger.family_of(f"{provisional}/module.01").parent == provisional
    with pytest.raises(LedgerError, match="linked to"):
        link(ledger, provisional, CODES[1], "again")
    with pytest.raises(LedgerError, match="no GB/T 34014"):
        link(ledger, provisional, "0815", "guess")
    with pytest.raises(LedgerError, match="no provisional identity"):
        confirm(ledger, CODES[5], person)


def test_a_code_that_is_here_already_is_not_linked_to_a_second_pack(ledger: Ledger) -> None:
    feed(ledger, run("r1", *decided((CODES[0],))))
    feed(ledger, run("r2", *decided((), sha="cd" * 32)))
    provisional = next(s.battery for s in ledger.find() if s.battery.startswith("P-"))
    with pytest.raises(LedgerError, match="is here, by entry"):
        link(ledger, provisional, CODES[0], "read from a list")


def test_a_pack_that_comes_back_is_a_reentry(ledger: Ledger) -> None:
    feed(ledger, run("r1", *decided((CODES[0],))))
    ledger.append(HandOver(to="Reuse Ltd", route="reuse", by=ledger.person("A. Operator")), CODES[0])
    feed(ledger, run("r2", *decided((CODES[0],), sha="cd" * 32)))
    again = [e.payload for e in ledger.entries_of(CODES[0]) if e.kind == "intake"]
    assert [(p["arrival"], p.get("earlier")) for p in again] == [("new", None), ("reentry", 3)]


def test_a_pack_that_never_left_is_not_taken_in_twice(ledger: Ledger) -> None:
    feed(ledger, run("r1", *decided((CODES[0],))))
    feed(ledger, run("r2", *decided((CODES[0],), sha="cd" * 32)))
    assert [e.kind for e in ledger.entries_of(CODES[0])].count("intake") == 1
    assert [e.kind for e in ledger.entries_of(CODES[0])].count("inspection") == 2


def test_a_picture_or_label_under_two_identities_is_a_doubt(ledger: Ledger) -> None:
    feed(ledger, run("r1", *decided((CODES[0], "SN-1"))))
    feed(ledger, run("r2", *decided((CODES[1], "SN-1"))))
    doubts = ledger.entries_of(CODES[1])[0].payload["doubts"]
    assert doubts == [f"{CODES[0]} was taken in with the same picture", f"{CODES[0]} was taken in with the label SN-1"]


def test_a_run_that_goes_on_with_the_same_pack_keeps_its_identity(ledger: Ledger) -> None:
    taking = Feed(ledger)
    for line in run("r1", *decided(())):
        taking.take(line)
    said = turn("Answered", record("reconciled", run="r1", same_pack=True, answers={}, by="A. Operator"))
    taking.take(JournalLine("r2", 0, 1.8e9, *said))
    for line in run("r3", *decided((), sha="cd" * 32)):
        taking.take(line)
    packs = [s.battery for s in ledger.find() if s.battery.startswith("P-")]
    assert len(packs) == 1
    assert [e.kind for e in ledger.entries_of(packs[0])].count("inspection") == 2


def test_a_code_read_at_a_later_look_is_linked(ledger: Ledger) -> None:
    feed(ledger, run("r1", *decided(()), *decided((CODES[0],)), *work()))
    linked = [e for e in ledger.entries_of(CODES[0]) if e.kind == "identity_linked"]
    assert len(linked) == 1
    assert {e.battery for e in ledger.entries_of(CODES[0]) if e.kind == "operation"} == {CODES[0]}


def test_a_modules_code_belongs_to_one_pack(ledger: Ledger) -> None:
    assert module_identity(ledger, CODES[0], "module.01") == (f"{CODES[0]}/module.01", "derived")
    assert module_identity(ledger, CODES[0], "module.01", MODULE) == (MODULE, "code")
    from delid.ledger import ModuleOut

    ledger.append(ModuleOut(parent=CODES[0], position="module.01", identity="code", code_raw=MODULE), MODULE)
    assert [e.battery for e in ledger.entries_of(CODES[0])] == [MODULE]
    with pytest.raises(LedgerError, match="came out of"):
        module_identity(ledger, CODES[1], "module.01", MODULE)
    with pytest.raises(LedgerError, match="code of a module"):
        module_identity(ledger, CODES[1], "module.01", CODES[3])
