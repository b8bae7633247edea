"""Fasteners as solids: flange bolt, nut on stud, empty hole or bare stud, and a rounded (stripped) head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._decoys import DECOYS, add_decoy
from ._mesh import Bag, Paint, Pose, add_box, add_lathe, add_prism, add_tube, ring
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
    """Put the fastener, or a thing that only looks like one, on a surface at height `z_mm`."""
    if fastener.kind in DECOYS:
        x, y = fastener.at_mm
        add_decoy(bag, Pose((x, y, z_mm)), fastener.kind, fastener.across_flats_mm, stream(fastener.seed, "decoy"))
        return
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
    style = rng.random()
    if style < 0.14:
        add_recessed(bag, pose, af, steel, rng, torn=False)
        return
    z = _flange(bag, pose, af, steel, rng) if style < 0.9 else _washer_under(bag, pose, af, rng)
    tall = af * float(rng.uniform(0.5, 0.75))
    add_prism(bag, pose, _hex(af), z, z + tall, steel, bevel=0.11 * af)
    if rng.random() < 0.4:  # the shallow dish in the middle of many pressed heads
        dark = Paint(_rgb(np.array(steel.rgb) * 0.5), 0.5, steel.metal)
        add_lathe(bag, pose, [(0.30 * af, z + tall + 0.06), (0.0, z + tall + 0.06)], dark, 20)


def _washer_under(bag: Bag, pose: Pose, af: float, rng: np.random.Generator) -> float:
    shade = float(rng.uniform(0.2, 0.6))
    paint = Paint((shade, shade, shade * 0.97), float(rng.uniform(0.25, 0.5)), 0.8)
    radius = af * float(rng.uniform(0.8, 1.05))
    add_lathe(bag, pose, [(radius, 0.0), (radius, 1.2), (0.3 * af, 1.25)], paint)
    return 1.2


def _nut(bag: Bag, pose: Pose, f: Fastener, steel: Paint, rng: np.random.Generator) -> None:
    af = f.across_flats_mm
    z = _flange(bag, pose, af, steel, rng) if rng.random() < 0.75 else _washer_under(bag, pose, af, rng)
    tall = af * float(rng.uniform(0.5, 0.75))
    add_prism(bag, pose, _hex(af), z, z + tall, steel, bevel=0.1 * af)
    top = z + tall
    shadow = Paint(_rgb(np.array(steel.rgb) * 0.25), 0.7, 0.3)
    if rng.random() < 0.3:  # the plastic ring of a locking nut
        tint = ((0.05, 0.12, 0.45), (0.6, 0.6, 0.58), (0.03, 0.03, 0.03))[int(rng.integers(3))]
        add_lathe(bag, pose, [(0.42 * af, top - 0.2), (0.42 * af, top + 0.8), (0.3 * af, top + 0.9)], Paint(tint, 0.5))
    else:  # the chamfer that leads into the thread
        add_lathe(bag, pose, [(0.37 * af, top + 0.05), (0.29 * af, top + 0.05)], shadow, 24)
    _stud(bag, pose, af, top - 1.0, top + float(rng.uniform(2.0, 11.0)), rng)


def _stud(bag: Bag, pose: Pose, af: float, z0: float, z1: float, rng: np.random.Generator) -> None:
    shade = float(rng.uniform(0.18, 0.5))
    paint = Paint((shade, shade * 0.98, shade * 0.94), 0.4, 0.85)
    groove = Paint((shade * 0.35, shade * 0.33, shade * 0.3), 0.6, 0.5)
    r, pitch = 0.29 * af, 1.25
    z = z0
    while z < z1 - pitch:  # crests bright, grooves dark: the thread
        add_lathe(bag, pose, [(0.84 * r, z), (r, z + 0.5), (r, z + 0.65)], paint, 18)
        add_lathe(bag, pose, [(r, z + 0.65), (0.84 * r, z + pitch)], groove, 18)
        z += pitch
    end = Paint(_rgb(np.array(paint.rgb) * rng.uniform(0.9, 1.4)), 0.35, 0.85)
    add_lathe(bag, pose, [(0.9 * r, z), (0.9 * r, z1 - 0.5), (0.68 * r, z1), (0.0, z1)], end, 18)


def _empty(bag: Bag, pose: Pose, f: Fastener, steel: Paint, rng: np.random.Generator) -> None:
    af = f.across_flats_mm
    seat = float(rng.uniform(0.72, 0.9)) * af
    hole = float(rng.uniform(0.31, 0.42)) * af
    bare = float(rng.uniform(0.2, 0.5))
    mark = Paint((bare, bare, bare * 0.97), float(rng.uniform(0.3, 0.55)), float(rng.uniform(0.2, 0.9)))
    if rng.random() < 0.75:  # the ring that the flange has pressed bare
        inner = float(rng.uniform(0.5, 0.75)) * seat
        add_lathe(bag, pose, [(seat, 0.12), (inner, 0.15)], mark)
        if rng.random() < 0.5:  # dirt stood around the flange and marks its edge
            edge = Paint((0.03, 0.027, 0.022), 0.9)
            add_lathe(bag, pose, [(seat * 1.1, 0.1), (seat, 0.13)], edge)
    if f.head == "nut_on_stud" and rng.random() < 0.85:
        add_lathe(bag, pose, [(hole * 1.15, 0.2), (0.0, 0.2)], Paint((0.02, 0.02, 0.02), 0.8), 20)
        _stud(bag, pose, af, 0.0, float(rng.uniform(8.0, 20.0)), rng)
        return
    chamfer = Paint(_rgb(np.array(mark.rgb) * rng.uniform(0.6, 1.5)), float(rng.uniform(0.2, 0.4)), 0.9)
    add_lathe(bag, pose, [(hole * float(rng.uniform(1.1, 1.3)), 0.18), (hole, 0.22)], chamfer, 28)
    deep = float(rng.uniform(0.003, 0.012))
    rim = float(rng.uniform(0.55, 0.9))
    wall = Paint((deep * 4, deep * 4, deep * 3.6), 0.8, 0.3)
    add_lathe(bag, pose, [(hole, 0.24), (hole * rim, 0.24)], wall, 28)
    add_lathe(bag, pose, [(hole * rim, 0.25), (0.0, 0.25)], Paint((deep, deep, deep), 0.95), 28)
    if rng.random() < 0.25:  # a thread or another sheet glints at one side of the bore
        glint = Paint((0.25, 0.25, 0.24), 0.3, 0.9)
        turn = float(rng.uniform(0, 2 * np.pi))
        x, y = pose.at[0] + 0.6 * hole * np.cos(turn), pose.at[1] + 0.6 * hole * np.sin(turn)
        add_box(bag, Pose((x, y, pose.at[2]), turn), (0.15 * hole, 0.5 * hole, 0.1), glint, 0.0, 0.28)


def _stripped(bag: Bag, pose: Pose, f: Fastener, steel: Paint, rng: np.random.Generator) -> None:
    """A head whose corners a slipping socket has worn towards a circle, or a recess that a bit has torn out."""
    af = f.across_flats_mm
    if rng.random() < 0.22:
        add_recessed(bag, pose, af, steel, rng, torn=True)
        return
    z = _flange(bag, pose, af, steel, rng)
    tall = af * float(rng.uniform(0.4, 0.65))
    bright = Paint(_rgb(np.array([0.72, 0.71, 0.68]) * rng.uniform(0.75, 1.15)), float(rng.uniform(0.14, 0.3)), 0.95)
    outline = worn_hexagon(af, float(rng.uniform(0.65, 1.0)), rng)
    add_prism(bag, pose, outline, z, z + tall, bright, bevel=float(rng.uniform(0.14, 0.24)) * af)
    top = z + tall
    # what is left of the old surface in the middle of the top, off centre, ragged
    left = worn_hexagon(af * float(rng.uniform(0.42, 0.66)), 1.0, rng) * rng.uniform(0.85, 1.15, (1, 2))
    old = Paint(_rgb(np.array(steel.rgb) * rng.uniform(0.4, 0.9)), 0.6, 0.5)
    shift = rng.normal(0, 0.03 * af, 2)
    add_prism(bag, pose, (left + shift).astype(np.float32), top - 0.05, top + 0.06, old)
    _gouges(bag, pose, af, z, tall, bright, rng)


def worn_hexagon(af: float, wear: float, rng: np.random.Generator) -> np.ndarray:
    """Outline of a hexagon whose corners are worn off: 0 as new, 1 a circle with nicks; counter-clockwise."""
    sides = 42
    angle = 2 * np.pi * np.arange(sides) / sides
    hexagon = 1 / np.cos((angle + np.pi / 6) % (np.pi / 3) - np.pi / 6)
    limit = 1.0 + 0.155 * (1 - wear)
    each = limit + rng.normal(0, 0.02, 6)[((angle + np.pi / 6) // (np.pi / 3)).astype(int) % 6]
    nicks = np.convolve(np.tile(rng.normal(0, 0.03, sides), 3), [0.25, 0.5, 0.25], "same")[sides : 2 * sides]
    radius = 0.5 * af * (np.minimum(hexagon, each) - 0.015 - np.abs(nicks))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32)


def _gouges(bag: Bag, pose: Pose, af: float, z: float, tall: float, bright: Paint, rng: np.random.Generator) -> None:
    """Burrs that stand out of the flanks, smears that run around the top where the socket slipped, chips below."""
    dark = Paint(_rgb(np.array(bright.rgb) * 0.25), 0.7, 0.6)
    for _ in range(int(rng.integers(3, 9))):
        turn = float(rng.uniform(0, 2 * np.pi))
        reach = af * float(rng.uniform(0.44, 0.52))
        at = (pose.at[0] + reach * np.cos(turn), pose.at[1] + reach * np.sin(turn), pose.at[2] + z)
        size = (
            af * float(rng.uniform(0.05, 0.16)),
            af * float(rng.uniform(0.12, 0.35)),
            tall * float(rng.uniform(0.2, 1.0)),
        )
        add_box(bag, Pose(at, turn + float(rng.normal(0, 0.4))), size, bright if rng.random() < 0.65 else dark, 0.15)
    for _ in range(int(rng.integers(2, 6))):
        first, sweep = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.5, 2.2))
        radius = af * float(rng.uniform(0.24, 0.42))
        angle = np.linspace(first, first + sweep, 9)
        path = np.stack([pose.at[0] + radius * np.cos(angle), pose.at[1] + radius * np.sin(angle),
                         np.full(9, pose.at[2] + z + tall - 0.05)], axis=1)  # fmt: skip
        add_tube(bag, path.astype(np.float32), float(rng.uniform(0.15, 0.4)), dark if rng.random() < 0.5 else bright, 6)
    for _ in range(int(rng.integers(0, 5))):
        turn, reach = float(rng.uniform(0, 2 * np.pi)), af * float(rng.uniform(0.6, 0.95))
        at = (pose.at[0] + reach * np.cos(turn), pose.at[1] + reach * np.sin(turn), pose.at[2] + 1.2)
        add_box(bag, Pose(at, turn * 3), (0.08 * af, 0.05 * af, 0.3), bright, 0.0)


def add_recessed(bag: Bag, pose: Pose, af: float, steel: Paint, rng: np.random.Generator, torn: bool) -> None:
    """A screw with a recess (hexagon, star, cross or slot) in a cylinder or dome; torn out when `torn`."""
    r = af * float(rng.uniform(0.55, 0.8))
    tall = af * float(rng.uniform(0.25, 0.8))
    dome = [(r, 0.0), (r, 0.5 * tall), (0.85 * r, 0.85 * tall), (0.55 * r, tall), (0.0, tall)]
    flat = [(r, 0.0), (r, 0.92 * tall), (0.93 * r, tall), (0.0, tall)]
    add_lathe(bag, pose, dome if rng.random() < 0.5 else flat, steel, 32)
    dark = Paint(_rgb(np.array(steel.rgb) * 0.12), 0.8, 0.3)
    top, size = tall + 0.05, r * float(rng.uniform(0.4, 0.55))
    _recess(bag, pose, size, r, top, dark, rng)
    if torn:
        _torn_recess(bag, pose, size, top, dark, rng)


def _recess(
    bag: Bag, pose: Pose, size: float, radius: float, top: float, dark: Paint, rng: np.random.Generator
) -> None:
    shape = int(rng.integers(4))
    if shape == 0:
        add_prism(bag, pose, ring(6, size, 0)[:, :2], top - 0.1, top, dark)
    elif shape == 1:
        for k in range(3):
            add_box(
                bag,
                Pose((*pose.at[:2], pose.at[2]), pose.heading + k * np.pi / 3),
                (2 * size, 0.5 * size, 0.1),
                dark,
                0.0,
                top,
            )
    else:
        for k in range(2 if shape == 2 else 1):
            long = 2 * size if shape == 2 else 2.05 * radius * 0.95
            add_box(bag, Pose(pose.at, pose.heading + k * np.pi / 2), (long, 0.42 * size, 0.1), dark, 0.0, top)


def _torn_recess(bag: Bag, pose: Pose, size: float, top: float, dark: Paint, rng: np.random.Generator) -> None:
    bright = Paint(_rgb(np.array([0.75, 0.74, 0.71]) * rng.uniform(0.8, 1.1)), 0.2, 0.95)
    hole = worn_hexagon(2 * size * float(rng.uniform(0.9, 1.15)), 0.9, rng)
    add_prism(bag, pose, hole, top, top + 0.12, bright)
    add_prism(bag, pose, (hole * 0.7 + rng.normal(0, 0.08 * size, 2)).astype(np.float32), top, top + 0.2, dark)
    for _ in range(int(rng.integers(4, 9))):  # flaps of metal turned up around the recess
        turn, reach = float(rng.uniform(0, 2 * np.pi)), size * float(rng.uniform(0.7, 1.25))
        at = (pose.at[0] + reach * np.cos(turn), pose.at[1] + reach * np.sin(turn), pose.at[2] + top - 0.2)
        part = (
            size * float(rng.uniform(0.15, 0.4)),
            size * float(rng.uniform(0.15, 0.5)),
            float(rng.uniform(0.3, 0.8)),
        )
        add_box(bag, Pose(at, turn + float(rng.normal(0, 0.5))), part, bright if rng.random() < 0.7 else dark, 0.1)


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
