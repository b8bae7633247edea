"""Reading a battery passport (IDTA-02035): what it says about dismantling, and the documents that go with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from delid.core import UsageError

LARGEST_JSON = 32 * 2**20
DEEPEST = 30

Element = Mapping[str, Any]

PARTS: Mapping[str, tuple[str, ...]] = {
    "nameplate": ("BatteryNameplate", "Nameplate", "DigitalNameplate"),
    "documents": ("HandoverDocumentation",),
    "technical": ("TechnicalData",),
    "materials": ("MaterialComposition",),
    "circularity": ("Circularity",),
}
"""Parts that are read, and the names (idShort) under which their submodels come."""

FACTS: tuple[tuple[str, str, str, str], ...] = (
    # fact of a pack file, part, name of the element, what the passport calls it
    ("name", "nameplate", "ManufacturerProductDesignation", "part 1, ManufacturerProductDesignation"),
    ("maker", "nameplate", "ManufacturerName", "part 1, ManufacturerName"),
    ("mass_kg", "technical", "BatteryMass", "part 4, BatteryMass"),
    ("nominal_voltage_v", "technical", "NominalVoltage", "part 4, NominalVoltage"),
    ("energy_kwh", "technical", "CertifiedUsableBatteryEnergy", "part 4, CertifiedUsableBatteryEnergy"),
    ("chemistry", "materials", "ShortName", "part 6, BatteryChemistry.ShortName"),
)


@dataclass(frozen=True, slots=True)
class PassportDocument:
    """A document that the passport names."""

    id: str
    titles: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Addresses, or paths inside the package."""


@dataclass(frozen=True, slots=True)
class PassportFacts:
    """What a passport tells a dismantler.

    Attributes:
        facts: of a pack file, by its key: value, and where in the passport it stands.
        dismantling: documents of the dismantling information (part 7, Annex XIII 2c of (EU) 2023/1542).
        safety: documents of the safety instructions.
        extinguishers: usable extinguishing agents.
        components: names and numbers of parts that can be had.
        parts: the parts of IDTA-02035 that were found.
    """

    facts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    dismantling: tuple[PassportDocument, ...] = ()
    safety: tuple[PassportDocument, ...] = ()
    extinguishers: tuple[str, ...] = ()
    components: tuple[tuple[str, str], ...] = ()
    parts: tuple[str, ...] = ()


def read_environment(file: Path) -> Mapping[str, Any]:
    """An AAS environment from a JSON file; raises UsageError for anything else."""
    try:
        if file.stat().st_size > LARGEST_JSON:
            raise UsageError(f"{file} is larger than {LARGEST_JSON // 2**20} MiB.", hint="Give the passport alone.")
        found = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{file} is no JSON file that can be read: {error}.") from error
    return environment_in(found, file)


def environment_in(found: object, file: Path) -> Mapping[str, Any]:
    """``found`` if it is an AAS environment; raises UsageError."""
    listed = found.get("submodels") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise UsageError(
            f"{file} is no Asset Administration Shell: it has no list 'submodels'.",
            hint="Give the passport's AASX package, or its environment as JSON.",
        )
    return found


def passport_facts(environment: Mapping[str, Any], file: Path) -> PassportFacts:
    """What the passport says; raises UsageError where no part of IDTA-02035 is in it."""
    parts = {part: model for part, names in PARTS.items() if (model := _submodel(environment, names)) is not None}
    if not parts:
        raise UsageError(
            f"{file} has none of the parts of a battery passport that tell of dismantling (IDTA-02035).",
            hint="Ask who issued the passport for the parts Technical Data and Circularity.",
        )
    documents = {d.id: d for d in _documents(parts.get("documents", {}))}
    circularity = parts.get("circularity", {})
    safety = _first(circularity, "SafetyMeasures") or {}
    return PassportFacts(
        facts=_facts(parts),
        dismantling=_named(_first(circularity, "DismantlingAndRemovalInformation"), documents),
        safety=_named(_first(safety, "SafetyInstructions"), documents),
        extinguishers=tuple(_values(_first(safety, "ExtinguishingAgents"))),
        components=tuple(_components(circularity)),
        parts=tuple(parts),
    )


def _submodel(environment: Mapping[str, Any], names: Sequence[str]) -> Element | None:
    return next((one for one in environment["submodels"] if one.get("idShort") in names), None)


def _facts(parts: Mapping[str, Element]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for fact, part, name, words in FACTS:
        element = _first(parts.get(part, {}), name)
        if element is not None and (values := list(_values(element))):
            found[fact] = (values[0], words)
    return found


def _documents(model: Element) -> Iterator[PassportDocument]:
    for document in _children(_first(model, "Documents") or {}):
        ids = [v for e in _all(document, "DocumentIdentifier") for v in _values(e)]
        titles = [v for e in _all(document, "Title") for v in _values(e)]
        files = [str(e["value"]) for e in _walk(document) if e.get("modelType") == "File" and e.get("value")]
        for one in ids:
            yield PassportDocument(one, tuple(titles), tuple(files))


def _named(element: Element | None, documents: Mapping[str, PassportDocument]) -> tuple[PassportDocument, ...]:
    return tuple(documents.get(name, PassportDocument(name)) for name in _values(element))


def _components(circularity: Element) -> Iterator[tuple[str, str]]:
    for element in _all(circularity, "Components"):
        for part in _children(element):
            name = next((v for e in _all(part, "PartName") for v in _values(e)), "")
            number = next((v for e in _all(part, "PartNumber") for v in _values(e)), "")
            if name or number:
                yield name, number


def _children(element: Element) -> list[Element]:
    held = element.get("submodelElements") or element.get("value") or element.get("statements") or []
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []


def _walk(element: Element, depth: int = 0) -> Iterator[Element]:
    yield element
    if depth < DEEPEST:
        for child in _children(element):
            yield from _walk(child, depth + 1)


def _all(element: Element, name: str) -> Iterator[Element]:
    return (one for one in _walk(element) if one.get("idShort") == name)


def _first(element: Element, name: str) -> Element | None:
    return next(_all(element, name), None)


def _values(element: Element | None) -> Iterator[str]:
    """The texts of an element: its value, one of each language, or those of the elements in its list."""
    if element is None:
        return
    value = element.get("value")
    if isinstance(value, str) and value.strip():
        yield value.strip()
    elif element.get("modelType") == "MultiLanguageProperty" and isinstance(value, list):
        texts = {str(t.get("language")): str(t.get("text")) for t in value if isinstance(t, dict)}
        if texts:
            yield texts.get("en") or texts.get("zh") or next(iter(texts.values()))
    elif isinstance(value, list):
        for child in _children(element):
            yield from _values(child)
