"""How scores move over time. Each bin of time keeps counts, not values, so that its size does not grow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

BUCKETS = 10
"""Equal parts of 0..1 in which scores are counted."""
ENOUGH = 30
"""Fewer frames than this on either side say nothing."""
WATCH, DRIFTED = 0.1, 0.25
"""Population stability index: below 0.1 stable, over 0.25 shifted (N. Siddiqi, Credit Risk Scorecards, 2006)."""
NEVER_ZERO = 0.5
"""Added to each bucket's count, so that one that is empty on one side does not make the index infinite."""
WIDTHS_S = (60, 600, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400)
MAX_BINS = 40


@dataclass(slots=True)
class Bin:
    """Scores of one span of time: how many, their mean and spread (Welford), and how they lie."""

    count: int = 0
    mean: float = 0.0
    m2: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * BUCKETS)

    def add(self, score: float) -> None:
        self.count += 1
        apart = score - self.mean
        self.mean += apart / self.count
        self.m2 += apart * (score - self.mean)
        self.buckets[min(BUCKETS - 1, max(0, int(score * BUCKETS)))] += 1

    @property
    def spread(self) -> float:
        """Standard deviation."""
        return math.sqrt(self.m2 / (self.count - 1)) if self.count > 1 else 0.0


def merged(bins: Sequence[Bin]) -> Bin:
    """One bin with the scores of several."""
    out = Bin()
    for one in bins:
        total = out.count + one.count
        if not total:
            continue
        apart = one.mean - out.mean
        out.m2 += one.m2 + apart * apart * out.count * one.count / total
        out.mean += apart * one.count / total
        out.count = total
        out.buckets = [a + b for a, b in zip(out.buckets, one.buckets, strict=True)]
    return out


def stability_index(now: Bin, before: Bin) -> float:
    """Population stability index of two bins, 0 where scores lie alike."""
    shares = [
        [(count + NEVER_ZERO) / (side.count + NEVER_ZERO * BUCKETS) for count in side.buckets] for side in (now, before)
    ]
    return math.fsum((a - b) * math.log(a / b) for a, b in zip(*shares, strict=True))


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What one line of the report is about. ``model`` is the digest of the model that gave the score."""

    camera: str
    score: str
    model: str


@dataclass(slots=True)
class Series:
    """One score over time: start of each span, seconds since 1970, to its bin."""

    key: SeriesKey
    bins: dict[float, Bin] = field(default_factory=dict)

    def add(self, at_s: float, width_s: float, score: float) -> None:
        self.bins.setdefault(at_s // width_s * width_s, Bin()).add(score)

    def verdict(self) -> Drift:
        """The later half of the spans against the earlier one."""
        spans = [self.bins[start] for start in sorted(self.bins)]
        half = len(spans) // 2
        before, now = merged(spans[:half]), merged(spans[half:])
        if min(before.count, now.count) < ENOUGH:
            return Drift("too few", before, now, 0.0)
        index = stability_index(now, before)
        return Drift("drifted" if index > DRIFTED else "watch" if index > WATCH else "stable", before, now, index)


@dataclass(frozen=True, slots=True)
class Drift:
    """``word``: stable, watch, drifted or too few. ``index`` is the population stability index."""

    word: str
    before: Bin
    now: Bin
    index: float


def width_for(first_s: float, last_s: float) -> float:
    """Length of a span, so that there are at most ``MAX_BINS``."""
    span_s = max(0.0, last_s - first_s)
    return next((float(width) for width in WIDTHS_S if span_s / width <= MAX_BINS), float(WIDTHS_S[-1]))
