"""The figures of an evaluation in the shape that the HTML report shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from delid.vision import Manifest

Figures = Mapping[str, Any]
COMMAND = "delid train evaluate --html FILE"


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
            rows = value if all(isinstance(row, Mapping) for row in value.values()) else {"": value}
            part["tables"][_title(name)] = {key: _flat(row) for key, row in rows.items()}
        elif not isinstance(value, Mapping | list | tuple):
            part["summary"][_title(name)] = value
    return part


def _flat(row: Figures) -> dict[str, Any]:
    return {key: value for key, value in row.items() if not isinstance(value, Mapping | list | tuple)}


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
