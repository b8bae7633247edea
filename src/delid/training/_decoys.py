"""Things on a lid that are round or shiny and no fasteners: what a detector has to pass over."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ._mesh import Bag, Paint, Pose, add_box, add_lathe, add_prism, add_tube, ring

Draw = Callable[[Bag, Pose, float, np.random.Generator], None]


def add_decoy(bag: Bag, pose: Pose, kind: str, size_mm: float, rng: np.random.Generator) -> None:
    """Draw one of `DECOYS`; `size_mm` is the width across flats of the fasteners around."""
    _DRAW[kind](bag, Pose(pose.at, float(rng.uniform(0, 2 * np.pi))), size_mm, rng)


def _metal(rng: np.random.Generator) -> Paint:
    shade = float(rng.uniform(0.15, 0.65))
    return Paint((shade, shade * 0.99, shade * float(rng.uniform(0.8, 1.0))), float(rng.uniform(0.2, 0.55)), 0.85)


def _plastic(rng: np.random.Generator) -> Paint:
    table = [
        (0.02, 0.02, 0.02),
        (0.05, 0.05, 0.055),
        (0.5, 0.5, 0.48),
        (0.7, 0.2, 0.02),
        (0.05, 0.1, 0.3),
        (0.4, 0.03, 0.02),
    ]
    return Paint(table[int(rng.integers(len(table)))], float(rng.uniform(0.35, 0.8)))


def _washer(bag: Bag, pose: Pose, size: float, rng: np.random.Generator) -> None:
    """A loose washer: the lid is seen through it."""
    outer = size * float(rng.uniform(0.8, 1.3))
    inner = outer * float(rng.uniform(0.5, 0.68))
    add_lathe(bag, pose, [(outer, 0.0), (outer, 1.3), (inner, 1.3), (inner, 0.0)], _metal(rng))


def _rivet(bag: Bag, pose: Pose, size: float, rng: np.random.Generator) -> None:
    r = size * float(rng.uniform(0.3, 0.5))
    tall = r * float(rng.uniform(0.35, 0.6))
    paint = _metal(rng)
    dome = [(r * np.cos(a), tall * np.sin(a)) for a in np.linspace(0, np.pi / 2, 6)]
    add_lathe(bag, pose, [(float(a), float(b)) for a, b in dome], paint, 24)
    if rng.random() < 0.5:  # the broken pin of a blind rivet
        pin = Paint((0.2, 0.2, 0.2), 0.4, 0.8)
        add_lathe(bag, pose, [(0.25 * r, tall), (0.22 * r, tall + 0.3), (0.0, tall + 0.3)], pin, 12)


def _plug(bag: Bag, pose: Pose, size: float, rng: np.random.Generator) -> None:
    """A drain plug of rubber or plastic: a wide, low dome."""
    r = size * float(rng.uniform(1.0, 1.9))
    add_lathe(bag, pose, [(r, 0.0), (r, 1.5), (0.8 * r, 2.6), (0.7 * r, 2.0), (0.0, 2.0)], _plastic(rng), 32)


def _weld(bag: Bag, pose: Pose, size: float, rng: np.random.Generator) -> None:
    r = size * float(rng.uniform(0.3, 0.55))
    tone = float(rng.uniform(0.05, 0.3))
    burnt = Paint((tone * 1.1, tone, tone * 0.9), 0.6, 0.3)
    add_lathe(bag, pose, [(r * 1.25, 0.04), (0.75 * r, 0.06)], burnt, 24)
    plain = Paint((tone * 2, tone * 2, tone * 1.95), 0.45, 0.5)
    add_lathe(bag, pose, [(0.75 * r, 0.06), (0.0, 0.05)], plain, 24)


def _vent(bag: Bag, pose: Pose, size: float, rng: np.random.Generator) -> None:
    r = size * float(rng.uniform(1.2, 2.2))
    paint = _plastic(rng)
    add_lathe(bag, pose, [(r, 0.0), (r, 4.0), (0.9 * r, 5.0), (0.0, 5.0)], paint, 32)
    dark = Paint((0.008, 0.008, 0.008), 0.9)
    for k in range(-2, 3):
        reach = 1.5 * np.sqrt(max(0.0, 1 - (0.35 * k) ** 2)) * r
        c, s = np.cos(pose.heading), np.sin(pose.heading)
        at = (pose.at[0] - s * 0.33 * k * r, pose.at[1] + c * 0.33 * k * r, pose.at[2])
        add_box(bag, Pose(at, pose.heading), (float(reach), 0.12 * r, 0.1), dark, 0.0, 5.02)


def _pad(bag: Bag, pose: Pose, size: float, rng: np.random.Generator) -> None:
    """A round foot, spacer or cap without edges or recess."""
    r, tall = size * float(rng.uniform(0.35, 1.0)), float(rng.uniform(1.0, 9.0))
    paint = _plastic(rng) if rng.random() < 0.75 else _metal(rng)
    add_lathe(bag, pose, [(r, 0.0), (r, tall - 0.4), (0.93 * r, tall), (0.0, tall)], paint, 28)


def _pins(bag: Bag, pose: Pose, size: float, rng: np.random.Generator) -> None:
    """An open connector with its pins."""
    columns, rows = int(rng.integers(2, 6)), int(rng.integers(1, 4))
    pitch = float(rng.uniform(3.0, 6.0))
    add_box(bag, pose, (columns * pitch + 6, rows * pitch + 6, 9.0), _plastic(rng), 1.0)
    add_box(bag, pose, (columns * pitch + 2, rows * pitch + 2, 0.1), Paint((0.01, 0.01, 0.01), 0.9), 0.0, 9.02)
    brass = Paint((0.6, 0.5, 0.25), 0.25, 0.95)
    c, s = np.cos(pose.heading), np.sin(pose.heading)
    for i in range(columns):
        for j in range(rows):
            dx, dy = (i - (columns - 1) / 2) * pitch, (j - (rows - 1) / 2) * pitch
            at = (pose.at[0] + c * dx - s * dy, pose.at[1] + s * dx + c * dy, pose.at[2])
            add_lathe(bag, Pose(at), [(0.22 * pitch, 8.0), (0.22 * pitch, 10.0), (0.0, 10.2)], brass, 10)


def _printed(bag: Bag, pose: Pose, size: float, rng: np.random.Generator) -> None:
    """A circle, ring or cross of paint: an inspection mark, a printed symbol, a dab of sealant."""
    ink = Paint(
        ((0.75, 0.75, 0.72), (0.02, 0.02, 0.02), (0.6, 0.05, 0.03), (0.6, 0.5, 0.05))[int(rng.integers(4))], 0.5
    )
    r = size * float(rng.uniform(0.5, 1.6))
    if rng.random() < 0.6:
        add_lathe(bag, pose, [(r, 0.05), (r * float(rng.uniform(0.7, 0.88)), 0.06)], ink, 32)
    if rng.random() < 0.4:
        for turn in (0.0, np.pi / 2):
            add_box(bag, Pose(pose.at, pose.heading + turn), (1.6 * r, 0.16 * r, 0.06), ink, 0.0)


def _block(bag: Bag, pose: Pose, size: float, rng: np.random.Generator) -> None:
    """A clip or a bracket: boxes, some with a cable tie across."""
    long, wide = size * float(rng.uniform(1.2, 2.4)), size * float(rng.uniform(0.7, 1.4))
    tall = float(rng.uniform(2, 14))
    add_box(bag, pose, (long, wide, tall), _plastic(rng) if rng.random() < 0.6 else _metal(rng), 1.0)
    add_box(bag, pose, (0.25 * long, wide * 1.3, 1.2), _plastic(rng), 0.4, tall)


def _hexagons(bag: Bag, pose: Pose, size: float, rng: np.random.Generator) -> None:
    """A connector or sealing cap with flats: far larger than a head, with a cable stub."""
    r = size * float(rng.uniform(1.3, 1.9))
    paint = _plastic(rng)
    add_prism(bag, pose, ring(6, r, 0)[:, :2], 0.0, 12.0, paint, 1.0)
    up = np.array([[0, 0, 11], [0, 0, 16], [6, 2, 20], [14, 4, 21]], float) + np.array(pose.at)
    add_tube(bag, up.astype(np.float32), 0.4 * r, _plastic(rng))


def _sticker(bag: Bag, pose: Pose, size: float, rng: np.random.Generator) -> None:
    long, wide = size * float(rng.uniform(1.5, 2.6)), size * float(rng.uniform(1.0, 1.8))
    pale = float(rng.uniform(0.35, 0.8))
    add_box(bag, pose, (long, wide, 0.1), Paint((pale, pale, pale * float(rng.uniform(0.5, 1.0))), 0.5), 0.0)
    ink = Paint((0.02, 0.02, 0.02), 0.6)
    c, s = np.cos(pose.heading), np.sin(pose.heading)
    for k in range(int(rng.integers(2, 5))):
        dy = wide * (-0.32 + 0.2 * k)
        at = (pose.at[0] - s * dy, pose.at[1] + c * dy, pose.at[2])
        add_box(bag, Pose(at, pose.heading), (long * float(rng.uniform(0.3, 0.85)), 0.09 * wide, 0.02), ink, 0.0, 0.12)
    if rng.random() < 0.5:
        add_lathe(bag, pose, [(0.2 * wide, 0.15), (0.12 * wide, 0.16)], ink, 24)


_DRAW: dict[str, Draw] = {
    "washer": _washer,
    "rivet": _rivet,
    "plug": _plug,
    "weld": _weld,
    "vent": _vent,
    "pad": _pad,
    "pins": _pins,
    "printed": _printed,
    "block": _block,
    "cap": _hexagons,
    "sticker": _sticker,
}
DECOYS = tuple(_DRAW)
