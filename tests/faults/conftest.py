"""The fault table: each fault test that ends well adds its row; ``make faults`` prints them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest


class FaultRow(Protocol):
    """Record what was injected, what delid did, and the seconds from the fault until nothing could move any more."""

    def __call__(self, row: str, fault: str, reaction: str, safe_s: float) -> None: ...


@pytest.fixture
def fault_row(request: pytest.FixtureRequest) -> Iterator[FaultRow]:
    """Rows are appended as JSON lines to the file that DELID_FAULT_TABLE names, when the test has ended."""
    rows: list[dict[str, object]] = []

    def record(row: str, fault: str, reaction: str, safe_s: float) -> None:
        rows.append({"row": row, "fault": fault, "reaction": reaction, "safe_s": round(safe_s, 3)})

    yield record
    table = os.environ.get("DELID_FAULT_TABLE")
    if table:
        with Path(table).open("a", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(row | {"test": request.node.nodeid}) + "\n")
