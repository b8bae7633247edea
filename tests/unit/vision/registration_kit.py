"""Synthetic sights of a pack that lies somewhere near its nominal place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from delid.config import Calibration, FastenerGroup, Fixture, PackFile
from delid.core import FastenerKind, PointPx
from delid.vision import Projection
from delid.vision._geometry import Points

SIZE_PX = (1600, 1200)
TILTED = (
    (1, 0, 0, 1100), (0, -0.999657325, 0.026176948, 792.1), (0, -0.026176948, -0.999657325, 1750), (0, 0, 0, 1),
)  # fmt: skip
MATRIX = ((1600, 0, 799.5), (0, 1600, 599.5), (0, 0, 1))


@dataclass(frozen=True)
class Spot:
    """A detection."""

    center_px: PointPx
    kind: FastenerKind = FastenerKind.BOLT
    confidence: float = 0.9


def overview(*, uncertainty_mm: float = 0.02, distortion: list[float] | None = None, **fixture: Any) -> Projection:
    """The demonstration cell's camera with a nearly perfect calibration."""
    calibration = Calibration(
        matrix=MATRIX, distortion=distortion or [], robot_from_camera=TILTED, uncertainty_mm=uncertainty_mm
    )
    return Projection(calibration, Fixture(origin_mm=(1100, 850, -600), **fixture), SIZE_PX)


def with_pattern(pack: PackFile, positions: list[tuple[float, float]], geometry: str = "taught") -> PackFile:
    group: FastenerGroup = next(iter(pack.groups.values())).model_copy(update={"positions_mm": positions})
    return pack.model_copy(update={"groups": {"lid": group}, "geometry": geometry})


def lopsided(pack: PackFile, geometry: str = "taught") -> PackFile:
    """The pack's rim of bolts without seven of them, so that it looks different turned by 180 degrees."""
    positions = list(pack.groups["lid"].positions_mm)
    return with_pattern(pack, [p for n, p in enumerate(positions) if n not in (0, 1, 2, 4, 5, 9, 12)], geometry)


def moved(points: Any, x_mm: float, y_mm: float, turn_deg: float) -> Points:
    angle = np.deg2rad(turn_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.asarray(np.asarray(points, np.float64).reshape(-1, 2) @ turn + [x_mm, y_mm])


@dataclass(frozen=True)
class Scene:
    spots: list[Spot]
    truth_mm: dict[str, tuple[float, float]]
    """Where each fastener is, robot frame."""
    source: dict[str, int | None]
    """Which spot is which fastener."""


def scene(
    pack: PackFile,
    view: Projection,
    rng: np.random.Generator,
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0),
    *,
    noise_px: float = 0.5,
    missing: float = 0.3,
    false: float = 0.2,
    height_mm: float = 0.0,
    build_mm: float = 0.0,
) -> Scene:
    """What a detector would say: some fasteners missing, and of all it says the part ``false`` is none."""
    places = pack.fastener_places()
    built = moved(list(places.values()), *pose) + rng.normal(0, build_mm, (len(places), 2))
    robot = view.pack_to_robot(built.tolist(), pack) + np.array([0, 0, height_mm])
    pixels = view.robot_to_px(robot)
    seen = np.flatnonzero(np.isfinite(pixels).all(axis=1) & (rng.random(len(pixels)) >= missing))
    centers = pixels[seen] + rng.normal(0, noise_px, (len(seen), 2))
    wrong = rng.uniform((0, 0), view.size_px, (round(len(seen) * false / (1 - false)), 2))
    everything = np.vstack([centers, wrong])
    order = rng.permutation(len(everything))
    spots = [Spot((float(x), float(y))) for x, y in everything[order]]
    where = {int(old): new for new, old in enumerate(order)}
    names = list(places)
    source: dict[str, int | None] = dict.fromkeys(names)
    source |= {names[n]: where[k] for k, n in enumerate(seen.tolist())}
    return Scene(spots, {name: (float(x), float(y)) for name, (x, y, _) in zip(names, robot, strict=True)}, source)
