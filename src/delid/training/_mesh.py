"""A bag of triangles with colour, roughness and metal per corner, and the solids that fasteners and parts are made of.

All small things of a scene go into one mesh: the renderer then sees the same scene structure every time and
reuses its compiled kernel, which saves more than a second an image.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Paint:
    """Surface of a thing: linear colour, roughness, metallic share."""

    rgb: Rgb
    rough: float = 0.5
    metal: float = 0.0


@dataclass(slots=True)
class Bag:
    """Triangles under collection; `frozen()` returns the joined arrays."""

    points: list[Array] = field(default_factory=list)
    normals: list[Array] = field(default_factory=list)
    faces: list[NDArray[np.uint32]] = field(default_factory=list)
    paint: list[Array] = field(default_factory=list)
    count: int = 0

    def add(self, points: Array, normals: Array, faces: NDArray[np.uint32], paint: Paint) -> None:
        """Add a mesh with its own corner normals in one paint."""
        self.points.append(points.astype(np.float32))
        self.normals.append(normals.astype(np.float32))
        self.faces.append((faces + self.count).astype(np.uint32))
        row = np.array([*paint.rgb, paint.rough, paint.metal], np.float32)
        self.paint.append(np.broadcast_to(row, (len(points), 5)))
        self.count += len(points)

    def add_flat(self, triangles: Array, paint: Paint) -> None:
        """Add triangles of shape (n, 3, 3) with one normal each."""
        edge_a, edge_b = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
        normal = np.cross(edge_a, edge_b)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        faces = np.arange(len(triangles) * 3, dtype=np.uint32).reshape(-1, 3)
        self.add(triangles.reshape(-1, 3), np.repeat(normal, 3, axis=0), faces, paint)

    def frozen(self) -> tuple[Array, Array, NDArray[np.uint32], Array]:
        """Points, normals, faces, paint (rgb, rough, metal) of everything added."""
        return (
            np.concatenate(self.points),
            np.concatenate(self.normals),
            np.concatenate(self.faces),
            np.concatenate(self.paint),
        )


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a thing stands: place, heading about z, and a small tilt about its own x axis."""

    at: tuple[float, float, float]
    heading: float = 0.0
    tilt: float = 0.0

    def apply(self, points: Array) -> Array:
        c, s = np.cos(self.heading), np.sin(self.heading)
        ct, st = np.cos(self.tilt), np.sin(self.tilt)
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, ct, -st], [0, st, ct]])
        return np.asarray(points @ turn.T + np.array(self.at), np.float32)


def ring(sides: int, radius: float, z: float, phase: float = 0.0) -> Array:
    """Points of a regular polygon at height z."""
    angle = phase + 2 * np.pi * np.arange(sides) / sides
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.full(sides, z)], axis=1).astype(np.float32)


def add_lathe(
    bag: Bag, pose: Pose, profile: list[tuple[float, float]], paint: Paint, sides: int = 28, phase: float = 0.0
) -> None:
    """A turned solid: (radius, z) from below to above; faces flat along the profile, faceted around."""
    for (r0, z0), (r1, z1) in pairwise(profile):
        low, high = ring(sides, r0, z0, phase), ring(sides, r1, z1, phase)
        low2, high2 = np.roll(low, -1, axis=0), np.roll(high, -1, axis=0)
        quads = []
        if r0 > 0:
            quads.append(np.stack([low, low2, high2], axis=1))
        if r1 > 0:
            quads.append(np.stack([low, high2, high], axis=1))
        bag.add_flat(pose.apply(np.concatenate(quads).reshape(-1, 3)).reshape(-1, 3, 3), paint)


def add_prism(bag: Bag, pose: Pose, outline: Array, z0: float, z1: float, paint: Paint, bevel: float = 0.0) -> None:
    """A straight solid over a convex outline (counter-clockwise), its upper edge bevelled."""
    base = np.column_stack([outline, np.full(len(outline), z0)]).astype(np.float32)
    layers = [base]
    if bevel > 0:
        layers.append(np.column_stack([outline, np.full(len(outline), z1 - bevel)]).astype(np.float32))
    centre = outline.mean(axis=0)
    reach = np.linalg.norm(outline - centre, axis=1, keepdims=True)
    top = centre + (outline - centre) * (1 - min(0.9, 1.0 * bevel / float(reach.mean())))
    layers.append(np.column_stack([top, np.full(len(outline), z1)]).astype(np.float32))
    triangles = []
    for low, high in pairwise(layers):
        low2, high2 = np.roll(low, -1, axis=0), np.roll(high, -1, axis=0)
        triangles += [np.stack([low, low2, high2], axis=1), np.stack([low, high2, high], axis=1)]
    last = layers[-1]
    fan = np.stack([np.broadcast_to(last[0], last[1:-1].shape), last[1:-1], last[2:]], axis=1)
    triangles.append(fan)
    everything = np.concatenate(triangles)
    bag.add_flat(pose.apply(everything.reshape(-1, 3)).reshape(-1, 3, 3), paint)


def add_box(
    bag: Bag, pose: Pose, size: tuple[float, float, float], paint: Paint, bevel: float = 2.0, z0: float = 0.0
) -> None:
    """A box standing on its pose."""
    x, y = size[0] / 2, size[1] / 2
    outline = np.array([[-x, -y], [x, -y], [x, y], [-x, y]], np.float32)
    add_prism(bag, pose, outline, z0, z0 + size[2], paint, bevel)


def add_tube(bag: Bag, path: Array, radius: float, paint: Paint, sides: int = 12) -> None:
    """A smooth tube along a path of points (n, 3)."""
    ahead = np.gradient(path, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True) + 1e-9
    side = np.cross(ahead, np.array([0.0, 0.0, 1.0]))
    weak = np.linalg.norm(side, axis=1, keepdims=True)
    side = np.where(weak < 1e-3, np.array([1.0, 0.0, 0.0]), side / (weak + 1e-9))
    up = np.cross(side, ahead)
    angle = 2 * np.pi * np.arange(sides) / sides
    normals = side[:, None] * np.cos(angle)[None, :, None] + up[:, None] * np.sin(angle)[None, :, None]
    points = path[:, None] + radius * normals
    i, j = np.meshgrid(np.arange(len(path) - 1), np.arange(sides), indexing="ij")
    a, b = i * sides + j, i * sides + (j + 1) % sides
    c, d = a + sides, b + sides
    faces = np.concatenate([np.stack([a, b, d], -1).reshape(-1, 3), np.stack([a, d, c], -1).reshape(-1, 3)])
    bag.add(points.reshape(-1, 3), normals.reshape(-1, 3), faces.astype(np.uint32), paint)


def spline(knots: Array, count: int) -> Array:
    """A smooth curve through the knots (Catmull-Rom)."""
    padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    t = np.linspace(0, len(knots) - 1 - 1e-6, count)
    i = t.astype(int)
    f = (t - i)[:, None]
    p0, p1, p2, p3 = padded[i], padded[i + 1], padded[i + 2], padded[i + 3]
    curve = 0.5 * (2 * p1 + (p2 - p0) * f + (2 * p0 - 5 * p1 + 4 * p2 - p3) * f**2 + (3 * p1 - p0 - 3 * p2 + p3) * f**3)
    return np.asarray(curve, np.float32)
