"""Connectors, cables, hoses, brackets and the clutter that lies around and on a pack."""

from __future__ import annotations

import numpy as np

from ._family import Family, Part
from ._mesh import Bag, Paint, Pose, add_box, add_lathe, add_prism, add_tube, ring, spline

ORANGE = (0.86, 0.20, 0.015)
BLACK = (0.018, 0.018, 0.018)
STEEL = (0.50, 0.50, 0.49)


def add_part(bag: Bag, part: Part, z_mm: float, rng: np.random.Generator) -> None:
    """A connector or cover that belongs to the family, seated at height `z_mm`."""
    pose = Pose((part.at_mm[0], part.at_mm[1], z_mm - 3), part.angle_rad)
    body = Paint(part.rgb, 0.45)
    length, width, tall = part.size_mm
    if part.kind == "vent":
        add_lathe(bag, pose, [(length / 2, 0), (length / 2, tall * 0.6), (length * 0.35, tall), (0, tall)], body, 24)
        return
    if part.kind == "cover":
        add_box(bag, pose, part.size_mm, body, 5.0)
        for sx in (-1, 1):
            for sy in (-1, 1):
                corner = _on(pose, sx * (length / 2 - 14), sy * (width / 2 - 14), tall - 0.5)
                add_lathe(bag, corner, [(6, 0), (6, 3), (4, 5), (0, 5)], Paint(STEEL, 0.35, 0.8), 14)
        return
    add_box(bag, pose, (length * 1.15, width * 1.15, 10), Paint((0.03, 0.03, 0.03), 0.6), 2.0)
    add_box(bag, pose, (length, width, tall * 0.7), body, 6.0)
    add_box(bag, _on(pose, 0, 0, tall * 0.65), (length * 0.7, width * 0.55, tall * 0.35), body, 4.0)
    add_box(bag, _on(pose, length * 0.2, 0, tall * 0.9), (length * 0.12, width * 1.05, 9), Paint(BLACK, 0.5), 2.0)
    if part.kind != "service_disconnect":
        heading = part.angle_rad + float(rng.normal(0, 0.2))
        _cable_from(bag, pose, heading, length, rng, part.kind == "hv_connector")


def _on(pose: Pose, dx: float, dy: float, dz: float) -> Pose:
    c, s = np.cos(pose.heading), np.sin(pose.heading)
    x, y, z = pose.at
    return Pose((x + c * dx - s * dy, y + s * dx + c * dy, z + dz), pose.heading)


def _cable_from(bag: Bag, pose: Pose, heading: float, length: float, rng: np.random.Generator, power: bool) -> None:
    reach = float(rng.uniform(150, 700))
    ahead = np.array([np.cos(heading), np.sin(heading), 0.0])
    side = np.array([-ahead[1], ahead[0], 0.0])
    start = np.array(pose.at) + ahead * length * 0.45 + np.array([0, 0, 26.0])
    bend = float(rng.normal(0, 0.35)) * reach
    knots = np.array(
        [
            start,
            start + ahead * 60,
            start + ahead * reach * 0.5 + side * bend + [0, 0, 4],
            start + ahead * reach + side * bend * 1.6 - [0, 0, 8],
        ]
    )
    count = int(rng.integers(1, 3)) if power else 1
    for k in range(count):
        shifted = knots + side * (k - (count - 1) / 2) * 26
        paint = Paint(ORANGE if power else BLACK, 0.5)
        add_tube(bag, spline(shifted.astype(np.float32), 36), 9.0 if power else 4.0, paint)


def add_body(bag: Bag, family: Family, rng: np.random.Generator) -> None:
    """The tray under the lid, its side brackets, and the rails that the pack rests on."""
    outline = np.array(family.outline_mm, np.float32)
    tray = Paint(((0.30, 0.31, 0.32) if rng.random() < 0.6 else (0.03, 0.03, 0.032)), 0.5, 0.4)
    gasket = Paint((0.01, 0.01, 0.01), 0.7)
    _wall(bag, outline, -2.0, 0.0, Paint(family.finish.rgb, family.finish.roughness, family.finish.metallic))
    _wall(bag, outline * 0.997, -5.0, -2.0, gasket)
    _wall(bag, outline * 1.002, -9.0, -5.0, tray)
    _wall(bag, outline * 0.975, -family.height_mm, -9.0, tray)
    _skirt(bag, outline * 1.002, outline * 0.975, -5.0, tray)
    extent = np.abs(outline).max(axis=0)
    count = int(rng.integers(2, 6))
    for sy in (-1, 1):
        for x in np.linspace(-0.8, 0.8, count) * extent[0] + rng.normal(0, 30):
            depth = float(rng.uniform(30, 70))
            place = Pose((float(x), sy * (float(extent[1]) + depth / 2 - 20), -60.0))
            add_box(bag, place, (float(rng.uniform(60, 120)), depth + 30, 26), tray, 3.0)


def _wall(bag: Bag, outline: np.ndarray, z0: float, z1: float, paint: Paint) -> None:
    a = np.column_stack([outline, np.full(len(outline), z0)])
    b = np.column_stack([outline, np.full(len(outline), z1)])
    a2, b2 = np.roll(a, -1, axis=0), np.roll(b, -1, axis=0)
    bag.add_flat(np.concatenate([np.stack([a, a2, b2], 1), np.stack([a, b2, b], 1)]).astype(np.float32), paint)


def _skirt(bag: Bag, outer: np.ndarray, inner: np.ndarray, z: float, paint: Paint) -> None:
    a = np.column_stack([outer, np.full(len(outer), z)])
    b = np.column_stack([inner, np.full(len(inner), z - 0.2)])
    a2, b2 = np.roll(a, -1, axis=0), np.roll(b, -1, axis=0)
    bag.add_flat(np.concatenate([np.stack([a, a2, b2], 1), np.stack([a, b2, b], 1)]).astype(np.float32), paint)


def add_clutter(bag: Bag, family: Family, floor_mm: float, amount: float, rng: np.random.Generator) -> None:
    """Things on the floor around the pack, and now and then a small one on the lid."""
    extent = np.abs(np.array(family.outline_mm)).max(axis=0)
    for _ in range(int(rng.poisson(16 * amount))):
        side = rng.integers(4)
        along, away = float(rng.uniform(-1.2, 1.2)), float(rng.exponential(220)) + 90
        if side < 2:
            at = (along * extent[0], (extent[1] + away) * (1 if side else -1))
        else:
            at = ((extent[0] + away) * (1 if side == 2 else -1), along * extent[1])
        _thing(bag, Pose((float(at[0]), float(at[1]), floor_mm), float(rng.uniform(0, 2 * np.pi))), rng)
    for _ in range(int(rng.poisson(1.2 * amount))):
        room = extent - family.flange_mm - 60
        at2 = rng.uniform(-1, 1, 2) * room
        _small(bag, Pose((float(at2[0]), float(at2[1]), family.rise_mm + 9), float(rng.uniform(0, 6.28))), rng)
    for _ in range(int(rng.poisson(1.4 * amount))):
        _hose(bag, extent, floor_mm, rng)


def _colour(rng: np.random.Generator) -> tuple[float, float, float]:
    table = [
        (0.5, 0.03, 0.02),
        (0.03, 0.10, 0.35),
        (0.55, 0.42, 0.03),
        (0.03, 0.2, 0.06),
        BLACK,
        (0.25, 0.25, 0.25),
        (0.35, 0.24, 0.13),
        STEEL,
        ORANGE,
    ]
    return table[int(rng.integers(len(table)))]


def _thing(bag: Bag, pose: Pose, rng: np.random.Generator) -> None:
    kind = rng.choice(["crate", "crate", "module", "tool", "tool", "drum", "rail", "plate"])
    paint = Paint(_colour(rng), float(rng.uniform(0.35, 0.8)))
    if kind == "crate":
        length, width, tall = (float(v) for v in rng.uniform((120, 90, 30), (420, 320, 160)))
        add_box(bag, pose, (length, width, tall), paint, 4.0)
        add_box(bag, _on(pose, 0, 0, tall), (length * 0.88, width * 0.85, 0.5), Paint((0.02, 0.02, 0.02), 0.9), 0.0)
    elif kind == "module":
        add_box(bag, pose, (310, 220, 60), Paint((0.4, 0.41, 0.42), 0.4, 0.7), 4.0)
        for sx in (-100.0, 100.0):
            add_box(bag, _on(pose, sx, 85, 60), (34, 24, 14), Paint(ORANGE, 0.5), 2.0)
    elif kind == "drum":
        radius, tall = float(rng.uniform(60, 190)), float(rng.uniform(40, 250))
        add_lathe(bag, pose, [(radius, 0), (radius, tall), (radius * 0.9, tall + 4), (0, tall + 4)], paint, 30)
    elif kind == "rail":
        add_box(bag, pose, (float(rng.uniform(400, 1100)), 60, 50), Paint(STEEL, 0.4, 0.7), 2.0)
    elif kind == "plate":
        add_box(
            bag, pose, (float(rng.uniform(150, 500)), float(rng.uniform(100, 300)), 6), Paint(STEEL, 0.45, 0.6), 1.0
        )
    else:
        _small(bag, pose, rng)


def _small(bag: Bag, pose: Pose, rng: np.random.Generator) -> None:
    steel = Paint((0.55, 0.55, 0.54), 0.28, 0.9)
    kind = rng.choice(["wrench", "driver", "socket", "bolts", "tape", "glove", "rag"])
    if kind == "glove":
        _glove(bag, pose, rng)
    elif kind == "rag":
        _rag(bag, pose, rng)
    elif kind == "wrench":
        add_box(bag, pose, (180, 15, 7), steel, 2.0)
        for dx in (-95.0, 95.0):
            add_lathe(bag, _on(pose, dx, 0, 0), [(17, 0), (17, 8), (9, 8), (9, 2)], steel, 20)
    elif kind == "driver":
        add_tube(bag, np.array([_on(pose, d, 0, 8).at for d in (-20, 60, 140)], np.float32), 3.5, steel)
        add_tube(
            bag, np.array([_on(pose, d, 0, 14).at for d in (-120, -70, -20)], np.float32), 14, Paint(_colour(rng), 0.4)
        )
    elif kind == "socket":
        add_lathe(bag, pose, [(11, 0), (11, 35), (7, 35), (7, 10)], steel, 22)
    elif kind == "tape":
        add_lathe(bag, pose, [(52, 0), (52, 24), (38, 24), (38, 1)], Paint(_colour(rng), 0.5), 30)
    else:
        for _ in range(6):
            spot = _on(pose, float(rng.normal(0, 30)), float(rng.normal(0, 30)), 0)
            add_prism(bag, spot, ring(6, 6.0, 0)[:, :2], 0, 6, steel, 1.0)


def _glove(bag: Bag, pose: Pose, rng: np.random.Generator) -> None:
    """A work glove that somebody left: a palm, a cuff, five fingers."""
    paint = Paint(_colour(rng), 0.85)
    add_box(bag, pose, (105, 90, 24), paint, 9.0)
    add_box(bag, _on(pose, -85, 0, 0), (70, 100, 20), Paint(_colour(rng), 0.9), 6.0)
    for k in range(5):
        side = -38 + 25 * k if k < 4 else 58
        reach = float(rng.uniform(65, 95)) if k < 4 else 50.0
        bend = float(rng.normal(0, 12))
        spots = [_on(pose, d, side + bend * d / 120, 11).at for d in (30.0, 30 + reach / 2, 30 + reach)]
        add_tube(bag, np.array(spots, np.float32), 11.0, paint)


def _rag(bag: Bag, pose: Pose, rng: np.random.Generator) -> None:
    """A crumpled cloth: flat patches that lean against each other."""
    paint = Paint(_colour(rng), 0.95)
    for _ in range(7):
        spot = _on(pose, float(rng.normal(0, 45)), float(rng.normal(0, 35)), float(rng.uniform(0, 10)))
        size = (float(rng.uniform(50, 110)), float(rng.uniform(40, 90)), float(rng.uniform(4, 14)))
        add_box(
            bag, Pose(spot.at, spot.heading + float(rng.normal(0, 0.8)), float(rng.normal(0, 0.18))), size, paint, 5.0
        )


def _hose(bag: Bag, extent: np.ndarray, floor_mm: float, rng: np.random.Generator) -> None:
    start = np.array(
        [float(rng.uniform(-1.3, 1.3) * extent[0]), (extent[1] + float(rng.uniform(60, 300))) * rng.choice([-1, 1])]
    )
    steps = np.cumsum(rng.normal(0, 170, (5, 2)), axis=0) * np.array([1.6, 0.5])
    radius = float(rng.uniform(6, 16))
    flat = np.column_stack([start + steps, np.full(5, floor_mm + radius)])
    paint = Paint(BLACK if rng.random() < 0.5 else _colour(rng), 0.55)
    add_tube(bag, spline(flat.astype(np.float32), 60), radius, paint)
