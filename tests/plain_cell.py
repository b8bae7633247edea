"""The demonstration cell without lamps, camera at the tool, second opinion on kinds and ledger, for small tests."""

from __future__ import annotations

import re
from typing import Any


def plain_data(data: dict[str, Any]) -> dict[str, Any]:
    """The content of a cell file, with one camera under one light; changes and returns it."""
    data["cameras"] = data["cameras"][:1]
    data["cameras"][0].pop("looks", None)
    data["models"].pop("fastener_kinds", None)
    data.pop("ledger", None)
    return data


def plain_text(text: str) -> str:
    """The same for the text of `cell_configs/cells/demo.yaml`, all other lines as they are."""
    text = _without(text, "    # A light program", "    calibration:")
    text = _without(text, "  # A camera at the tool", "motion:\n")
    return re.sub(r"  fastener_kinds: .*\n", "", without_ledger(text))


def without_ledger(text: str) -> str:
    """No test waits for the tables of a ledger that it does not look at, and some bring their own."""
    return _without(text, "# The batteries' record", "# State of health")


def few_files(text: str, packs: tuple[str, ...], pack: str) -> str:
    """Only these packs, and the recipes of one of them: a cell is loaded for each test."""
    wanted = [*(f"packs/{name}.yaml" for name in packs), f"recipes/{pack}-", "recipes/common-quarantine"]
    lines = text.splitlines(keepends=True)
    named = [line for line in lines if line.startswith(("  - ../packs/", "  - ../recipes/"))]
    return "".join(line for line in lines if line not in named or any(name in line for name in wanted))


def _without(text: str, first: str, after: str) -> str:
    start = text.index(first)
    return text[:start] + text[text.index(after, start) :]
