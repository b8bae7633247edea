"""The hold benchmark runs, and a press reaches the wire."""

from __future__ import annotations

from pathlib import Path

import bench_hold
import pytest


@pytest.mark.bench
async def test_a_press_on_the_line_becomes_a_hold_byte_on_the_wire(tmp_path: Path) -> None:
    figures = await bench_hold.measure(3, tmp_path)
    print("\n" + figures.show())
    assert len(figures.hold_ms) == len(figures.bare_ms) == 3
    assert min(figures.hold_ms) > 0
    assert min(figures.bare_ms) > 0
