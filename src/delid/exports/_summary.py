"""One line for an entry, for tables: what it says in short. Values as they stand in the entry, no word added."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Data = Mapping[str, Any]


def summary_of(kind: str, data: Data) -> str:
    """The line; for a kind that is not in the table, its fields."""
    make = LINES.get(kind)
    return (make(data) if make else _fields(data)).strip()


def _joined(*parts: object) -> str:
    return ", ".join(str(part) for part in parts if part not in (None, "", [], ()))


def _kg(data: Data) -> str:
    return f"{data['mass_kg']:g} kg" if data.get("mass_kg") is not None else ""


def _values(data: Data) -> str:
    values = (f"{v['name']} {v['value']} {v.get('unit', '')}".strip() for v in data.get("values", []))
    return _joined(data.get("what"), *values)


def _inspection(data: Data) -> str:
    damage = (f"{d['kind']} {d['severity']:.2f}" for d in data.get("damage", []))
    return _joined(data.get("model") or data.get("status"), f"class {data.get('hazard_class')}", *damage)


def _judgement(data: Data) -> str:
    yes = [item["id"] for item in data.get("items", []) if item.get("answer") != "no"]
    return _joined("passed" if data.get("passed") else "not passed", f"class {data.get('hazard_class')}", *yes)


def _fields(data: Data) -> str:
    return _joined(*(f"{key} {value}" for key, value in data.items() if isinstance(value, (str, int, float, bool))))[
        :200
    ]


LINES: Mapping[str, Callable[[Data], str]] = {
    "intake": lambda d: _joined(d.get("identity"), d.get("arrival"), d.get("model"), _kg(d), d.get("received_from")),
    "identity_linked": lambda d: _joined(d.get("provisional"), d.get("reason")),
    "safety_judgement": _judgement,
    "run_started": lambda d: _joined(d.get("run"), d.get("cell")),
    "inspection": _inspection,
    "plan": lambda d: _joined(d.get("recipe"), *d.get("reasons", [])),
    "operation": lambda d: _joined(d.get("title"), d.get("status"), d.get("detail")),
    "operator_act": lambda d: _joined(d.get("act"), d.get("what"), d.get("question")),
    "alarm": lambda d: _joined(d.get("code"), d.get("change"), d.get("text")),
    "run_ended": lambda d: _joined(d.get("outcome"), d.get("reason")),
    "measurement": _values,
    "material_out": lambda d: _joined(d.get("material"), d.get("count"), _kg(d), d.get("destination")),
    "module_out": lambda d: _joined(d.get("position"), d.get("parent"), _kg(d)),
    "storage": lambda d: _joined(d.get("place"), f"class {d.get('hazard_class')}"),
    "hand_over": lambda d: _joined(d.get("to"), d.get("route"), d.get("document"), _kg(d)),
    "report": lambda d: _joined(d.get("report"), d.get("reference")),
    "legal_hold": lambda d: _joined("on" if d.get("on") else "off", d.get("reason")),
}
"""Kind to its line; the fields are those of docs/ledger.md."""
