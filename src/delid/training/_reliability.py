"""Does a confidence of 0.8 mean right eight times of ten? Bins, expected calibration error, and their picture. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import ArrayLike

BINS = 10
SIZE_PX, EDGE_PX, STRIP_PX = 260, 34, 40


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers whose confidence lies in ``low..high`` (the upper end belongs to it): how many, mean, share right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """Filled bins in order; ``ece`` is the mean of |accuracy - confidence|, each bin weighted by its answers.

    ``worst`` is the largest such gap. Both are None without answers. (Guo et al. 2017, On Calibration of Modern
    Neural Networks.)
    """

    bins: tuple[Bin, ...]
    count: int
    ece: float | None
    worst: float | None

    def as_dict(self) -> dict[str, object]:
        """Plain data for the report, rounded to four places."""
        rows = [
            {
                "low": round(b.low, 4), "high": round(b.high, 4), "count": b.count,
                "confidence": round(b.confidence, 4), "accuracy": round(b.accuracy, 4),
            }
            for b in self.bins
        ]  # fmt: skip
        return {"count": self.count, "ece": _rounded(self.ece), "worst": _rounded(self.worst), "bins": rows}


def reliability(confidence: ArrayLike, correct: ArrayLike, bins: int = BINS) -> Reliability:
    """Bins of equal width over 0..1.

    Args:
        confidence: n figures of 0..1, what the model claimed.
        correct: n truth values, whether the claim was right.

    Raises ValueError when the lengths differ, a confidence lies outside 0..1, or there is no bin.
    """
    claimed, right = np.asarray(confidence, np.float64).ravel(), np.asarray(correct, bool).ravel()
    if len(claimed) != len(right):
        raise ValueError(f"{len(claimed)} confidences, but {len(right)} answers")
    if bins < 1 or not ((claimed >= 0) & (claimed <= 1)).all():
        raise ValueError("confidences must lie in 0..1, and there must be a bin")
    index = np.clip(np.ceil(claimed * bins).astype(int) - 1, 0, bins - 1)
    found = []
    for k in np.unique(index).tolist():
        own = index == k
        found.append(
            Bin(k / bins, (k + 1) / bins, int(own.sum()), float(claimed[own].mean()), float(right[own].mean()))
        )
    gaps = np.array([abs(b.accuracy - b.confidence) for b in found])
    weights = np.array([b.count for b in found], float)
    if not found:
        return Reliability((), 0, None, None)
    return Reliability(tuple(found), len(claimed), float((gaps * weights).sum() / weights.sum()), float(gaps.max()))


def reliability_svg(bins: Sequence[Bin], title: str, note: str = "") -> str:
    """The diagram as one SVG element: accuracy over confidence, the diagonal, and the answers of each bin below."""
    height = SIZE_PX + STRIP_PX + 2 * EDGE_PX + 14
    width = SIZE_PX + 2 * EDGE_PX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title, quote=True)}" font-family="sans-serif" font-size="11">',
        f'<text x="{EDGE_PX}" y="14" font-size="13" font-weight="bold">{escape(title)}</text>',
        f'<text x="{EDGE_PX}" y="28" fill="#555">{escape(note)}</text>',
        *_axes(),
        *(_column(one, max(b.count for b in bins)) for one in bins),
        "</svg>",
    ]
    return "".join(parts)


def _x(value: float) -> float:
    return EDGE_PX + value * SIZE_PX


def _y(value: float) -> float:
    return EDGE_PX + (1 - value) * SIZE_PX


def _axes() -> list[str]:
    left, right, top, bottom = _x(0), _x(1), _y(1), _y(0)
    lines = [f'<rect x="{left}" y="{top}" width="{SIZE_PX}" height="{SIZE_PX}" fill="none" stroke="#888"/>']
    for tick in (0.0, 0.5, 1.0):
        lines.append(f'<text x="{left - 5}" y="{_y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
        lines.append(f'<text x="{_x(tick):.1f}" y="{bottom + STRIP_PX + 14}" text-anchor="middle">{tick:g}</text>')
    lines.append(f'<line x1="{left}" y1="{bottom}" x2="{right}" y2="{top}" stroke="#888" stroke-dasharray="4 3"/>')
    middle = (left + right) / 2
    lines.append(
        f'<text x="{middle}" y="{bottom + STRIP_PX + 30}" text-anchor="middle">confidence; below: answers</text>'
    )
    return lines


def _column(one: Bin, most: int) -> str:
    """Accuracy as a bar, the gap to the claim in another colour, and the count as a bar hanging below."""
    x, width, bottom = _x(one.low) + 1, (one.high - one.low) * SIZE_PX - 2, _y(0)
    top, claim = _y(one.accuracy), _y(one.confidence)
    gap_top, gap = min(top, claim), abs(top - claim)
    strip = STRIP_PX * one.count / most
    words = f"{one.count} answers, confidence {one.confidence:.3f}, right {one.accuracy:.3f}"
    bar = f'<g><title>{words}</title><rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{bottom - top:.1f}"'
    return (
        f'{bar} fill="#4a76a8"/><rect x="{x:.1f}" y="{gap_top:.1f}" width="{width:.1f}" height="{gap:.1f}" '
        f'fill="#d98c3f" fill-opacity="0.7"/><rect x="{x:.1f}" y="{bottom + 2:.1f}" width="{width:.1f}" '
        f'height="{strip:.1f}" fill="#999"/></g>'
    )


def bins_of(plain: Sequence[dict[str, float]]) -> tuple[Bin, ...]:
    """The bins of `Reliability.as_dict` again."""
    return tuple(Bin(b["low"], b["high"], int(b["count"]), b["confidence"], b["accuracy"]) for b in plain)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
