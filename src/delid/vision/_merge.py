"""Fasteners of several views, one list: places by information, kinds by votes, disagreement said."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from delid.core import Fastener, FastenerKind, PointMm

GATE = 11.83
"""Squared distance in sigmas within which two sights of one fastener agree: 99.7 of 100 do (chi-squared, 2 degrees)."""
SIGMAS_95 = 2.4477
"""``uncertainty_mm`` is so many sigmas of a round two-dimensional normal distribution."""

Sight = tuple[str, Fastener]
Measured = tuple[str, PointMm, float]
"""Camera, centre, and the radius that holds the true centre 95 times of 100."""


def merge_fasteners(views: Sequence[Sequence[Fastener]], cameras: Sequence[str] | None = None) -> tuple[Fastener, ...]:
    """One list from the lists of several views, in the order of the ids.

    Args:
        views: what each view found, in the robot's frame.
        cameras: the camera of each view; without it every view is a camera of its own. Views of one camera share the
            errors of its calibration, so that more of them make a place no surer than the best of them.

    A kind is voted for with confidence, and the result is divided by all votes, so that doubt lowers it. A place is
    the mean of those that agree, weighted by information; sights that disagree with it lower the confidence further,
    and where they are no minority the uncertainty reaches as far as they are off.
    """
    names = cameras if cameras is not None else [str(n) for n in range(len(views))]
    seen: dict[str, list[Sight]] = defaultdict(list)
    for camera, view in zip(names, views, strict=True):
        for fastener in view:
            seen[fastener.id].append((camera, fastener))
    return tuple(_merge(seen[name]) for name in sorted(seen))


def _merge(sights: list[Sight]) -> Fastener:
    votes: dict[FastenerKind, float] = defaultdict(float)
    for _, fastener in sights:
        votes[fastener.kind] += fastener.confidence
    kind = max(votes, key=lambda k: (votes[k], k.value))
    example = next(f for _, f in sights if f.kind is kind)
    center_mm, uncertainty_mm, agreeing = _place(sights)
    if uncertainty_mm is None:
        center_mm = example.center_mm
    return Fastener(
        id=example.id,
        kind=kind,
        center_px=example.center_px,
        center_mm=center_mm,
        confidence=round(votes[kind] / len(sights) * agreeing, 4),
        uncertainty_mm=uncertainty_mm,
    )


def _place(sights: list[Sight]) -> tuple[PointMm | None, float | None, float]:
    """Centre, 95 % radius, and the part of the measured sights that agree; no radius where nothing was measured."""
    measured: list[Measured] = [
        (camera, f.center_mm, f.uncertainty_mm) for camera, f in sights if f.center_mm and f.uncertainty_mm
    ]
    if not measured:
        return None, None, 1.0
    groups = [[other for other in measured if _agree(one, other)] for one in measured]
    best = max(groups, key=lambda group: (len(group), -min(radius for _, _, radius in group)))
    by_camera: dict[str, list[tuple[PointMm, float]]] = defaultdict(list)
    for camera, center, radius in best:
        by_camera[camera].append((center, radius))
    means = [(_mean(group), min(radius for _, radius in group)) for group in by_camera.values()]
    center = _mean(means)
    radius = 1 / math.sqrt(sum(r**-2 for _, r in means))
    others = [m for m in measured if m not in best]
    if 2 * len(others) >= len(measured):
        radius = max(radius, *(math.dist(center, other[1]) for other in others))
    return (round(center[0], 2), round(center[1], 2)), round(radius, 2), len(best) / len(measured)


def _mean(places: Sequence[tuple[PointMm, float]]) -> PointMm:
    weights = [radius**-2 for _, radius in places]
    x, y = (sum(w * c[n] for w, (c, _) in zip(weights, places, strict=True)) / sum(weights) for n in (0, 1))
    return x, y


def _agree(a: Measured, b: Measured) -> bool:
    """Whether two measured centres may be of one fastener, given how surely each is known."""
    variance = (a[2] ** 2 + b[2] ** 2) / SIGMAS_95**2
    return math.dist(a[1], b[1]) ** 2 <= GATE * variance
