"""Places on a new pack from a few figures: fasteners round the edge, modules in rows."""

from __future__ import annotations

from ._pack import XyMm

RIM_MM = 60.0
"""Kept free between the outline and the modules."""


def round_the_edge(length_mm: float, width_mm: float, inset_mm: float, along: int, across: int) -> list[XyMm]:
    """Fasteners in the pack's frame (mm), round the edge from the corner (-x, -y), first along x.

    Args:
        along: on each long side, the corners counted.
        across: on each short side, the corners not counted.
    """
    x, y = length_mm / 2 - inset_mm, width_mm / 2 - inset_mm
    bottom = [(_step(-x, x, k, along - 1), -y) for k in range(along)]
    right = [(x, _step(-y, y, k + 1, across + 1)) for k in range(across)]
    turned = [(-a, -b) for a, b in (*bottom, *right)]
    return [(_mm(a), _mm(b)) for a, b in (*bottom, *right, *turned)]


def in_rows(length_mm: float, width_mm: float, along: int, across: int) -> list[XyMm]:
    """Centres of ``along`` x ``across`` modules, evenly within the rim, row by row."""
    x, y = length_mm / 2 - RIM_MM, width_mm / 2 - RIM_MM
    xs = [_step(-x, x, 2 * k + 1, 2 * along) for k in range(along)]
    ys = [_step(-y, y, 2 * k + 1, 2 * across) for k in range(across)]
    return [(_mm(a), _mm(b)) for b in ys for a in xs]


def _step(first: float, last: float, k: int, steps: int) -> float:
    return first + (last - first) * k / steps if steps else (first + last) / 2


def _mm(value: float) -> float:
    return round(value, 1) + 0.0
