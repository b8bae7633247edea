"""Exports against the published schemas that somebody has put into a folder; none of them comes with delid.

Two kinds of files are known by what they hold: JSON Schemas (GS1's for EPCIS 2.0, the AAS schema of the IDTA), and
submodel templates of the IDTA (AAS environments whose submodels are of the kind *Template*).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delid.core import UsageError

EPCIS_WORDS, AAS_WORDS = ("epcisBody", "EPCISDocument"), ("assetAdministrationShells", "submodelElements")

Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SchemaReport:
    """What was checked, and what is wrong.

    Attributes:
        used: files that the export was checked against.
        findings: where it breaks them; empty if it does not.
        absent: what a template calls mandatory and the record does not know; no fault of the export.
    """

    used: tuple[str, ...]
    findings: tuple[str, ...]
    absent: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return bool(self.used) and not self.findings


def check_epcis(document: Plain, folder: Path) -> SchemaReport:
    """Against every JSON Schema of EPCIS in ``folder``; raises UsageError where there is none."""
    return _against_schemas(document, folder, EPCIS_WORDS, "JSON Schema of EPCIS 2.0")


def check_passport(environment: Plain, folder: Path) -> SchemaReport:
    """Against the AAS schema and the IDTA templates in ``folder``; raises UsageError where there is neither."""
    templates = {path: found for path, found in _files(folder) if _is_template(found)}
    try:
        report = _against_schemas(environment, folder, AAS_WORDS, "schema of the AAS")
    except UsageError:
        if not templates:
            raise
        report = SchemaReport((), ())
    used, findings = list(report.used), list(report.findings)
    absent: list[str] = []
    for path, template in templates.items():
        for model in environment["submodels"]:
            for form in (t for t in template["submodels"] if _means(t) == _means(model)):
                used.append(path.name)
                findings += _misfits(model, form, model["idShort"])
                absent += _missing(model, form, model["idShort"])
    return SchemaReport(tuple(dict.fromkeys(used)), tuple(findings), tuple(absent))


def _against_schemas(document: Plain, folder: Path, words: tuple[str, ...], what: str) -> SchemaReport:
    found = {path: schema for path, schema in _files(folder) if _is_schema(schema, words)}
    if not found:
        raise UsageError(f"{folder} holds no {what}.", hint="docs/exports.md says where to get it.")
    findings = [line for path, schema in found.items() for line in _breaches(document, path, schema)]
    return SchemaReport(tuple(path.name for path in found), tuple(findings))


def _breaches(document: Plain, path: Path, schema: Plain) -> list[str]:
    """Where the document breaks one schema. A schema is read alone: what it refers to elsewhere is never fetched."""
    try:
        import jsonschema
        from referencing import Registry
        from referencing.exceptions import Unresolvable
    except ImportError as error:
        raise UsageError("the check against schemas needs jsonschema.", hint="pip install 'delid[passport]'") from error
    kind = jsonschema.validators.validator_for(schema)
    checker = kind(schema, registry=Registry(), format_checker=jsonschema.FormatChecker())
    try:
        wrong = sorted(checker.iter_errors(document), key=lambda e: list(map(str, e.absolute_path)))
    except Unresolvable as error:
        raise UsageError(
            f"{path} refers to another file: {error}.", hint="Take the schema that is in one file."
        ) from error
    return [f"{path.name}: {'.'.join(map(str, e.absolute_path)) or 'document'}: {e.message[:300]}" for e in wrong]


def _files(folder: Path) -> Iterator[tuple[Path, Plain]]:
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder.", hint="docs/exports.md says what belongs there.")
    for path in sorted(folder.rglob("*.json")):
        try:
            found = json.loads(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise UsageError(f"{path} is no JSON file that can be read: {error}.") from error
        if isinstance(found, dict):
            yield path, found


def _is_schema(found: Plain, words: tuple[str, ...]) -> bool:
    text = json.dumps(found)
    return "$schema" in found and all(f'"{word}"' in text for word in words)


def _is_template(found: Plain) -> bool:
    models = found.get("submodels")
    return isinstance(models, list) and any(isinstance(m, dict) and m.get("kind") == "Template" for m in models)


def _means(element: Plain) -> str:
    keys = (element.get("semanticId") or {}).get("keys") or []
    return str(keys[-1]["value"]) if keys else ""


def _children(element: Plain) -> list[Plain]:
    held = element.get("submodelElements") or element.get("value") or []
    return [c for c in held if isinstance(c, dict) and "modelType" in c] if isinstance(held, list) else []


def _form_of(child: Plain, forms: list[Plain], in_list: bool) -> Plain | None:
    if in_list:
        return forms[0] if forms else None
    return next((f for f in forms if f.get("idShort") == child.get("idShort")), None)


def _misfits(element: Plain, form: Plain, where: str) -> Iterator[str]:
    """Elements that the template does not have, or has otherwise."""
    in_list = form.get("modelType") == "SubmodelElementList"
    for number, child in enumerate(_children(element)):
        here = f"{where}[{number}]" if in_list else f"{where}.{child.get('idShort')}"
        known = _form_of(child, _children(form), in_list)
        if known is None:
            yield f"{here}: the template has no such element"
            continue
        for key in ("modelType", "valueType"):
            if child.get(key) != known.get(key):
                yield f"{here}: {key} is {child.get(key)}, in the template {known.get(key)}"
        if _means(known) and _means(child) != _means(known):
            yield f"{here}: means {_means(child)}, in the template {_means(known)}"
        yield from _misfits(child, known, here)


def _missing(element: Plain, form: Plain, where: str) -> Iterator[str]:
    """What the template calls mandatory and the export does not have."""
    if form.get("modelType") == "SubmodelElementList":
        return
    have = {child.get("idShort"): child for child in _children(element)}
    for known in _children(form):
        name = known.get("idShort")
        if name in have:
            yield from _missing(have[name], known, f"{where}.{name}")
        elif any(q.get("value") in ("One", "OneToMany") for q in known.get("qualifiers") or []):
            yield f"{where}.{name}"
