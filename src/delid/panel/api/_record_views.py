"""The battery's record as the API tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from delid.accounting import Account, Due
from delid.config import JudgementList
from delid.core import HazardClass, decode_battery_code
from delid.exports import Found, ProofFact, seconds_of, summary_of
from delid.exports import record_facts as gathered
from delid.ledger import Entry, JudgementItem, SafetyJudgement, Summary
from delid.ledger import Photo as EntryPhoto

from .._refusals import refusal
from ._record_models import (
    BatteryLine,
    DeadlineOut,
    FigureOut,
    JudgementIn,
    JudgementItemOut,
    JudgementListOut,
    OutputOut,
    ProofOut,
    RecordAccountOut,
    RecordEntry,
    RecordOut,
    RefusedOut,
    RouteOut,
)


def line_of(found: Summary) -> BatteryLine:
    return BatteryLine(
        battery=found.battery, entries=found.entries, first_at=seconds_of(found.first_at),
        last_at=seconds_of(found.last_at), last_kind=found.last_kind,
    )  # fmt: skip


def record_out(found: Found, site: str, names: Mapping[str, str]) -> RecordOut:
    family = found.family
    facts = gathered(found)
    return RecordOut(
        battery=family.battery, code=family.battery if decode_battery_code(family.battery) else None,
        product="module" if family.parent else "pack", provisional=list(family.provisional),
        modules=list(family.modules), parent=family.parent, model=facts.model, mass_kg=facts.mass_kg,
        hazard_class=facts.hazard_class, site=site, on_hold=facts.on_hold, record_sha256=found.record_sha256,
        entries=[_entry(entry, names) for entry in found.entries],
    )  # fmt: skip


def _entry(entry: Entry, names: Mapping[str, str]) -> RecordEntry:
    data: dict[str, Any] = dict(entry.payload)
    by = str(data.get("by") or "")
    return RecordEntry(
        seq=entry.seq, at=entry.wall_s, battery=entry.battery, kind=entry.kind, by=names.get(by, by),
        summary=summary_of(entry.kind, data), sha256=entry.leaf.hex(), data=data,
    )  # fmt: skip


def proof_out(proof: ProofFact, entries: int) -> ProofOut:
    return ProofOut(
        ok=proof.ok, words=proof.words, record_sha256=proof.record_sha256, entries=entries,
        checkpoint=proof.checkpoint, root=proof.root, key=proof.key_id, signed_at=proof.signed_s,
    )  # fmt: skip


def account_out(found: Found, account: Account | None, due: Sequence[Due]) -> RecordAccountOut:
    facts = gathered(found, account, due)
    return RecordAccountOut(
        figures=[FigureOut(name=f.name, value=f.value, low=f.low, high=f.high, unit=f.unit, method=f.method)
                 for f in facts.figures],
        notes=list(facts.notes),
        materials=[*(OutputOut(what=p.battery, mass_kg=p.mass_kg, destination=p.destination) for p in facts.parts),
                   *(OutputOut(what=m.kind, mass_kg=m.mass_kg, destination=m.destination) for m in facts.materials)],
        balance=facts.balance,
        routes=[RouteOut(kind=r.kind, goes=r.goes, reasons=list(r.reasons)) for r in facts.routes],
        refused=[RefusedOut(what=r.what, why=r.why, source=r.source) for r in facts.refused],
        deadlines=[DeadlineOut(name=d.name, due=d.due, done=d.done, state=cast(Any, d.state), rule=d.rule)
                   for d in facts.deadlines],
    )  # fmt: skip


def list_out(listed: JudgementList) -> JudgementListOut:
    items = [
        JudgementItemOut(id=item.item, en=item.en, zh=item.zh, hazard_class=HazardClass(item.hazard), photo=item.photo)
        for item in listed.items
    ]
    return JudgementListOut(id=listed.judgement, version=listed.version, rule=listed.rule, items=items)


def judgement_of(body: JudgementIn, listed: JudgementList, by: str) -> SafetyJudgement:
    """The entry; raises PanelError where the answers are not those of this list, or a yes lacks its picture."""
    if (body.judgement, body.version) != (listed.judgement, listed.version):
        raise refusal("panel.refused", "The list has changed meanwhile.", "Reload the page and judge by the new list.")
    given = {item.id: item for item in body.items}
    if len(given) != len(body.items):
        raise refusal("panel.bad_request", "An item is answered twice.")
    try:
        judged = listed.verdict({name: item.answer for name, item in given.items()})
    except ValueError as error:
        raise refusal("panel.bad_request", f"{error}.") from error
    items = []
    for asked in listed.items:
        item = given.get(asked.item)
        if item is not None and item.answer == "yes" and asked.photo and not item.photos:
            raise refusal("panel.refused", f"{asked.en} A yes needs a photo.", "Add a photo to the item.")
        photos = tuple(EntryPhoto(sha256=digest) for digest in item.photos) if item else ()
        items.append(JudgementItem(
            id=asked.item, text=asked.en, answer=item.answer if item else "not_judged",
            note=(item.note or None) if item else None, photos=photos,
        ))  # fmt: skip
    return SafetyJudgement(
        items=tuple(items), passed=judged.passed, hazard_class=judged.hazard, reasons=judged.reasons, rule=listed.rule,
        by=by,
    )  # fmt: skip
