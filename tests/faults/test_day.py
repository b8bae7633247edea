"""A cell that works pack after pack, with every trouble of a shop floor, keeps no more than it began with.

`python tests/bench/bench_day.py --hours 24` is the whole day.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from day_kit import MOST_OBJECTS, MOST_RSS_KB, TROUBLES, Sample, growth_of, open_day
from test_kill_everywhere import _quiet_and_quick as _quiet_and_quick
from test_kill_everywhere import run_process

from delid.core import State

SPEED = 20.0
PACKS = 2 * len(TROUBLES)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_rounds_of_troubles_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day = open_day(tmp_path, 24.0, SPEED, monkeypatch)
    day.packs = PACKS
    assert run_process(day.shop, 0.0, day.live) is State.COMPLETE
    assert len(day.samples) == PACKS
    grown = growth_of(day.samples)
    print("\n" + grown.show())
    assert (grown.tasks, grown.files, grown.connections) == (0, 0, 0)
    assert grown.objects_per_pack < 4 * MOST_OBJECTS  # two rounds only, in a process that other tests share
    assert grown.rss_kb < MOST_RSS_KB


def test_what_grows_is_seen() -> None:
    steady = [Sample(n / 10, n, 9, 20, 2, 100_000, 80_000) for n in range(1, 61)]
    assert (growth_of(steady).tasks, growth_of(steady).objects_per_pack) == (0, 0.0)
    leaky = [Sample(n / 10, n, 9 + n // 20, 20 + n // 20, 2, 100_000 + 50 * n, 80_000 + 500 * n) for n in range(1, 61)]
    grown = growth_of(leaky)
    assert grown.tasks >= 1
    assert grown.files >= 1
    assert grown.objects_per_pack == pytest.approx(50)
    assert grown.rss_kb > 8_000
