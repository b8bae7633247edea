"""Meter readings to amounts: by step and in all, with what the counter cannot say."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from delid.config import Meter

from ._amount import Amount
from ._facts import Reading

BETWEEN = "between steps"


@dataclass(frozen=True, slots=True)
class MeterUse:
    """What one meter counted for one battery, in its carrier's unit.

    Attributes:
        steps: step to amount, in the order of the work; ``between steps`` is what ran from the end of one step to the
            beginning of the next in the same run.
        gaps: why some of it is not known; what is missing is not guessed.
    """

    tag: str
    amount: Amount
    steps: tuple[tuple[str, float], ...]
    gaps: tuple[str, ...]
    entries: tuple[int, ...]


def meter_use(readings: Iterable[Reading], tag: str, meter: Meter) -> MeterUse | None:
    """None where the record has no reading of this meter.

    The limit of error counts as one unknown gain for all readings (its standard deviation is the limit by the square
    root of 3), the counter's step as a rounding at both ends of each unbroken row of readings (by the root of 12; JCGM
    100:2008, 4.3.7 and F.2.2.1).
    """
    mine = sorted((r for r in readings if r.tag == tag), key=lambda r: (r.run, r.entry))
    if not mine:
        return None
    sums: defaultdict[str, float] = defaultdict(float)
    gaps: list[str] = []
    rows = 0
    for _, run in groupby(mine, key=lambda r: r.run):
        rows += _one_run(list(run), sums, gaps)
    counted = math.fsum(sums.values())
    gain = counted * meter.accuracy / math.sqrt(3)
    rounding = math.sqrt(rows * 2 * meter.resolution**2 / 12)
    amount = Amount(counted, math.hypot(gain, rounding)).scaled(meter.scale)
    steps = tuple((step, value * meter.scale) for step, value in sums.items())
    return MeterUse(tag, amount, steps, tuple(gaps), tuple(sorted({r.entry for r in mine})))


def _one_run(run: list[Reading], sums: defaultdict[str, float], gaps: list[str]) -> int:
    """Add what one run used; returns the number of unbroken rows of readings.

    A step may begin before the one ahead of it has ended: its first reading then lies on the way that was counted
    already, and says nothing new. What ran meanwhile counts for the step that ends first.
    """
    rows, first, last = 0, 0.0, None
    for reading in run:
        for step, value in ((BETWEEN, reading.before), (reading.step, reading.after)):
            if value is None or (last is not None and step == BETWEEN and first <= value < last):
                continue
            if last is None or value < last:
                rows, first = rows + 1, value
                if last is not None:
                    gaps.append(
                        f"{reading.tag}: went back from {last:g} to {value:g} at {step} (entry {reading.entry})"
                    )
                elif step != BETWEEN:
                    gaps.append(f"{reading.tag}: {step} has no reading before it; what it used is not known")
            else:
                sums[step] += value - last
            last = value
        if reading.after is None:
            gaps.append(f"{reading.tag}: {reading.step} has no reading after it; what it used counts as between steps")
    return rows
