"""One picture as data: everything that the renderer needs, drawn from a seed. The same seed gives the same scene."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._damage import KINDS as DAMAGE_KINDS
from ._damage import Damage
from ._family import Family
from ._fasteners import Fastener
from ._lid import Wear
from ._light import Light, random_light
from ._noise import stream
from ._polygon import signed_distance
from ._sensor import Sensor, random_sensor

Vec = tuple[float, float, float]
SMALLEST_SEVERITY = 0.15
"""Nothing smaller is drawn: a dent 11 mm deep and 180 mm wide, a swelling 21 mm high."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole in the pack's frame: pixels (OpenCV centres), place in mm, rows of world_from_camera."""

    width_px: int
    height_px: int
    focal_px: float
    cx_px: float
    cy_px: float
    at_mm: Vec
    axes: tuple[Vec, Vec, Vec]

    def project(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pack-frame points (n, 3) to pixels (n, 2)."""
        turn = np.array(self.axes)
        local = (np.asarray(points_mm, float) - np.array(self.at_mm)) @ turn
        return np.stack(
            [
                self.cx_px + self.focal_px * local[:, 0] / local[:, 2],
                self.cy_px + self.focal_px * local[:, 1] / local[:, 2],
            ],
            axis=1,
        )

    def depth(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance of pack-frame points from the camera, in mm."""
        return np.asarray(np.linalg.norm(np.asarray(points_mm, float) - np.array(self.at_mm), axis=1))

    def scaled(self, factor: float) -> Camera:
        """The same camera with `factor` times the pixels on each side."""
        return replace(
            self,
            width_px=round(self.width_px * factor),
            height_px=round(self.height_px * factor),
            focal_px=self.focal_px * factor,
            cx_px=(self.cx_px + 0.5) * factor - 0.5,
            cy_px=(self.cy_px + 0.5) * factor - 0.5,
        )


@dataclass(frozen=True, slots=True)
class Detail:
    """How finely a scene is built and sampled."""

    samples: int = 8
    guide_samples: int = 4
    mesh_mm: float = 7.0
    texture_mm: float = 2.4
    rakes: bool = True
    """Without, the pictures by each raking lamp alone are left black, which saves half of the time."""


@dataclass(frozen=True, slots=True)
class Scene:
    name: str
    seed: int
    family: Family
    damages: tuple[Damage, ...]
    fasteners: tuple[Fastener, ...]
    wear: Wear
    camera: Camera
    light: Light
    sensor: Sensor
    clutter: float
    floor_mm: float
    floor_kind: str
    lid_off: bool = False
    exposure: float | None = None
    detail: Detail = field(default_factory=Detail)

    def description(self) -> dict[str, Any]:
        """Plain data, for reproducibility checks and truth files."""
        return asdict(self)


def looking_at(at: Vec, target: Vec, roll_rad: float) -> tuple[Vec, Vec, Vec]:
    """Rows of world_from_camera for a camera with x right, y down, z ahead; without roll, image up is world +y."""
    z = np.array(target, float) - np.array(at, float)
    z /= np.linalg.norm(z)
    x = np.cross(z, np.array([0.0, 1.0, 0.0]))
    x = x / np.linalg.norm(x) if np.linalg.norm(x) > 1e-6 else np.array([1.0, 0.0, 0.0])
    y = np.cross(z, x)
    c, s = np.cos(roll_rad), np.sin(roll_rad)
    matrix = np.stack([c * x + s * y, -s * x + c * y, z], axis=1)
    rows = [tuple(float(v) for v in row) for row in matrix]
    return rows[0], rows[1], rows[2]  # type: ignore[return-value]


def random_camera(rng: np.random.Generator, family: Family, width_px: int, height_px: int) -> Camera:
    """Half the pictures look as a cell camera does, straight down and from about two metres; half do not."""
    extent = np.abs(np.array(family.outline_mm)).max(axis=0)
    cell_like = rng.random() < 0.55
    focal = width_px * float(rng.uniform(0.92, 1.08) if cell_like else rng.uniform(0.75, 1.7))
    need = max(extent[0] / (width_px / 2), extent[1] / (height_px / 2)) * focal
    distance = need * float(rng.uniform(1.06, 1.5) if cell_like else rng.uniform(0.98, 1.45))
    tilt = abs(float(rng.normal(0, 0.045 if cell_like else 0.33)))
    tilt = min(tilt, 0.7)
    heading = float(rng.uniform(0, 2 * np.pi))
    shift = rng.normal(0, 0.03 if cell_like else 0.06, 2) * extent
    at = (
        float(shift[0] + distance * np.sin(tilt) * np.cos(heading)),
        float(shift[1] + distance * np.sin(tilt) * np.sin(heading)),
        float(distance * np.cos(tilt)),
    )
    roll = float(rng.normal(0, 0.03 if cell_like else 0.12)) + (
        np.pi if rng.random() < (0.12 if cell_like else 0.4) else 0.0
    )
    axes = looking_at(at, (float(shift[0]), float(shift[1]), 0.0), roll)
    return Camera(width_px, height_px, focal, (width_px - 1) / 2, (height_px - 1) / 2, at, axes)


def left_of(camera: Camera) -> float:
    """The heading, in the pack's plane, from which light comes that falls in from the picture's left."""
    x_axis = np.array(camera.axes)[:, 0]
    return float(np.arctan2(-x_axis[1], -x_axis[0]))


def random_damage(rng: np.random.Generator, family: Family, kind: str, severity: float | None = None) -> Damage:
    """A damaged place well inside the outline."""
    outline = np.array(family.outline_mm)
    low, high = outline.min(axis=0), outline.max(axis=0)
    level = float(rng.beta(1.6, 1.9)) if severity is None else severity
    level = float(np.clip(level, SMALLEST_SEVERITY, 1.0))
    at = np.zeros(2)
    for _ in range(60):
        at = rng.uniform(low, high)
        depth = float(
            signed_distance(outline, np.full((1, 1), at[0], np.float32), np.full((1, 1), at[1], np.float32))[0, 0]
        )
        if depth > (200.0 if kind == "swelling" else 70.0):
            break
    aspect = float(rng.uniform(0.55, 1.0))
    return Damage(
        kind, level, (float(at[0]), float(at[1])), float(rng.uniform(0, np.pi)), aspect, int(rng.integers(2**31))
    )


def random_damages(rng: np.random.Generator, family: Family, sound_share: float = 0.36) -> tuple[Damage, ...]:
    """None, one or two kinds of damage."""
    draw = rng.random()
    if draw < sound_share:
        return ()
    count = 1 if draw < sound_share + 0.44 * (1 - sound_share) / 0.64 else 2
    weights = np.array([0.24, 0.19, 0.19, 0.22, 0.16])
    kinds = rng.choice(len(DAMAGE_KINDS), size=count, replace=False, p=weights)
    return tuple(random_damage(rng, family, DAMAGE_KINDS[int(k)]) for k in kinds)


def random_fasteners(
    rng: np.random.Generator, family: Family, present_share: float | None = None
) -> tuple[Fastener, ...]:
    """Each place with its own state; most pictures show a complete lid, some a half-opened one."""
    share = float(rng.choice([1.0, 0.97, 0.5, 0.0], p=[0.6, 0.2, 0.1, 0.1])) if present_share is None else present_share
    whole = "nut" if family.head == "nut_on_stud" else "bolt"
    found = []
    for at in family.fasteners_mm:
        kind = whole if rng.random() < share else "empty"
        if kind != "empty" and rng.random() < 0.015:
            kind = "stripped"
        found.append(
            Fastener(
                at,
                kind,
                family.head,
                family.across_flats_mm,
                family.bolt_rgb,
                family.torque_paint,
                int(rng.integers(2**31)),
            )
        )
    return tuple(found)


def random_wear(rng: np.random.Generator) -> Wear:
    dirt, scratches, dust, marks = (float(v) for v in rng.beta(1.3, 2.0, 4))
    return Wear(dirt, scratches, dust, marks, int(rng.integers(2**31)))


def random_scene(
    name: str,
    seed: int,
    family: Family,
    size_px: tuple[int, int],
    damages: tuple[Damage, ...] | None = None,
    hdri: str | None = None,
    camera: Camera | None = None,
) -> Scene:
    """A whole picture of a pack of this family; without `camera` it is seen from a random place."""
    rng = stream(seed, "scene", family.name)
    chosen = random_damages(stream(seed, "damage", family.name), family) if damages is None else damages
    extent = np.abs(np.array(family.outline_mm)).max(axis=0)
    camera = camera or random_camera(stream(seed, "camera"), family, *size_px)
    return Scene(
        name=name,
        seed=seed,
        family=family,
        damages=chosen,
        fasteners=random_fasteners(stream(seed, "fasteners"), family),
        wear=random_wear(stream(seed, "wear")),
        camera=camera,
        light=random_light(
            stream(seed, "light"), (float(extent[0]), float(extent[1])), left_of(camera), camera.at_mm[2], hdri
        ),
        sensor=random_sensor(stream(seed, "sensor")),
        clutter=float(rng.uniform(0.1, 1.3)),
        floor_mm=-family.height_mm - float(rng.choice([0.0, 60.0, 350.0])),
        floor_kind=str(rng.choice(["concrete", "concrete", "steel", "wood", "rubber", "tiles"])),
    )
