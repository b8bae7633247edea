"""EPCIS 2.0: the events of a record, by the shape that the standard gives to them."""

from __future__ import annotations

import pytest

from delid.core import UsageError
from delid.exports import Names, epcis_of
from exported import BEGAN_S, CODE, RECORD

NAMES = Names("https://id.plant.example/")
PACK = f"https://id.plant.example/battery/{CODE}"


def events() -> list[dict[str, object]]:
    document = epcis_of(RECORD, NAMES, BEGAN_S + 3600)
    assert document["schemaVersion"] == "2.0"
    assert document["type"] == "EPCISDocument"
    return document["epcisBody"]["eventList"]  # type: ignore[no-any-return]


def test_a_record_is_these_events_in_order_of_time() -> None:
    found = [(e["type"], e.get("action"), e["bizStep"]) for e in events()]
    assert found == [
        ("ObjectEvent", "OBSERVE", "accepting"),
        ("AggregationEvent", "DELETE", "disassembling"),
        ("AggregationEvent", "DELETE", "disassembling"),
        ("TransformationEvent", None, "disassembling"),
        ("ObjectEvent", "OBSERVE", "shipping"),
    ]
    times = [str(e["eventTime"]) for e in events()]
    assert times == sorted(times)
    assert all(t.endswith("Z") for t in times)


def test_modules_leave_the_pack_that_is_their_parent() -> None:
    first = next(e for e in events() if e["type"] == "AggregationEvent")
    assert first["parentID"] == PACK
    assert first["childEPCs"] == [f"https://id.plant.example/battery/{CODE}%2Fmodule.01"]


def test_materials_come_out_in_kilograms_and_an_unknown_mass_is_none() -> None:
    event = next(e for e in events() if e["type"] == "TransformationEvent")
    assert event["inputEPCList"] == [PACK]
    assert event["outputQuantityList"] == [
        {"epcClass": "https://id.plant.example/material/busbar", "quantity": 4.0, "uom": "KGM"},
        {"epcClass": "https://id.plant.example/material/coolant"},
    ]


def test_an_event_has_the_same_id_in_every_export_and_no_other_has_it() -> None:
    ids = [e["eventID"] for e in events()]
    assert ids == [e["eventID"] for e in events()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("base", ["plant", "https://id.plant.example", " https://x/ "])
def test_a_base_that_makes_no_names_is_refused(base: str) -> None:
    with pytest.raises(UsageError, match="no base for identifiers"):
        Names(base)
