"""A battery passport read: the facts, the documents, and the draft of a pack file that leaves open what nobody said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from delid.config import Document, PackFile
from delid.core import ConfigError, UsageError
from delid.exports import pack_draft, passport_facts, read_environment

FILE = Path("passport.json")


def prop(name: str | None, value: str) -> dict[str, Any]:
    return ({"idShort": name} if name else {}) | {"modelType": "Property", "valueType": "xs:string", "value": value}


def group(name: str | None, *items: dict[str, Any], kind: str = "SubmodelElementCollection") -> dict[str, Any]:
    return ({"idShort": name} if name else {}) | {"modelType": kind, "value": list(items)}


def listed(name: str, *items: dict[str, Any]) -> dict[str, Any]:
    return group(name, *items, kind="SubmodelElementList")


def words(name: str, **texts: str) -> dict[str, Any]:
    value = [{"language": language, "text": text} for language, text in texts.items()]
    return {"idShort": name, "modelType": "MultiLanguageProperty", "value": value}


def passport(*, mass: str = "493") -> dict[str, Any]:
    document = group(
        None,
        listed("DocumentIds", group(None, prop("DocumentIdentifier", "DIS-7"))),
        listed("DocumentVersions", group(None, words("Title", de="Demontage", en="Dismantling of the pack"),
                                         listed("DigitalFiles", {"modelType": "File", "value": "/aasx/dis-7.pdf"}))),
    )  # fmt: skip
    models = {
        "BatteryNameplate": [words("ManufacturerName", en="Acme: cells # & more"),
                             words("ManufacturerProductDesignation", en="AC-82")],
        "TechnicalData": [group("GeneralInformation", prop("BatteryMass", mass)),
                          group("Areas", group("CapacityEnergyVoltage", prop("NominalVoltage", "352.5"),
                                               prop("CertifiedUsableBatteryEnergy", "77")))],
        "MaterialComposition": [group("BatteryChemistry", prop("ShortName", "NMC"))],
        "HandoverDocumentation": [listed("Documents", document)],
        "Circularity": [
            listed("DismantlingAndRemovalInformation", prop(None, "DIS-7"), prop(None, "DIS-8")),
            group("SafetyMeasures", listed("SafetyInstructions", prop(None, "SAFE-1")),
                  listed("ExtinguishingAgents", prop(None, "water"))),
            listed("SparePartSources", group(None, listed("Components", group(None, prop("PartName", "Lid"),
                                                                               prop("PartNumber", "1K0-1"))))),
        ],
    }  # fmt: skip
    return {"submodels": [{"idShort": name, "submodelElements": items} for name, items in models.items()]}


def test_a_passport_gives_these_facts() -> None:
    found = passport_facts(passport(), FILE)
    assert {k: v for k, (v, _) in found.facts.items()} == {
        "name": "AC-82", "maker": "Acme: cells # & more", "mass_kg": "493", "nominal_voltage_v": "352.5",
        "energy_kwh": "77", "chemistry": "NMC",
    }  # fmt: skip
    first, second = found.dismantling
    assert (first.id, first.titles, first.files) == ("DIS-7", ("Dismantling of the pack",), ("/aasx/dis-7.pdf",))
    assert second.id == "DIS-8"
    assert second.titles == ()
    assert [d.id for d in found.safety] == ["SAFE-1"]
    assert found.extinguishers == ("water",)
    assert found.components == (("Lid", "1K0-1"),)


def test_the_draft_holds_the_facts_with_their_source_and_leaves_the_rest_open() -> None:
    draft = pack_draft("acme-82", passport_facts(passport(), FILE), "passport.json, 2026-11-22")
    plain = Document(Path("acme-82.draft.yaml"), draft.text).data
    assert plain["mass_kg"] == 493
    assert plain["chemistry"] == "NMC"
    assert plain["name"] == "Acme: cells # & more AC-82"
    assert plain["outline_mm"] is None
    assert "outline_mm" in draft.missing
    assert "mass_kg" not in draft.missing
    source = next(s for s in plain["sources"] if s["fact"] == "mass_kg")
    assert source == {"fact": "mass_kg", "status": "claim",
                      "source": "battery passport passport.json, 2026-11-22, part 4, BatteryMass"}  # fmt: skip
    for text in ("DIS-7: Dismantling of the pack", "/aasx/dis-7.pdf", "extinguishing agents: water", "Lid 1K0-1"):
        assert text in draft.text


def test_the_check_names_what_the_draft_leaves_open() -> None:
    """A draft is refused as a pack file, each open key with its line, until somebody has measured."""
    draft = pack_draft("acme-82", passport_facts(passport(), FILE), "x")
    with pytest.raises(ConfigError) as caught:
        Document(Path("acme-82.draft.yaml"), draft.text).validate(PackFile)
    named = "\n".join(caught.value.findings)
    assert all(f" {key}: " in named for key in ("outline_mm", "height_mm", "design", "geometry", "lid", "groups"))


@pytest.mark.parametrize("mass", ["about 500", "-3", "nan", "inf", ""])
def test_a_number_that_is_none_is_left_open(mass: str) -> None:
    draft = pack_draft("acme-82", passport_facts(passport(mass=mass), FILE), "x")
    assert "mass_kg" in draft.missing
    assert Document(Path("a.yaml"), draft.text).data["mass_kg"] is None


def test_text_of_a_passport_cannot_add_keys_to_the_draft() -> None:
    found = passport()
    found["submodels"][4]["submodelElements"][0]["value"] = [prop(None, "DIS\nlid: {mass_kg: 1, grip_mm: [0, 0]}")]
    found["submodels"][2]["submodelElements"][0]["value"] = [prop("ShortName", "NMC\nmass_kg: 1")]
    plain = Document(Path("a.yaml"), pack_draft("acme-82", passport_facts(found, FILE), "x\ny: 1").text).data
    assert plain["lid"] is None
    assert plain["mass_kg"] == 493
    assert "y" not in plain


def test_what_is_no_passport_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    for text, match in (("[1]", "no Asset Administration Shell"), ("{", "no JSON file"), ("{}", "no Asset")):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match=match):
            read_environment(file)
    with pytest.raises(UsageError, match="none of the parts"):
        passport_facts({"submodels": [{"idShort": "Other"}]}, FILE)


def test_a_passport_that_is_folded_deeply_is_read_to_a_bound(tmp_path: Path) -> None:
    inner: dict[str, Any] = prop("BatteryMass", "1")
    for _ in range(200):
        inner = group("g", inner)
    model = {"idShort": "TechnicalData", "submodelElements": [inner]}
    assert passport_facts(json.loads(json.dumps({"submodels": [model]})), FILE).facts == {}
