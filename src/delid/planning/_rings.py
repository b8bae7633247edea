"""Orders that go by the form of a pattern: opposite places in turn, and a spiral from the rim to the middle."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from delid.core import PointMm

from ._zones import hull

RING_MM = 25.0
"""Places so near to the outline of what is left belong to the same turn of a spiral: bolts are never quite in line."""


def criss_cross(places: Mapping[str, PointMm]) -> list[str]:
    """Opposite fasteners one after the other, so that a sealed lid is relieved evenly.

    Places are sorted by their angle about the middle of all places, beginning with the first one given. Then each is
    followed by the one half a turn away, and the pairs themselves are spread over the half turn (bit-reversed count).
    """
    names = list(places)
    if len(names) < 3:
        return names
    turned = _by_angle(names, places, _middle(places), names[0])
    half = (len(turned) + 1) // 2
    order: list[str] = []
    for n in _spread(half):
        order.append(turned[n])
        if n + half < len(turned):
            order.append(turned[n + half])
    return order


def spiral(places: Mapping[str, PointMm]) -> list[str]:
    """Ring after ring from the rim to the middle, each counter-clockwise, begun at the place nearest to the last one.

    It begins with the first place given if that stands in the outer ring. A ring is what stands at the outline of all
    places that are left.
    """
    left, order = dict(places), list[str]()
    while left:
        rim = _rim(left)
        begin = next(iter(rim)) if not order else min(rim, key=lambda name: math.dist(places[name], places[order[-1]]))
        order.extend(_by_angle(rim, places, _middle(left), begin))
        left = {name: at for name, at in left.items() if name not in rim}
    return order


def _rim(places: Mapping[str, PointMm]) -> list[str]:
    corners = hull(places.values())
    if len(corners) < 3:
        return list(places)
    sides = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    return [name for name, at in places.items() if min(_off_side(at, a, b) for a, b in sides) <= RING_MM]


def _off_side(at: PointMm, a: PointMm, b: PointMm) -> float:
    """Distance of a place inside from the line through ``a`` and ``b``."""
    return abs((b[0] - a[0]) * (at[1] - a[1]) - (b[1] - a[1]) * (at[0] - a[0])) / math.dist(a, b)


def _middle(places: Mapping[str, PointMm]) -> PointMm:
    return sum(p[0] for p in places.values()) / len(places), sum(p[1] for p in places.values()) / len(places)


def _by_angle(names: Sequence[str], places: Mapping[str, PointMm], middle: PointMm, first: str) -> list[str]:
    """Counter-clockwise about the middle, beginning with ``first``."""

    def angle(name: str) -> float:
        x, y = places[name]
        return math.atan2(y - middle[1], x - middle[0])

    begin = angle(first)
    stands = {name: n for n, name in enumerate(names)}
    return sorted(names, key=lambda n: (round((angle(n) - begin) % math.tau, 9) % round(math.tau, 9), stands[n]))


def _spread(count: int) -> list[int]:
    """0 .. count - 1, each far from those before it."""
    bits = max(1, (count - 1).bit_length())
    return [n for n in (int(format(k, f"0{bits}b")[::-1], 2) for k in range(2**bits)) if n < count]
