"""GS1 EPCIS 2.0 events in JSON-LD (CBV 2.0 words): what a pack became, for systems that follow goods.

| entry of the record | event |
|---|---|
| intake | ObjectEvent, OBSERVE, ``accepting`` |
| module with an identity of its own | AggregationEvent, DELETE, ``disassembling``: the pack is the parent |
| materials out | TransformationEvent, ``disassembling``: the pack goes in, classes of material come out in kg |
| hand-over | ObjectEvent, OBSERVE, ``shipping`` |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ._names import Names, event_id, utc
from ._record import BatteryRecord, MaterialFact

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
KILOGRAM = "KGM"
"""UN/CEFACT Recommendation 20."""
SIMPLE = {"intake": ("accepting", "in_progress"), "hand_over": ("shipping", "in_transit")}
"""Kinds of entries that are one event: business step and disposition."""

Plain = dict[str, Any]


def epcis_of(facts: BatteryRecord, names: Names, now_s: float) -> Plain:
    """The document with all events of one battery, in order of time. Its words are those of the record, no more."""
    events = [*_simple(facts, names), *_disaggregations(facts, names), *_transformation(facts, names)]
    events.sort(key=lambda event: (event["eventTime"], event["eventID"]))
    return {
        "@context": [CONTEXT, {"delid": f"{names.base}epcis#"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": utc(now_s),
        "epcisBody": {"eventList": events},
    }


def _event(kind: str, facts: BatteryRecord, names: Names, at_s: float, step: str, disposition: str, *own: str) -> Plain:
    place = {"id": names.site(facts.site)}
    return {
        "type": kind,
        "eventID": event_id(facts.battery, kind, step, *own),
        "eventTime": utc(at_s),
        "eventTimeZoneOffset": "+00:00",
        "bizStep": step,
        "disposition": disposition,
        "readPoint": place,
        "bizLocation": place,
        "delid:recordSha256": facts.proof.record_sha256,
    }


def _simple(facts: BatteryRecord, names: Names) -> Iterable[Plain]:
    for entry in facts.entries:
        if entry.kind in SIMPLE:
            step, disposition = SIMPLE[entry.kind]
            event = _event("ObjectEvent", facts, names, entry.at_s, step, disposition, entry.sha256)
            event |= {"action": "OBSERVE", "epcList": [names.battery(facts.battery)], "delid:entrySha256": entry.sha256}
            yield event


def _disaggregations(facts: BatteryRecord, names: Names) -> Iterable[Plain]:
    for part in facts.parts:
        event = _event("AggregationEvent", facts, names, part.at_s, "disassembling", "in_progress", part.battery)
        event |= {
            "action": "DELETE",
            "parentID": names.battery(facts.battery),
            "childEPCs": [names.battery(part.battery)],
        }
        yield event


def _transformation(facts: BatteryRecord, names: Names) -> Iterable[Plain]:
    if not facts.materials:
        return
    at_s = max(material.at_s for material in facts.materials)
    event = _event("TransformationEvent", facts, names, at_s, "disassembling", "in_progress")
    event |= {
        "transformationID": event_id(facts.battery, "transformation"),
        "inputEPCList": [names.battery(facts.battery)],
        "outputQuantityList": [
            {"epcClass": names.material(kind)} | ({"quantity": mass_kg, "uom": KILOGRAM} if mass_kg else {})
            for kind, mass_kg in _by_kind(facts.materials).items()
        ],
    }
    yield event


def _by_kind(materials: Iterable[MaterialFact]) -> Mapping[str, float]:
    """Kind to its mass in kg; 0 where nobody weighed it."""
    total: dict[str, float] = {}
    for material in materials:
        total[material.kind] = round(total.get(material.kind, 0.0) + (material.mass_kg or 0.0), 6)
    return dict(sorted(total.items()))
