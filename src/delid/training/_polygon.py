"""Plane geometry on outlines, in millimetres."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


def signed_distance(outline: Points, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """Distance to a closed outline, positive inside."""
    best = np.full(x.shape, np.inf, np.float32)
    inside = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        ex, ey = bx - ax, by - ay
        t = np.clip(((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey), 0.0, 1.0)
        best = np.minimum(best, (x - ax - t * ex) ** 2 + (y - ay - t * ey) ** 2)
        if ay != by:
            crosses = (ay > y) != (by > y)
            inside ^= crosses & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return np.where(inside, np.sqrt(best), -np.sqrt(best)).astype(np.float32)


def nearest_on_outline(outline: Points, points: Points) -> Points:
    """For each point the nearest place on the outline."""
    best = np.full(len(points), np.inf)
    found = points.copy()
    for a, b in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        edge = b - a
        t = np.clip(((points - a) @ edge) / float(edge @ edge), 0.0, 1.0)
        place = a + t[:, None] * edge
        distance = ((points - place) ** 2).sum(axis=1)
        nearer = distance < best
        found[nearer] = place[nearer]
        best = np.minimum(best, distance)
    return found


def inset_path(outline: Points, inset_mm: float) -> Points:
    """The outline moved inwards by `inset_mm` (corners mitred); for convex or gently notched outlines."""
    count = len(outline)
    area = 0.5 * float(np.sum(outline[:, 0] * np.roll(outline[:, 1], -1) - np.roll(outline[:, 0], -1) * outline[:, 1]))
    turn = 1.0 if area > 0 else -1.0
    moved = np.empty_like(outline)
    for i in range(count):
        before = outline[i] - outline[i - 1]
        after = outline[(i + 1) % count] - outline[i]
        n1 = turn * np.array([-before[1], before[0]]) / np.hypot(*before)
        n2 = turn * np.array([-after[1], after[0]]) / np.hypot(*after)
        moved[i] = outline[i] + inset_mm * (n1 + n2) / max(0.3, 1.0 + float(n1 @ n2))
    return moved


def along_path(path: Points, pitch_mm: float) -> Points:
    """Places along each side of a closed path, near `pitch_mm` apart, corners included once."""
    places: list[Points] = []
    for a, b in zip(path, np.roll(path, -1, axis=0), strict=True):
        length = float(np.hypot(*(b - a)))
        count = max(1, round(length / pitch_mm))
        places.append(a + (np.arange(count) / count)[:, None] * (b - a))
    return np.concatenate(places)


def chamfered(length: float, width: float, cut: float) -> Points:
    """A rectangle with its corners cut off by `cut`."""
    x, y, c = length / 2, width / 2, cut
    if c <= 0:
        return np.array([[-x, -y], [x, -y], [x, y], [-x, y]])
    corners = [[-x + c, -y], [x - c, -y], [x, -y + c], [x, y - c], [x - c, y], [-x + c, y], [-x, y - c], [-x, -y + c]]
    return np.array(corners)


def random_outline(rng: np.random.Generator, length: float, width: float) -> Points:
    """One of the plan shapes that packs have, counter-clockwise, within length x width."""
    shape = rng.choice(["rect", "chamfer", "chamfer", "taper", "notch", "waist"])
    cut = float(rng.uniform(0, 0.16)) * width
    if shape in ("rect", "chamfer"):
        return chamfered(length, width, 0.0 if shape == "rect" else cut + 30)
    x, y = length / 2, width / 2
    if shape == "taper":
        small = y * float(rng.uniform(0.6, 0.9))
        return np.array([[-x, -y], [x * 0.4, -y], [x, -small], [x, small], [x * 0.4, y], [-x, y]])
    a, depth = x * float(rng.uniform(0.2, 0.45)), float(rng.uniform(60, 180))
    if shape == "notch":
        return np.array(
            [[-x, -y], [-a, -y], [-a * 0.8, -y + depth], [a * 0.8, -y + depth], [a, -y], [x, -y], [x, y], [-x, y]]
        )
    return np.array(
        [
            [-x, -y],
            [-a, -y],
            [-a * 0.7, -y + depth],
            [x, -y + depth],
            [x, y - depth],
            [-a * 0.7, y - depth],
            [-a, y],
            [-x, y],
        ]
    )
