"""Elements of an Asset Administration Shell as plain JSON (IDTA-01001-3), each with its meaning."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

Element = dict[str, Any]


def meaning(uri: str) -> Element:
    """A reference to what an element means: an IRDI or URI of a template."""
    return {"type": "ExternalReference", "keys": [{"type": "GlobalReference", "value": uri}]}


def prop(name: str | None, value: object, means: str, kind: str = "xs:string") -> Element:
    """A property; inside a list it has no name."""
    out: Element = {"modelType": "Property", "semanticId": meaning(means), "valueType": kind, "value": _text(value)}
    return out if name is None else {"idShort": name} | out


def words(name: str, texts: Sequence[tuple[str, str]], means: str) -> Element:
    """A property in several languages."""
    return {
        "idShort": name, "modelType": "MultiLanguageProperty", "semanticId": meaning(means),
        "value": [{"language": language, "text": text} for language, text in texts],
    }  # fmt: skip


def group(name: str | None, items: Sequence[Element], means: str) -> Element:
    """A collection of named elements; inside a list it has no name."""
    out: Element = {"modelType": "SubmodelElementCollection", "semanticId": meaning(means), "value": list(items)}
    return out if name is None else {"idShort": name} | out


def rows(name: str, items: Sequence[Element], means: str) -> Element:
    """A list of collections or of texts. An empty one is not to be written: the standard has no empty lists."""
    kind = items[0]["modelType"]
    out: Element = {
        "idShort": name, "modelType": "SubmodelElementList", "semanticId": meaning(means),
        "orderRelevant": True, "typeValueListElement": kind, "value": list(items),
    }  # fmt: skip
    return out | ({"valueTypeListElement": items[0]["valueType"]} if kind == "Property" else {})


def submodel(name: str, id_: str, means: str, template: str, items: Sequence[Element]) -> Element:
    """A submodel of one battery, made after the template with that identifier."""
    return {
        "modelType": "Submodel", "idShort": name, "id": id_, "kind": "Instance", "semanticId": meaning(means),
        "administration": {"version": "1", "revision": "0", "templateId": template},
        "submodelElements": list(items),
    }  # fmt: skip


def shell(name: str, id_: str, asset: str, submodels: Sequence[Element], serial: str) -> Element:
    """The shell of one battery, with references to its submodels."""
    return {
        "modelType": "AssetAdministrationShell", "idShort": name, "id": id_,
        "assetInformation": {
            "assetKind": "Instance", "globalAssetId": asset,
            "specificAssetIds": [{"name": "serialNumber", "value": serial}],
        },
        "submodels": [
            {"type": "ModelReference", "keys": [{"type": "Submodel", "value": one["id"]}]} for one in submodels
        ],
    }  # fmt: skip


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)
