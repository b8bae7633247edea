"""A cell that works pack after pack, with every trouble of a shop floor, keeps no more than it began with.

`python tests/bench/bench_day.py --hours 24` is the whole day.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from day_kit import TROUBLES, Sample, growth_of

SPEED = 20.0
PACKS = 2 * len(TROUBLES)
OBJECTS = 80.0
"""With each pack, of two rounds only: much is filled once."""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_rounds_of_troubles_leave_nothing_behind(repository: Path) -> None:
    """In a process of its own, whose memory no other test has used."""
    day = [sys.executable, "tests/bench/bench_day.py", "--packs", PACKS, "--speed", SPEED, "--objects", OBJECTS]
    done = subprocess.run([*map(str, day)], cwd=repository, capture_output=True, text=True, timeout=280)
    print("\n" + done.stdout)
    assert f"{PACKS} packs in" in done.stdout, done.stderr
    assert done.returncode == 0, done.stdout[-2000:]


def test_what_grows_is_seen() -> None:
    steady = [Sample(n / 10, n, 9, 20, 2, 100_000, 80_000) for n in range(1, 61)]
    assert (growth_of(steady).tasks, growth_of(steady).objects_per_pack) == (0, 0.0)
    leaky = [Sample(n / 10, n, 9 + n // 20, 20 + n // 20, 2, 100_000 + 50 * n, 80_000 + 500 * n) for n in range(1, 61)]
    grown = growth_of(leaky)
    assert grown.tasks >= 1
    assert grown.files >= 1
    assert grown.objects_per_pack == pytest.approx(50)
    assert grown.rss_kb > 8_000
