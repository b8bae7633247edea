"""The short version of the panel's load benchmark."""

from __future__ import annotations

import pytest
from bench_panel_load import growth, load

pytestmark = [pytest.mark.bench, pytest.mark.slow]


async def test_many_requests_leave_memory_and_files_flat() -> None:
    lines = await load(total=750, clients=50, rounds=3)
    assert growth(lines) < 0.05, lines
    assert lines[-1][1] <= lines[1][1] + 5, "connections are closed again"
    answers = [set(answers) for _, _, answers, _ in lines[1:]]
    # 503: the cell was too slow to answer
    assert all({200, 404} <= found <= {200, 404, 503} for found in answers), lines
