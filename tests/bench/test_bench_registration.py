"""The registration benchmark runs and meets the requirement."""

from __future__ import annotations

from pathlib import Path

import bench_registration
import pytest

from delid.config import load_pack


@pytest.mark.bench
def test_a_pack_is_placed_to_the_millimetre(repository: Path) -> None:
    pack = load_pack(repository / "cell_configs/packs/nissan-leaf-24.yaml")
    figures = bench_registration.measure(pack, bench_registration.Case(), rounds=10)
    print(f"\nplaced {figures.placed:.0%}, median {figures.median_mm:.2f} mm, {figures.cpu_ms:.1f} ms")
    assert figures.placed == 1.0
    assert figures.median_mm <= 1.0
    assert figures.inside >= 0.9
