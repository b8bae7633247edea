"""Let a cell work for a day in virtual time, and say what it holds more at the end than at the beginning.

    python tests/bench/bench_day.py --hours 24

Some 350 packs, one after the other, in one process; six of seven with a trouble: held, stopped, PLC gone, robot
unplugged, guard opened, disk full. What is real and what stands in is told in `tests/faults/day_kit.py`. The hours are
those of the cell's own clock, in which it polls, ticks and writes; ``--speed`` lets its machines work faster than real
ones, for more packs an hour. Exit code 1: something grew.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

import pytest
import structlog

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "faults")]

from day_kit import MOST_OBJECTS, MOST_RSS_KB, growth_of, open_day  # noqa: E402
from test_kill_everywhere import run_process  # noqa: E402

import delid.journal._journal as journal_module  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--packs", type=int, default=1_000_000, help="end after so many, if the hours are not over")
    parser.add_argument("--objects", type=float, default=MOST_OBJECTS, help="more than so many a pack is growth")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(journal_module.os, "fsync", lambda file: None)  # the disk is not what is measured
        day = open_day(Path(folder), given.hours, given.speed, patch)
        day.packs = given.packs
        day.say = lambda words: print(words, flush=True)
        run_process(day.shop, 0.0, day.live)
    grown = growth_of(day.samples)
    print(grown.show())
    steady = (grown.tasks, grown.files, grown.connections) == (0, 0, 0)
    return 0 if steady and grown.objects_per_pack < given.objects and grown.rss_kb < MOST_RSS_KB else 1


if __name__ == "__main__":
    sys.exit(main())
