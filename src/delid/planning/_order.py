"""The order in which fasteners are worked on. The same input gives the same order on every machine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from delid.core import PointMm

from ._rings import criss_cross, spiral
from ._tour import Costs, length, short_path
from ._zones import Level

UNITS_PER_MM = 100
"""Distances are whole hundredths of a millimetre for the search, so that no rounding decides."""

NO_WAY = 10**9
"""Where no way leads; the plan then says so, once it is written."""

FREE = Level((), ())
"""A cell without keep-out zones."""


def order_targets(
    way: str, places: Mapping[str, PointMm], start: PointMm, end: PointMm | None = None, level: Level = FREE
) -> list[str]:
    """Ids of ``places`` (mm, in file order) in the order of work.

    Args:
        way: ``shortest``, ``given``, ``criss_cross`` or ``spiral``.
        start: where the robot stands before.
        end: where it has to go afterwards, if that is known.
        level: the keep-out zones of its ways.
    """
    if way == "shortest":
        return shortest(places, start, end, level)
    if way == "criss_cross":
        return criss_cross(places)
    if way == "spiral":
        return spiral(places)
    return list(places)


def path_mm(order: Sequence[str], places: Mapping[str, PointMm], start: PointMm, end: PointMm | None = None) -> float:
    """Length of the straight path from ``start`` through ``order`` and on to ``end``, in mm."""
    points = [start, *(places[name] for name in order), *([end] if end else [])]
    return sum(math.dist(a, b) for a, b in pairwise(points))


def shortest(
    places: Mapping[str, PointMm], start: PointMm, end: PointMm | None = None, level: Level = FREE
) -> list[str]:
    """A short path from ``start`` through all places and on to ``end``, never longer than the order given."""
    given = list(places)
    if len(given) < 2:
        return given
    costs = tour_costs(list(places.values()), start, end, level)
    found = short_path(costs)
    if length(costs, found) >= length(costs, range(len(costs))):
        return given
    return [given[n - 1] for n in found[1:-1]]


def tour_costs(places: Sequence[PointMm], start: PointMm, end: PointMm | None, level: Level) -> Costs:
    """Hundredths of a millimetre between start (first), places and end (last); a free end is near to everything."""
    points = [start, *places, *([end] if end else [])]
    lengths = level.lengths_mm(points)
    whole = np.where(np.isfinite(lengths), np.rint(lengths * UNITS_PER_MM), NO_WAY).astype(np.int64)
    if end is None:
        whole = np.pad(whole, (0, 1))
    costs: list[list[int]] = whole.tolist()
    return costs
