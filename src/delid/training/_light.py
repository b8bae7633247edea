"""Light: a procedural surrounding, three lamps under the ceiling, three low raking lamps, all decided by a seed.

The raking lamps are kept apart from the rest: a picture of each is what a cell's light program sees, and any mixture of
them with the hall's light is a picture as well, because light adds up.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ._noise import fbm, stream

Vec = tuple[float, float, float]
LAMPS = 3
RAKES = ("rake_left", "rake_right", "rake_front")
"""Where the raking lamps stand, seen from the camera; a cell has the first two."""


@dataclass(frozen=True, slots=True)
class Lamp:
    """A rectangular lamp at a place, facing a target; `radiance` is linear RGB."""

    at_mm: Vec
    target_mm: Vec
    size_mm: tuple[float, float]
    radiance: Vec


@dataclass(frozen=True, slots=True)
class Light:
    """`rakes` follow RAKES; `hdri` names a picture of a real surrounding to use instead of the procedural one."""

    seed: int
    ambient: float
    warmth: float
    lamps: tuple[Lamp, Lamp, Lamp]
    rakes: tuple[Lamp, Lamp, Lamp]
    hdri: str | None = None


def colour_of(warmth: float) -> NDArray[np.float32]:
    """White balance left over by the camera: -1 bluish, +1 yellowish."""
    return np.array([1 + 0.16 * warmth, 1.0, 1 - 0.22 * warmth], np.float32)


def raking_lamp(
    heading_rad: float, elevation_rad: float, distance_mm: float, power: float, warmth: float, aim: Vec
) -> Lamp:
    """A bar lamp low over the lid: what makes dents and swellings throw shadows."""
    c, s = np.cos(heading_rad), np.sin(heading_rad)
    flat = distance_mm * np.cos(elevation_rad)
    at = (float(flat * c), float(flat * s), float(distance_mm * np.sin(elevation_rad)) + 40.0)
    rgb = colour_of(warmth) * power
    return Lamp(at, aim, (900.0, 160.0), (float(rgb[0]), float(rgb[1]), float(rgb[2])))


def random_light(
    rng: np.random.Generator,
    extent_mm: tuple[float, float],
    left_rad: float = np.pi,
    camera_z_mm: float = 0.0,
    hdri: str | None = None,
) -> Light:
    """A hall with lamps under its ceiling, and raking lamps.

    Args:
        left_rad: where the camera's left lies.
        camera_z_mm: the lamps hang above the camera, or it would look at their black backs.
    """
    ambient = float(rng.uniform(0.15, 1.2))
    warmth = float(rng.normal(0, 0.4))
    lamps = [_hall_lamp(rng, warmth, camera_z_mm + 100.0) for _ in range(LAMPS)]
    rakes = [
        raking_lamp(
            left_rad + turn + float(rng.normal(0, 0.2)),
            float(rng.uniform(0.12, 0.36)),
            float(np.hypot(*extent_mm)) + float(rng.uniform(450, 1100)),
            float(rng.uniform(120, 200)),
            0.0,
            (0.0, 0.0, 0.0),
        )
        for turn in (0.0, np.pi, np.pi / 2)
    ]
    return Light(
        int(rng.integers(2**31)),
        ambient,
        warmth,
        (lamps[0], lamps[1], lamps[2]),
        (rakes[0], rakes[1], rakes[2]),
        hdri,
    )


def _hall_lamp(rng: np.random.Generator, warmth: float, lowest_mm: float) -> Lamp:
    x, y, z = (float(rng.uniform(*span)) for span in ((-2200, 2200), (-1800, 1800), (2700, 3600)))
    rgb = colour_of(warmth + float(rng.normal(0, 0.2))) * float(rng.uniform(0, 9.6))
    size = (float(rng.uniform(400, 1600)), float(rng.uniform(120, 600)))
    at = (x, y, max(z, lowest_mm))
    return Lamp(at, (0.0, 0.0, 0.0), size, (float(rgb[0]), float(rgb[1]), float(rgb[2])))


def surroundings(light: Light) -> NDArray[np.float32]:
    """A hall as seen from the pack: 64 x 128 linear RGB, latitude from above (row 0) to below."""
    rng = stream(light.seed, "hall")
    rows, cols = 64, 128
    up = np.linspace(1, -1, rows, dtype=np.float32)[:, None]
    walls = 0.35 + 0.10 * fbm(rng, (rows, cols), 24, 4)
    level = np.where(up > 0.45, 0.55, np.where(up > -0.05, walls, 0.16)).astype(np.float32)
    picture = level[..., None] * (1 + 0.08 * rng.standard_normal(3).astype(np.float32))
    for _ in range(int(rng.integers(3, 9))):  # panels and tubes under the ceiling
        x, y = int(rng.integers(cols)), int(rng.integers(2, 20))
        w, h = int(rng.integers(3, 26)), int(rng.integers(1, 5))
        cv2.rectangle(picture, (x, y), (x + w, y + h), tuple(float(v) for v in rng.uniform(3, 12) * colour_of(0.3)), -1)
    for _ in range(int(rng.integers(0, 4))):  # windows and doors
        x, w = int(rng.integers(cols)), int(rng.integers(4, 18))
        cv2.rectangle(picture, (x, 20), (x + w, 31), tuple(float(v) for v in rng.uniform(1.5, 7) * colour_of(-0.7)), -1)
    for _ in range(int(rng.integers(3, 12))):  # machines, shelves, people: dark shapes at the horizon
        x, w, top = int(rng.integers(cols)), int(rng.integers(2, 14)), int(rng.integers(22, 31))
        cv2.rectangle(picture, (x, top), (x + w, 36), tuple(float(v) for v in rng.uniform(0.02, 0.3, 3)), -1)
    picture = cv2.GaussianBlur(picture, (0, 0), 0.7)
    return np.asarray(np.clip(picture * colour_of(light.warmth) * light.ambient, 0, None), np.float32)
