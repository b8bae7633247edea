"""Battery passport fields: which are written, what is left out, and the check against schemas of a folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from delid.core import UsageError
from delid.exports import (
    Names,
    Wishes,
    check_epcis,
    check_passport,
    epcis_of,
    exported,
    passport_of,
    read_aasx,
    save_documents,
)
from exported import BEGAN_S, CODE, RECORD

NAMES = Names("https://id.plant.example/")
SCHEMA = "http://json-schema.org/draft-07/schema#"


def passport() -> dict[str, Any]:
    return passport_of(RECORD, NAMES)


def element(model: str, *path: str) -> dict[str, Any]:
    found = next(m for m in passport()["submodels"] if m["idShort"] == model)
    for part in path:
        items = found.get("submodelElements") or found["value"]
        found = items[int(part)] if part.isdigit() else next(i for i in items if i["idShort"] == part)
    return found


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("BatteryNameplate", "SerialNumber"), CODE),
        (("BatteryNameplate", "DateOfManufacture"), "2021-12-04"),
        (("BatteryNameplate", "LifeCycleStage"), "0173-1#07-ACC024#001"),
        (("BatteryNameplate", "ManufacturerIdentifier"), "04Q"),
        (("CarbonFootprint", "ProductCarbonFootprints", "0", "PcfCO2eq"), "0.47"),
        (
            ("CarbonFootprint", "ProductCarbonFootprints", "0", "LifeCyclePhases", "0"),
            "C3 - recycling, waste treatment",
        ),
        (("ProductCondition", "NegativeEvents", "0", "NegativeEventValue"), "dent"),
        (("ProductCondition", "TemperatureInformation", "MeasuredTemp"), "21.5"),
    ],
)
def test_what_the_cell_knows_is_in_it(path: tuple[str, ...], value: str) -> None:
    assert element(*path)["value"] == value


def test_what_the_cell_does_not_know_is_left_out() -> None:
    bare = replace(RECORD, decoded={}, damage=(), temperature_c=None, figures=())
    found = passport_of(bare, NAMES)
    assert [m["idShort"] for m in found["submodels"]] == ["BatteryNameplate", "DismantlingRecord"]
    names = {i["idShort"] for i in found["submodels"][0]["submodelElements"]}
    assert names == {"URIOfTheProduct", "SerialNumber", "LifeCycleStage", "OperatorIdentifier"}


def test_shell_refers_to_each_submodel() -> None:
    found = passport()
    refers = [r["keys"][0]["value"] for r in found["assetAdministrationShells"][0]["submodels"]]
    assert refers == [m["id"] for m in found["submodels"]]


def put(folder: Path, name: str, content: object) -> None:
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


def test_epcis_is_checked_against_the_schema_of_the_folder(tmp_path: Path) -> None:
    document = epcis_of(RECORD, NAMES, BEGAN_S)
    with pytest.raises(UsageError, match="holds no JSON Schema of EPCIS"):
        check_epcis(document, tmp_path)
    form = {"$schema": SCHEMA, "title": "EPCISDocument", "required": ["type", "epcisBody"],
            "properties": {"epcisBody": {"required": ["eventList"]}, "EPCISDocument": {}}}  # fmt: skip
    put(tmp_path, "epcis.json", form)
    assert check_epcis(document, tmp_path).ok
    report = check_epcis({"type": "EPCISDocument", "epcisBody": {}}, tmp_path)
    assert not report.ok
    assert report.findings == ("epcis.json: epcisBody: 'eventList' is a required property",)


def test_a_schema_that_refers_elsewhere_is_refused_and_nothing_is_fetched(tmp_path: Path) -> None:
    form = {
        "$schema": SCHEMA,
        "allOf": [{"$ref": "https://ref.gs1.org/x.json"}],
        "properties": {"epcisBody": {}, "EPCISDocument": {}},
    }
    put(tmp_path, "epcis.json", form)
    with pytest.raises(UsageError, match="refers to another file"):
        check_epcis(epcis_of(RECORD, NAMES, BEGAN_S), tmp_path)


def template(**changes: str) -> dict[str, Any]:
    """A template as the IDTA's are, of the nameplate; ``changes`` give a property another type."""
    model = json.loads(json.dumps(element("BatteryNameplate")))
    model["kind"] = "Template"
    for item in model["submodelElements"]:
        item["valueType"] = changes.get(item["idShort"], item["valueType"])
        item.pop("value")
    asked = {"idShort": "ManufacturerName", "modelType": "MultiLanguageProperty",
             "qualifiers": [{"type": "SMT/Cardinality", "value": "One"}]}  # fmt: skip
    model["submodelElements"].append(asked)
    return {"submodels": [model]}


def test_passport_is_checked_against_templates(tmp_path: Path) -> None:
    put(tmp_path, "part-1.json", template())
    report = check_passport(passport(), tmp_path)
    assert report.ok
    assert report.used == ("part-1.json",)
    assert report.absent == ("BatteryNameplate.ManufacturerName",)
    put(tmp_path, "part-1.json", template(DateOfManufacture="xs:dateTime"))
    words = "BatteryNameplate.DateOfManufacture: valueType is xs:date, in the template xs:dateTime"
    assert check_passport(passport(), tmp_path).findings == (words,)


def test_an_element_that_no_template_has_is_found(tmp_path: Path) -> None:
    put(tmp_path, "part-1.json", template())
    found = passport()
    found["submodels"][0]["submodelElements"].append({"idShort": "Invented", "modelType": "Property"})
    findings = check_passport(found, tmp_path).findings
    assert findings == ("BatteryNameplate.Invented: the template has no such element",)


def test_package_holds_the_passport_and_the_certificate_and_is_read_back(tmp_path: Path) -> None:
    """Written and read by the BaSyx SDK, which refuses what breaks the metamodel."""
    pytest.importorskip("basyx")
    path = tmp_path / "battery.aasx"
    path.write_bytes(exported(RECORD, "aasx", Wishes(BEGAN_S, names=NAMES)))
    environment, files = read_aasx(path)
    plate = next(m for m in environment["submodels"] if m["idShort"] == "BatteryNameplate")
    assert CODE in [i["value"] for i in plate["submodelElements"]]
    assert [name.rsplit("/", 1)[1] for name in files] == ["certificate.pdf"]
    (saved,) = save_documents(files, tmp_path / "documents")
    assert saved.read_bytes().startswith(b"%PDF-")
    assert saved.parent == tmp_path / "documents"


def test_names_in_a_package_never_leave_the_folder(tmp_path: Path) -> None:
    names = ["/aasx/../../../etc/passwd", "/x/..", "/a/b.pdf", "/c/b.pdf", "C:\\x.pdf"]
    written = save_documents(dict.fromkeys(names, b"x"), tmp_path / "out")
    assert len(set(written)) == 5
    assert {p.parent for p in written} == {tmp_path / "out"}


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("basyx")
    file = tmp_path / "a.aasx"
    file.write_bytes(b"PK no package")
    with pytest.raises(UsageError, match="no AASX package"):
        read_aasx(file)
