"""A health report from the command line: a JSON file, and flags that stand above it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from delid.core import HealthReport, UsageError, from_plain


def health_report(
    file: Path | None,
    voltage_v: float | None = None,
    isolation_ohm_per_v: float | None = None,
    impedance_mohm: float | None = None,
    capacity_ah: float | None = None,
) -> HealthReport | None:
    """What a person measured; None where nothing was given. Raises UsageError."""
    given = {
        "voltage_v": voltage_v,
        "isolation_ohm_per_v": isolation_ohm_per_v,
        "impedance_mohm": impedance_mohm,
        "capacity_ah": capacity_ah,
    }
    flags = {name: value for name, value in given.items() if value is not None}
    if file is None and not flags:
        return None
    report = replace(_read(file) if file else HealthReport(), **flags)  # type: ignore[arg-type]
    for name in given:
        value = getattr(report, name)
        if value is not None and not 0 <= value < 1e6:
            raise UsageError(f"{name} is {value!r}, which is no measurement.", hint="Give a number of at least 0.")
    return report


def _read(file: Path) -> HealthReport:
    names = ", ".join(HealthReport.__dataclass_fields__)
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(found, dict) or not set(found) <= set(HealthReport.__dataclass_fields__):
            raise ValueError("unknown or missing keys")
        report: HealthReport = from_plain(HealthReport, found)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(f"{file} is no health report: {error}.", hint=f"Write a JSON object with {names}.") from error
    return report
