"""Fasteners as solids: flange bolt, nut on stud, empty hole or bare stud, and a rounded (stripped) head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._mesh import Bag, Paint, Pose, add_box, add_lathe, add_prism, ring
from ._noise import stream

KINDS = ("bolt", "nut", "empty", "stripped")


@dataclass(frozen=True, slots=True)
class Fastener:
    """One fastener place with its state; `style` and `seed` decide its look."""

    at_mm: tuple[float, float]
    kind: str
    head: str
    across_flats_mm: float
    rgb: tuple[float, float, float]
    paint_rgb: tuple[float, float, float] | None
    seed: int


def add_fastener(bag: Bag, fastener: Fastener, z_mm: float) -> None:
    """Put the fastener on a surface at height `z_mm`."""
    rng = stream(fastener.seed, "fastener")
    pose = Pose(
        (fastener.at_mm[0], fastener.at_mm[1], z_mm), float(rng.uniform(0, np.pi / 3)), float(rng.normal(0, 0.015))
    )
    age = float(rng.uniform(0, 1)) ** 2
    rust = np.array([0.13, 0.06, 0.03])
    rgb = np.array(fastener.rgb) * rng.uniform(0.75, 1.15) * (1 - 0.6 * age) + rust * 0.6 * age
    steel = Paint(_rgb(rgb), float(rng.uniform(0.22, 0.45) + 0.3 * age), float(0.9 * (1 - 0.7 * age)))
    if fastener.kind == "empty":
        _empty(bag, pose, fastener, steel, rng)
    elif fastener.kind == "nut":
        _nut(bag, pose, fastener, steel, rng)
    elif fastener.kind == "stripped":
        _stripped(bag, pose, fastener, steel, rng)
    else:
        _bolt(bag, pose, fastener, steel, rng)
    if fastener.paint_rgb is not None and fastener.kind in ("bolt", "nut") and rng.random() < 0.85:
        _torque_mark(bag, pose, fastener, rng)


def _rgb(values: np.ndarray) -> tuple[float, float, float]:
    clipped = np.clip(values, 0.01, 0.9)
    return float(clipped[0]), float(clipped[1]), float(clipped[2])


def _hex(across_flats: float) -> np.ndarray:
    return ring(6, across_flats / np.sqrt(3), 0.0)[:, :2]


def _flange(bag: Bag, pose: Pose, af: float, paint: Paint, rng: np.random.Generator) -> float:
    radius = af * float(rng.uniform(0.76, 0.9))
    add_lathe(bag, pose, [(radius, 0.0), (radius, 1.1), (af * 0.56, 2.2)], paint)
    return 2.0


def _bolt(bag: Bag, pose: Pose, f: Fastener, steel: Paint, rng: np.random.Generator) -> None:
    af = f.across_flats_mm
    z = _flange(bag, pose, af, steel, rng)
    tall = af * float(rng.uniform(0.5, 0.75))
    add_prism(bag, pose, _hex(af), z, z + tall, steel, bevel=0.11 * af)
    if rng.random() < 0.4:  # the shallow dish in the middle of many pressed heads
        dark = Paint(_rgb(np.array(steel.rgb) * 0.5), 0.5, steel.metal)
        add_lathe(bag, pose, [(0.30 * af, z + tall + 0.06), (0.0, z + tall + 0.06)], dark, 20)


def _nut(bag: Bag, pose: Pose, f: Fastener, steel: Paint, rng: np.random.Generator) -> None:
    af = f.across_flats_mm
    z = _flange(bag, pose, af, steel, rng)
    tall = af * float(rng.uniform(0.5, 0.7))
    add_prism(bag, pose, _hex(af), z, z + tall, steel, bevel=0.1 * af)
    _stud(bag, pose, af, z + tall - 1.0, z + tall + float(rng.uniform(2.0, 9.0)), rng)


def _stud(bag: Bag, pose: Pose, af: float, z0: float, z1: float, rng: np.random.Generator) -> None:
    shade = float(rng.uniform(0.18, 0.5))
    paint = Paint((shade, shade * 0.98, shade * 0.94), 0.4, 0.85)
    r, pitch = 0.29 * af, 1.25
    profile = [(r, z0)]
    for k in range(max(1, int((z1 - z0) / pitch))):
        base = z0 + k * pitch
        profile += [(r, base + 0.15), (0.86 * r, base + 0.62), (r, base + 1.1)]
    profile += [(r, z1 - 0.6), (0.75 * r, z1), (0.0, z1)]
    add_lathe(bag, pose, profile, paint, 14)


def _empty(bag: Bag, pose: Pose, f: Fastener, steel: Paint, rng: np.random.Generator) -> None:
    af = f.across_flats_mm
    seat = float(rng.uniform(0.72, 0.9)) * af
    hole = float(rng.uniform(0.31, 0.42)) * af
    bare = float(rng.uniform(0.2, 0.5))
    mark = Paint((bare, bare, bare * 0.97), float(rng.uniform(0.3, 0.55)), float(rng.uniform(0.2, 0.9)))
    if rng.random() < 0.75:  # the ring that the flange has pressed bare
        inner = float(rng.uniform(0.5, 0.75)) * seat
        add_lathe(bag, pose, [(seat, 0.12), (inner, 0.15)], mark)
    if f.head == "nut_on_stud" and rng.random() < 0.85:
        add_lathe(bag, pose, [(hole * 1.15, 0.2), (0.0, 0.2)], Paint((0.02, 0.02, 0.02), 0.8), 20)
        _stud(bag, pose, af, 0.0, float(rng.uniform(8.0, 20.0)), rng)
        return
    add_lathe(bag, pose, [(hole * 1.18, 0.18), (hole, 0.22)], mark, 20)
    deep = float(rng.uniform(0.003, 0.012))
    add_lathe(bag, pose, [(hole, 0.24), (hole * 0.6, 0.24)], Paint((deep * 2, deep * 2, deep * 2), 0.9), 20)
    add_lathe(bag, pose, [(hole * 0.6, 0.25), (0.0, 0.25)], Paint((deep, deep, deep), 0.95), 20)


def _stripped(bag: Bag, pose: Pose, f: Fastener, steel: Paint, rng: np.random.Generator) -> None:
    af = f.across_flats_mm
    z = _flange(bag, pose, af, steel, rng)
    tall = af * float(rng.uniform(0.4, 0.65))
    sides = 18
    corner = np.cos(6 * 2 * np.pi * np.arange(sides) / sides)
    radius = af * (0.5 + float(rng.uniform(0.0, 0.02)) * corner + rng.normal(0, 0.012, sides))
    outline = ring(sides, 1.0, 0.0)[:, :2] * radius[:, None]
    worn = Paint(_rgb(np.array([0.62, 0.61, 0.58]) * rng.uniform(0.7, 1.1)), float(rng.uniform(0.25, 0.4)), 0.9)
    add_prism(bag, pose, outline.astype(np.float32), z, z + tall, worn, bevel=0.2 * af)
    top = z + tall
    add_lathe(
        bag, pose, [(0.3 * af, top + 0.05), (0.0, top + 0.05)], Paint(_rgb(np.array(steel.rgb) * 0.4), 0.7, 0.4), 16
    )
    for _ in range(int(rng.integers(2, 6))):  # burrs torn out by the socket
        turn = float(rng.uniform(0, 2 * np.pi))
        reach = af * 0.52
        x, y = pose.at[0] + reach * np.cos(turn), pose.at[1] + reach * np.sin(turn)
        add_box(
            bag,
            Pose((x, y, pose.at[2] + z), turn),
            (0.16 * af, 0.3 * af, tall * float(rng.uniform(0.2, 0.8))),
            worn,
            0.2,
        )


def _torque_mark(bag: Bag, pose: Pose, f: Fastener, rng: np.random.Generator) -> None:
    assert f.paint_rgb is not None
    paint = Paint(f.paint_rgb, 0.5)
    turn = float(rng.uniform(0, 2 * np.pi))
    af, top = f.across_flats_mm, 2.0 + f.across_flats_mm * 0.76
    reach = af * float(rng.uniform(0.35, 0.55))
    x, y, z = pose.at
    wide = af * float(rng.uniform(0.12, 0.3))
    mid = Pose((x + reach * 0.6 * np.cos(turn), y + reach * 0.6 * np.sin(turn), z), turn)
    add_box(bag, mid, (reach, wide, top - 1.0), paint, 0.3, z0=1.0)
    out = Pose((x + af * 0.95 * np.cos(turn), y + af * 0.95 * np.sin(turn), z), turn)
    add_box(bag, out, (af * 0.7, wide * 1.2, 1.4), paint, 0.2)
