"""Battery passport fields that a dismantler knows, as submodels after IDTA-02035 (Digital Battery Passport).

Part 1 (nameplate): identity and life-cycle stage. Part 3 (carbon footprint): the dismantling step, never the whole
life. Part 5 (condition): what was seen and measured. Names, meanings and types are those of the templates published by
the IDTA (V1.1 of 2026; CC-BY-4.0), of which only the elements below are filled: what the cell does not know is left
out, also where a complete passport must have it.
"""

from __future__ import annotations

from ._aas import Element, group, meaning, prop, rows, shell, submodel
from ._names import Names, utc
from ._record import BatteryRecord, FigureFact

NAMEPLATE = "https://admin-shell.io/idta/digitalbatterypassport/nameplate/1/0/Nameplate"
PLATE = "urn:samm:io.admin-shell.idta.batterypass.digital_nameplate:1.0.0#"
PCF = "https://admin-shell.io/idta/CarbonFootprint/"
CONDITION = "urn:samm:io.admin-shell.idta.batterypass.product_condition:1.0.2#"
TEMPLATES = {part: f"https://admin-shell.io/idta-02035-{part}" for part in (1, 3, 5)}
PCF_TEMPLATE = "https://admin-shell.io/idta-02023-1-0"
WASTE = "0173-1#07-ACC024#001"
"""Life-cycle stage *waste*, the value of ECLASS that part 1 names."""
METHOD = "delid, docs/accounting.md"
"""The rule of the figure: none of the methods in the value list of part 3 covers one dismantling step."""
END_OF_LIFE = "C3 - recycling, waste treatment"
"""Life-cycle phase of part 3, after DIN DKE SPEC 99100, 6.3.6."""


def passport_of(facts: BatteryRecord, names: Names, certificate: str = "") -> Element:
    """An environment (one shell, its submodels) as the standard's JSON has it.

    ``certificate`` is the path of the certificate in a package; without a package there is none.
    """
    base, own = names.battery(facts.battery), f"{names.base}delid#"
    plates = [_nameplate(facts, base)]
    if figure := facts.figure("own_emissions"):
        plates.append(_footprint(figure, base))
    if condition := _condition_items(facts):
        means = f"{CONDITION}ProductCondition"
        plates.append(submodel("ProductCondition", f"{base}/condition", means, TEMPLATES[5], condition))
    plates.append(_record(facts, base, own, certificate))
    aas = shell("BatteryRecord", f"{base}/aas", base, plates, facts.code or facts.battery)
    return {"assetAdministrationShells": [aas], "submodels": plates, "conceptDescriptions": []}


def _record(facts: BatteryRecord, base: str, own: str, certificate: str) -> Element:
    """delid's own submodel: what names and proves the record that the others were filled from."""
    proof = facts.proof
    items = [prop("RecordSha256", proof.record_sha256, f"{own}recordSha256")]
    if proof.checkpoint is not None:
        items += [
            prop("CheckpointSize", proof.checkpoint, f"{own}checkpointSize", "xs:unsignedInt"),
            prop("CheckpointRoot", proof.root, f"{own}checkpointRoot"),
            prop("SigningKey", proof.key_id, f"{own}signingKey"),
        ]
    if certificate:
        items.append({
            "idShort": "Certificate", "modelType": "File", "semanticId": meaning(f"{own}certificate"),
            "contentType": "application/pdf", "value": certificate,
        })  # fmt: skip
    return submodel(
        "DismantlingRecord", f"{base}/record", f"{own}DismantlingRecord", f"{own}dismantling-record-1", items
    )


def _nameplate(facts: BatteryRecord, base: str) -> Element:
    items = [
        prop("URIOfTheProduct", base, "0112/2///61987#ABN590#002", "xs:anyURI"),
        prop("SerialNumber", facts.code or facts.battery, "0112/2///61987#ABA951#009"),
        prop("LifeCycleStage", WASTE, "0173-1#02-ABL841#001"),
        prop("OperatorIdentifier", facts.site, f"{PLATE}operatorIdentifier"),
    ]
    if produced := dict(facts.decoded).get("produced"):
        items.insert(2, prop("DateOfManufacture", produced, "0112/2///61987#ABB757#007", "xs:date"))
    if maker := dict(facts.decoded).get("maker"):
        means = "urn:samm:io.admin-shell.idta.batterypass.technical_data:1.0.0#manufacturerIdentifier"
        items.append(prop("ManufacturerIdentifier", maker, means))
    return submodel("BatteryNameplate", f"{base}/nameplate", NAMEPLATE, TEMPLATES[1], items)


def _footprint(figure: FigureFact, base: str) -> Element:
    methods = rows("PcfCalculationMethods", [prop(None, METHOD, "0173-1#02-ABG854#003")],
                   f"{PCF}PcfCalculationMethods/1/0")  # fmt: skip
    phases = rows("LifeCyclePhases", [prop(None, END_OF_LIFE, "0173-1#02-ABG858#004")], f"{PCF}LifeCyclePhases/1/0")
    one = group(None, [
        methods,
        prop("PcfCO2eq", figure.value, "0173-1#02-ABG855#003", "xs:decimal"),
        prop("ReferenceImpactUnitForCalculation", "piece", "0173-1#02-ABG856#003"),
        prop("QuantityOfMeasureForCalculation", 1.0, "0173-1#02-ABG857#003", "xs:double"),
        phases,
    ], f"{PCF}ProductCarbonFootprint/1/0")  # fmt: skip
    listed = rows("ProductCarbonFootprints", [one], f"{PCF}ProductCarbonFootprints/1/0")
    return submodel("CarbonFootprint", f"{base}/carbon", f"{PCF}CarbonFootprint/1/0", PCF_TEMPLATE, [listed])


def _condition_items(facts: BatteryRecord) -> list[Element]:
    items = []
    if facts.damage:
        events = [
            group(None, [prop("NegativeEventValue", kind, f"{CONDITION}negativeEventValue"), _updated(at_s)],
                  f"{CONDITION}NegativeEvent")
            for kind, at_s in facts.damage
        ]  # fmt: skip
        items.append(rows("NegativeEvents", events, f"{CONDITION}negativeEvents"))
    if facts.temperature_c:
        celsius, at_s = facts.temperature_c
        measured = prop("MeasuredTemp", celsius, f"{CONDITION}measuredTemp", "xs:float")
        items.append(group("TemperatureInformation", [measured, _updated(at_s)], f"{CONDITION}temperatureInformation"))
    return items


def _updated(at_s: float) -> Element:
    return prop("LastUpdate", utc(at_s), f"{CONDITION}lastUpdate", "xs:dateTime")
