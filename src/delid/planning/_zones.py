"""Keep-out zones: what the tool passes over, what it goes around, and how long the ways between places are.

Travel is level, at the travel height of the cell. A zone whose top the tool point clears is passed over; around any
other one the tool goes, along the corners of its outline, which is widened by the reach of tool and holder. The tool
goes down and up only where no zone stands that is higher than what it meets there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from delid.core import KeepOutArea, PointMm

Points = NDArray[np.float64]
"""One place a row: x and y, mm, robot frame."""

SKIN_MM = 1e-3
"""A way may touch a widened outline, but not enter it deeper than this."""

STEP_OUT_MM = 0.01
"""Corners of a way lie so far outside the widened outline."""


@dataclass(frozen=True, slots=True)
class _Outline:
    """A convex area as half-planes: a point is inside where ``normals @ point < offsets`` for every side."""

    name: str
    corners: Points
    normals: Points
    offsets: NDArray[np.float64]
    box: tuple[float, float, float, float]
    """Lowest x and y, highest x and y."""
    sides: tuple[tuple[float, float, float], ...]
    """Normals and offsets once more, for single ways."""

    def holds(self, at_mm: PointMm) -> bool:
        return all(at_mm[0] * x + at_mm[1] * y < offset - SKIN_MM for x, y, offset in self.sides)

    def crosses(self, begin: PointMm, end: PointMm) -> bool:
        """Whether the straight way enters the area; as ``crossed``, for one way."""
        (ax, ay), (bx, by), (x0, y0, x1, y1) = begin, end, self.box
        if max(ax, bx) < x0 or min(ax, bx) > x1 or max(ay, by) < y0 or min(ay, by) > y1:
            return False
        low, high = 0.0, 1.0
        for x, y, offset in self.sides:
            room = offset - SKIN_MM - (ax * x + ay * y)
            rise = bx * x + by * y - (ax * x + ay * y)
            if rise > 0:
                high = min(high, room / rise)
            elif rise < 0:
                low = max(low, room / rise)
            elif room <= 0:
                return False
        return low < high

    def contains(self, points: Points) -> NDArray[np.bool_]:
        return np.asarray((points @ self.normals.T < self.offsets - SKIN_MM).all(axis=1))

    def crossed(self, begins: Points, ends: Points) -> NDArray[np.bool_]:
        """Whether the straight way from each of ``begins`` to each of ``ends`` enters the area (one row a begin)."""
        low, high = np.zeros((len(begins), len(ends))), np.ones((len(begins), len(ends)))
        for normal, offset in zip(self.normals, self.offsets - SKIN_MM, strict=True):
            room = offset - (begins @ normal)[:, None]
            rise = (ends @ normal)[None, :] - (begins @ normal)[:, None]
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                at = room / rise
            np.minimum(high, np.where(rise > 0, at, np.inf), out=high)
            np.maximum(low, np.where(rise < 0, at, -np.inf), out=low)
            high[(rise == 0) & (room <= 0)] = -np.inf
        return np.asarray(low < high)


class Level:
    """The zones that stand in the way at one height, widened; shortest ways between places beside them."""

    def __init__(self, areas: Iterable[KeepOutArea], shape: Sequence[PointMm]) -> None:
        """``shape``: corners of what moves, about the tool's axis."""
        self._outlines = [_outline(area, shape) for area in areas]

    def zone_at(self, at_mm: PointMm) -> str:
        """Name of a zone that holds the place; empty where it is free."""
        return next((o.name for o in self._outlines if o.holds(at_mm)), "")

    def way(self, begin: PointMm, end: PointMm) -> list[PointMm] | None:
        """The corners between ``begin`` and ``end``, none where the straight way is free; None without any way."""
        if not any(o.crosses(begin, end) for o in self._outlines):
            return []
        points = np.vstack([[begin], self._corners, [end]])
        legs = _distances(points, points)
        legs[self._blocked(points, points)] = np.inf
        order = _dijkstra(legs)
        return None if order is None else [(float(points[n][0]), float(points[n][1])) for n in order[1:-1]]

    def lengths_mm(self, places: Sequence[PointMm]) -> NDArray[np.float64]:
        """Length of the shortest way from each place to each other; infinite where there is none."""
        points = np.array(places, dtype=float).reshape(-1, 2)
        lengths = _distances(points, points)
        if not self._outlines:
            return lengths
        blocked = self._blocked(points, points)
        if not blocked.any():
            return lengths
        to_corners = _distances(points, self._corners)
        to_corners[self._blocked(points, self._corners)] = np.inf
        through = np.empty_like(to_corners)  # from each place to each corner, over whichever corners
        for n, row in enumerate(self._between_corners):
            through[:, n] = (to_corners + row[None, :]).min(axis=1)
        for k in np.flatnonzero(blocked.any(axis=1)):
            around = (through[k][None, :] + to_corners).min(axis=1)
            lengths[k] = np.where(blocked[k], around, lengths[k])
        return np.minimum(lengths, lengths.T)

    @cached_property
    def _corners(self) -> Points:
        corners = np.vstack([o.corners for o in self._outlines])
        buried = np.array([o.contains(corners) for o in self._outlines]).any(axis=0)
        return np.asarray(corners[~buried])

    @cached_property
    def _between_corners(self) -> NDArray[np.float64]:
        legs = _distances(self._corners, self._corners)
        legs[self._blocked(self._corners, self._corners)] = np.inf
        for k in range(len(legs)):
            np.minimum(legs, legs[:, k][:, None] + legs[k][None, :], out=legs)
        return legs

    def _blocked(self, begins: Points, ends: Points) -> NDArray[np.bool_]:
        blocked = np.zeros((len(begins), len(ends)), dtype=bool)
        for outline in self._outlines:
            blocked |= outline.crossed(begins, ends)
        return blocked


def standing(areas: Iterable[KeepOutArea], above_mm: float) -> list[KeepOutArea]:
    """The zones that reach higher than ``above_mm`` (robot frame)."""
    return [area for area in areas if area.top_mm is None or area.top_mm > above_mm]


def square(reach_mm: float) -> tuple[PointMm, ...]:
    """The shape of tool and holder: a square that holds a circle of ``reach_mm``."""
    reach = max(reach_mm, SKIN_MM)
    return (reach, reach), (-reach, reach), (-reach, -reach), (reach, -reach)


def _outline(area: KeepOutArea, shape: Sequence[PointMm]) -> _Outline:
    """Where the tool's axis may not be: the area widened by what moves (Minkowski sum of area and mirrored shape)."""
    rim = np.array(hull([(x - dx, y - dy) for x, y in area.outline_mm for dx, dy in shape]))
    sides = np.roll(rim, -1, axis=0) - rim
    normals = np.stack([sides[:, 1], -sides[:, 0]], axis=1) / np.linalg.norm(sides, axis=1)[:, None]
    offsets = np.einsum("ij,ij->i", normals, rim)
    out = normals + np.roll(normals, 1, axis=0)
    corners = rim + STEP_OUT_MM * out / np.linalg.norm(out, axis=1)[:, None]
    (low_x, low_y), (high_x, high_y) = rim.min(axis=0).tolist(), rim.max(axis=0).tolist()
    half_planes = tuple((x, y, c) for (x, y), c in zip(normals.tolist(), offsets.tolist(), strict=True))
    return _Outline(area.name, np.round(corners, 3), normals, offsets, (low_x, low_y, high_x, high_y), half_planes)


def hull(points: Iterable[PointMm]) -> list[PointMm]:
    """Corners of the convex hull, counter-clockwise, none on a straight side."""
    ordered = sorted(set(points))

    def half(run: Iterable[PointMm]) -> list[PointMm]:
        chain: list[PointMm] = []
        for p in run:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], p) <= 1e-9:
                chain.pop()
            chain.append(p)
        return chain[:-1]

    return half(ordered) + half(reversed(ordered))


def _turn(a: PointMm, b: PointMm, c: PointMm) -> float:
    """Positive for a turn to the left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _distances(a: Points, b: Points) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.hypot(a[:, 0][:, None] - b[:, 0][None, :], a[:, 1][:, None] - b[:, 1][None, :])
    return found


def _dijkstra(legs: NDArray[np.float64]) -> list[int] | None:
    """From the first to the last point; None where it is not reached."""
    count = len(legs)
    far = np.full(count, np.inf)
    far[0] = 0.0
    came, left = [0] * count, np.ones(count, dtype=bool)
    for _ in range(count):
        here = int(np.argmin(np.where(left, far, np.inf)))
        if not left[here] or math.isinf(far[here]):
            return None
        if here == count - 1:
            break
        left[here] = False
        reached = far[here] + legs[here]
        for n in np.flatnonzero(left & (reached < far)):
            far[n], came[n] = reached[n], here
    path = [count - 1]
    while path[-1]:
        path.append(came[path[-1]])
    return path[::-1]


def way_mm(begin: PointMm, corners: Sequence[PointMm], end: PointMm) -> float:
    return sum(math.dist(a, b) for a, b in pairwise([begin, *corners, end]))
