"""The PLC benchmark runs, and the driver stays near bare pymodbus."""

from __future__ import annotations

from pathlib import Path

import bench_plc
import pytest


@pytest.mark.bench
async def test_the_driver_costs_little_over_bare_pymodbus(tmp_path: Path, repository: Path) -> None:
    quick, slow = await bench_plc.measure_all(repository, tmp_path, rounds=100, slow_rounds=10)
    print("\n" + quick.show("PLC without a scan, in its own process", 100))
    print(slow.show("simulated PLC, scan of 10 ms", 10))
    assert quick.ratio < 10
    assert slow.ratio < 3
