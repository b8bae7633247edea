"""The battery's record over the API: page, proof, exports, judgement with photos, hold and retention."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from delid.ledger import Ledger, SigningKey
from fake_cell import FakeCell, running_cell
from ledger_kit import CODES, life
from panel_rig import panel_client, running_panel, written_cell

CODE = CODES[0]
JPEG = b"\xff\xd8\xff\xe0 a picture"
SHA256 = hashlib.sha256(JPEG).hexdigest()
RECORD = "/api/v1/record"


@pytest.fixture
async def cell(tmp_path: Path) -> AsyncIterator[FakeCell]:
    async with running_cell(tmp_path / "cell.sock") as cell:
        yield cell


@pytest.fixture
def key() -> SigningKey:
    return SigningKey.new()


@pytest.fixture
def ledger(tmp_path: Path, key: SigningKey) -> Ledger:
    (tmp_path / "key.pub").write_bytes(key.public.pem())
    made = Ledger.begin(tmp_path / "ledger.sqlite", "Werk Süd", key.public)
    made.append_all([*life(CODE, 2), *life(CODES[1], 2)])
    made.checkpoint(key)
    return made


@pytest.fixture
async def panel(cell: FakeCell, ledger: Ledger, tmp_path: Path, repository: Path) -> AsyncIterator[httpx.AsyncClient]:
    path = written_cell(tmp_path, repository)
    shared = repository / "cell_configs"
    path.write_text(
        path.read_text()
        + f"""
ledger:
  site: yard
  url: {tmp_path}/ledger.sqlite
  public_key: {tmp_path}/key.pub
  photos: {tmp_path}/photos
  judgement: {shared}/record/judgement.yaml
  retention: {shared}/record/retention.yaml
  accounting: {shared}/accounting
  rules: {shared}/compliance/cn.yaml
"""
    )
    async with running_panel(tmp_path / "cell.sock", cell=path) as address, panel_client(address) as client:
        yield client


async def test_batteries_are_listed_found_and_shown(panel: httpx.AsyncClient) -> None:
    listed = (await panel.get("/api/v1/records")).json()["batteries"]
    assert {one["battery"] for one in listed} == {CODE, CODES[1]}
    found = (await panel.get("/api/v1/records", params={"words": CODE})).json()["batteries"]
    assert [one["battery"] for one in found] == [CODE]
    shown = (await panel.get(RECORD, params={"battery": CODE})).json()
    assert (shown["code"], shown["product"], shown["site"], shown["on_hold"]) == (CODE, "pack", "Werk Süd", False)
    assert [e["kind"] for e in shown["entries"]][:2] == ["intake", "operator_act"]
    assert (await panel.get(RECORD, params={"battery": "nobody's"})).status_code == 404


async def test_account_deadlines_and_proof_are_worked_out(panel: httpx.AsyncClient, ledger: Ledger) -> None:
    found = (await panel.get(f"{RECORD}/account", params={"battery": CODE})).json()
    assert {one["name"] for one in found["figures"]} <= {"energy", "own_emissions", "avoided_emissions", "recovery"}
    assert found["notes"] or found["figures"]
    assert [one for one in found["deadlines"] if not one["rule"]] == []
    assert found["deadlines"]
    proof = (await panel.get(f"{RECORD}/proof", params={"battery": CODE})).json()
    shown = (await panel.get(RECORD, params={"battery": CODE})).json()
    assert proof["ok"] is True
    assert proof["record_sha256"] == shown["record_sha256"]
    assert proof["entries"] == len(shown["entries"])
    ledger.append_all(list(life(CODE, 1)))
    proof = (await panel.get(f"{RECORD}/proof", params={"battery": CODE})).json()
    assert proof["ok"] is False
    assert "newer than the last signed checkpoint" in proof["words"]


async def test_exports_are_downloaded(panel: httpx.AsyncClient) -> None:
    for format, start, ending in (
        ("pdf", b"%PDF-", ".pdf"), ("html", b"<!doctype", ".html"), ("json", b"{", ".json"),
        ("proof", b"{", ".proof.jsonl"),
        ("csv", b"\xef\xbb\xbf", ".csv"), ("epcis", b"{", ".epcis.jsonld"), ("passport", b"{", ".passport.json"),
    ):  # fmt: skip
        reply = await panel.get(f"{RECORD}/export", params={"battery": CODE, "format": format, "language": "zh"})
        assert reply.status_code == 200, reply.text
        assert reply.content.startswith(start)
        assert f'filename="{CODE}{ending}"' in reply.headers["content-disposition"]


def spoil(photos: Path) -> None:
    next(photos.glob("*/*.jpg")).write_bytes(JPEG + b"!")


async def judgement(panel: httpx.AsyncClient, **answers: str) -> dict[str, object]:
    """A body that answers every item with no, but for ``answers``."""
    listed = (await panel.get(f"{RECORD}/judgement")).json()
    items = [{"id": i["id"], "answer": answers.get(i["id"], "no"), "note": "", "photos": []} for i in listed["items"]]
    return {"battery": CODE, "judgement": listed["id"], "version": listed["version"], "items": items}


async def test_a_judgement_is_kept_with_its_photos(panel: httpx.AsyncClient, tmp_path: Path, ledger: Ledger) -> None:
    kept = await panel.put(
        f"{RECORD}/photo", params={"battery": CODE}, content=JPEG, headers={"content-type": "image/jpeg"}
    )
    assert kept.json() == {"sha256": SHA256}
    body = await judgement(panel, leak="yes")
    bare = await panel.post(f"{RECORD}/judgement", json=body)
    assert (bare.status_code, "needs a photo" in bare.text) == (409, True)
    next(i for i in body["items"] if i["id"] == "leak")["photos"] = [SHA256]  # type: ignore[attr-defined, index]
    made = await panel.post(f"{RECORD}/judgement", json=body)
    assert made.json() | {"seq": 0} == {"seq": 0, "passed": False, "hazard_class": "C", "reasons": ["leak"]}
    entry = ledger.entry(made.json()["seq"])
    assert entry is not None
    assert (entry.kind, entry.battery, entry.payload["hazard_class"]) == ("safety_judgement", CODE, "C")
    assert entry.payload["by"] in ledger.names()
    assert (await panel.get(RECORD, params={"battery": CODE})).json()["hazard_class"] == "C"
    assert (await panel.get(f"{RECORD}/photo", params={"sha256": SHA256})).content == JPEG
    spoil(tmp_path / "photos")
    assert (await panel.get(f"{RECORD}/photo", params={"sha256": SHA256})).status_code == 404, "it was changed"


async def test_a_judgement_that_came_twice_is_written_once(panel: httpx.AsyncClient, ledger: Ledger) -> None:
    body, size = await judgement(panel), ledger.size()
    for _ in range(2):
        reply = await panel.post(f"{RECORD}/judgement", json=body, headers={"Idempotency-Key": "judged-once-1"})
        assert reply.json()["passed"] is True
    assert ledger.size() == size + 1


async def test_a_judgement_that_does_not_fit_is_refused(panel: httpx.AsyncClient, ledger: Ledger) -> None:
    size = ledger.size()
    for change, status in (
        ({"version": 99}, 409), ({"judgement": "other"}, 409), ({"items": [{"id": "rust", "answer": "no"}]}, 422),
        ({"items": [{"id": "leak", "answer": "no"}] * 2}, 422), ({"items": [{"id": "leak", "answer": "maybe"}]}, 422),
        ({"items": [{"id": "leak", "answer": "yes", "photos": ["0" * 64]}]}, 422), ({"battery": "nobody's"}, 404),
    ):  # fmt: skip
        reply = await panel.post(f"{RECORD}/judgement", json=await judgement(panel) | change)
        assert reply.status_code == status, reply.text
    for content, kind, status in ((b"#!/bin/sh", "image/jpeg", 422), (JPEG, "text/html", 415)):
        headers = {"content-type": kind}
        reply = await panel.put(f"{RECORD}/photo", params={"battery": CODE}, content=content, headers=headers)
        assert reply.status_code == status
    assert ledger.size() == size


async def test_a_hold_stands_in_the_record_and_in_its_exports(panel: httpx.AsyncClient) -> None:
    """What a hold keeps is shown in tests/unit/keeping."""
    assert (await panel.get(f"{RECORD}/retention")).json() | {"rule": ""} == {
        "photos": 0,
        "people": 0,
        "held": 0,
        "rule": "",
    }
    held = await panel.post(f"{RECORD}/hold", json={"battery": CODE, "on": True, "reason": "claim 17"})
    assert held.json() == {"battery": CODE, "on": True}
    assert (await panel.get(RECORD, params={"battery": CODE})).json()["on_hold"] is True
    exported = await panel.get(f"{RECORD}/export", params={"battery": CODE, "format": "json"})
    assert json.loads(exported.content)["on_hold"] is True
    assert (await panel.post(f"{RECORD}/retention")).json() == {"ok": True}


async def test_without_a_ledger_the_answer_says_how_to_have_one(
    cell: FakeCell, tmp_path: Path, repository: Path
) -> None:
    path = written_cell(tmp_path, repository)
    async with running_panel(tmp_path / "cell.sock", cell=path) as address, panel_client(address) as client:
        reply = await client.get("/api/v1/records")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "panel.no_ledger")
    assert "section 'ledger'" in reply.json()["error"]["hint"]
