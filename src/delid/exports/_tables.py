"""The record as JSON for programs and as CSV for an auditor's spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from delid.core import to_plain

from ._names import utc
from ._record import BatteryRecord
from ._summary import summary_of

FORMAT = "delid.battery-record/1"
COLUMNS = ("seq", "at", "battery", "kind", "by", "what", "sha256")
BOM = "\ufeff"
"""Without it spreadsheets take UTF-8 for something else."""


def json_of(record: BatteryRecord, now_s: float) -> dict[str, Any]:
    """Everything that the exports know of the battery; ``format`` names the shape, docs/exports.md its fields."""
    plain: Mapping[str, Any] = to_plain(record)
    entries = [entry | {"at": utc(entry["at_s"])} for entry in plain["entries"]]
    return {"format": FORMAT, "written": utc(now_s), **plain, "entries": entries}


def csv_of(record: BatteryRecord) -> str:
    """One row for each entry, its digest as it stands in the ledger."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for e in record.entries:
        row = (e.seq, utc(e.at_s), e.battery, e.kind, e.by, summary_of(e.kind, e.data), e.sha256)
        table.writerow([_harmless(str(cell)) for cell in row])
    return BOM + out.getvalue()


def _harmless(text: str) -> str:
    """Never a formula: spreadsheets run cells that begin so."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
