"""What is seen once the lid is off: the tray with its rim, and the modules or battery cells in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ._family import FINISHES, Family
from ._lid import LidMesh
from ._mesh import Bag, Paint, Pose, add_box
from ._noise import smoothstep
from ._polygon import signed_distance

RIM_Z_MM = -9.0
FLOOR_MM = 6.0
ORANGE = (0.86, 0.20, 0.015)


def bare_tray(family: Family) -> Family:
    """The family's tray in place of its lid: bare metal without embossings and labels."""
    bare = next(finish for finish in FINISHES if finish.name == "aluminium")
    return replace(family, finish=bare, features=(), labels=(), parts=())


def sunk(mesh: LidMesh, family: Family) -> LidMesh:
    """The lid's mesh bent down to a tray: a rim as wide as the flange, then the floor."""
    x, y = mesh.points[:, 0], mesh.points[:, 1]
    inside = signed_distance(np.array(family.outline_mm), x, y)
    depth = family.height_mm - FLOOR_MM + RIM_Z_MM
    z = RIM_Z_MM - depth * smoothstep(0.8 * family.flange_mm, 0.8 * family.flange_mm + 10.0, inside)
    return replace(mesh, points=np.column_stack([x, y, z]).astype(np.float32))


def add_inside(bag: Bag, family: Family) -> None:
    """Modules at their places, or battery cells across the tray, with busbars on top."""
    base = -family.height_mm + FLOOR_MM
    case, pole = Paint((0.33, 0.34, 0.35), 0.4, 0.6), Paint(ORANGE, 0.5)
    places, size = family.modules_mm, family.module_size_mm
    if not places:
        reach = np.abs(np.array(family.outline_mm)).max(axis=0) - family.flange_mm - 40
        count = 24
        size = (float(2 * reach[0] / count) - 3.0, float(2 * reach[1]), family.height_mm * 0.75)
        places = tuple((float(x), 0.0) for x in np.linspace(-1, 1, count) * (reach[0] - size[0] / 2))
    tall = min(size[2], family.height_mm - 30.0)
    for x, y in places:
        add_box(bag, Pose((x, y, base)), (size[0], size[1], tall), case, 5.0)
        for end in (-1, 1):
            add_box(bag, Pose((x, y + end * 0.4 * size[1], base + tall)), (size[0] * 0.5, 26.0, 9.0), pole, 2.0)
