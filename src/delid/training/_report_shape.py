"""The figures of an evaluation in the shape that the HTML report shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from delid.config import read_document
from delid.vision import Manifest

from ._report_html import write_report

Figures = Mapping[str, Any]
COMMAND = "delid train evaluate --html FILE"


def write_html(figures: Figures, models: Path, out: Path) -> None:
    """The report of `write_report`, with the thresholds of the models that the figures are of."""
    files = {name: models / name / "manifest.yaml" for name in figures["models"]}
    found = {name: Manifest.model_validate(read_document(path).data) for name, path in files.items()}
    write_report(shaped(figures, found), out)


def shaped(figures: Figures, manifests: Mapping[str, Manifest]) -> dict[str, Any]:
    """What `write_report` takes: provenance, thresholds, a section for each group of figures, the worst scenes."""
    rendered, photographs = figures["rendered"] or {}, figures["photographs"] or {}
    return {
        "title": f"Evaluation on the split {figures['split']}",
        "provenance": {**figures["models"], "split": figures["split"], "command": COMMAND},
        "thresholds": dict(_thresholds(manifests)),
        "rendered": {_title(name): part_of(part) for name, part in rendered.items() if isinstance(part, Mapping)},
        "photographs": {_title(name): part_of(part) for name, part in photographs.items()},
        "worst": rendered.get("worst", ()),
    }


def part_of(figures: Figures) -> dict[str, Any]:
    """One section: plain figures as its summary, tables of tables as tables, the rest under their names."""
    part: dict[str, Any] = {"summary": {}, "tables": {}}
    for name, value in figures.items():
        if name == "calibration" and value:
            part["reliability"] = {"presence of damage": value}
        elif name == "by_kind" and value and all(isinstance(row, Mapping) for row in value.values()):
            part["by_class"] = value
        elif name == "confusion":
            part["confusion"] = value
        elif isinstance(value, Mapping) and value:
            _lay_out(part, _title(name), value)
        elif not isinstance(value, Mapping | list | tuple):
            part["summary"][_title(name)] = value
    return part


def _lay_out(part: dict[str, Any], title: str, value: Figures) -> None:
    """A mapping as a table: one row if its content is plain, one for each mapping in it otherwise."""
    rows = {key: row for key, row in value.items() if isinstance(row, Mapping)}
    if not rows:
        part["tables"][title] = {"": _flat(value)}
        return
    table = {}
    for key, row in rows.items():
        if row and all(isinstance(content, Mapping) for content in row.values()):
            _lay_out(part, f"{title}, {_title(key)}", row)
        else:
            table[_title(key)] = _flat(row)
    if table:
        part["tables"][title] = table
    plain = {key: content for key, content in value.items() if key not in rows}
    part["summary"].update({f"{title}, {_title(key)}": content for key, content in _flat(plain).items()})


def _flat(row: Figures) -> dict[str, Any]:
    """Cells of a table: figures, and counts by name as words; what is deeper has no place in a row."""
    cells = {_title(key): _cell(value) for key, value in row.items() if not isinstance(value, list | tuple)}
    return {key: cell for key, cell in cells.items() if not isinstance(cell, Mapping)}


def _cell(value: Any) -> Any:
    counts = isinstance(value, Mapping) and not any(isinstance(v, Mapping | list | tuple) for v in value.values())
    return ", ".join(f"{key} {count}" for key, count in value.items()) if counts else value


def _title(name: str) -> str:
    return str(name).replace("_", " ")


def _thresholds(manifests: Mapping[str, Manifest]) -> Iterator[tuple[str, dict[str, Any]]]:
    for model, manifest in manifests.items():
        for group, content in manifest.thresholds.model_dump(by_alias=True, exclude_none=True).items():
            rows = {f"{group}.{name}": row for name, row in content.items() if isinstance(row, dict)} or {
                group: content
            }
            for name, row in rows.items():
                value = row.get("min_confidence", row.get("min_score"))
                yield f"{model} {name}", {"value": value, "chosen": row.get("chosen", "")}
