"""Loading, checking and matching many recipes stays a small multiple of parsing their text."""

from __future__ import annotations

from pathlib import Path

import bench_recipes
import pytest


@pytest.mark.bench
def test_loading_and_checking_costs_little_more_than_parsing(tmp_path: Path) -> None:
    figures, cell = bench_recipes.measure(tmp_path, packs=40)
    print("\n" + "\n".join(figures.lines()))
    assert (len(cell.packs), len(cell.recipes), figures.findings) == (40, 81, 0)
    assert figures.by_parser < 5.0
    assert figures.match_one_ms < 5.0
    assert figures.ruamel_s > 2 * figures.total_s
