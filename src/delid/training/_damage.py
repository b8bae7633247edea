"""The five kinds of damage: how each bends the lid, stains it, and where the truth says that it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._noise import Field, fbm, smoothstep, stream

KINDS = ("dent", "corrosion", "leak", "swelling", "burn")


@dataclass(frozen=True, slots=True)
class Damage:
    """One damaged place; `severity` runs from 0 (barely there) to 1."""

    kind: str
    severity: float
    at_mm: tuple[float, float]
    angle_rad: float
    aspect: float
    seed: int

    @property
    def radius_mm(self) -> float:
        """How far the damage reaches from its centre, along its longer axis."""
        low, high = {
            "dent": (70, 190),
            "corrosion": (90, 380),
            "leak": (90, 360),
            "swelling": (230, 520),
            "burn": (90, 400),
        }[self.kind]
        return low + (high - low) * self.severity

    @property
    def depth_mm(self) -> float:
        """Height of the deformation at its middle (negative for a dent)."""
        if self.kind == "dent":
            return -(7.0 + 30.0 * self.severity)
        if self.kind == "swelling":
            return 14.0 + 50.0 * self.severity
        return 0.0


@dataclass(slots=True)
class Surface:
    """The lid's texture: linear colour, roughness and metallic share on a grid of places in millimetres."""

    x_mm: Field
    y_mm: Field
    rgb: NDArray[np.float32]
    rough: Field
    metal: Field
    mm_per_px: float


def reach_of(damage: Damage, x: Field, y: Field) -> Field:
    """Elliptic distance from the middle, 1 at the rim."""
    c, s = np.cos(damage.angle_rad), np.sin(damage.angle_rad)
    dx, dy = x - damage.at_mm[0], y - damage.at_mm[1]
    u = (c * dx + s * dy) / damage.radius_mm
    v = (-s * dx + c * dy) / (damage.radius_mm * damage.aspect)
    return np.asarray(np.sqrt(u * u + v * v), np.float32)


def height_change(damage: Damage, x: Field, y: Field, step_mm: float) -> Field:
    """What the damage adds to the lid's height, in millimetres."""
    r = reach_of(damage, x, y)
    rng = stream(damage.seed, "height")
    if damage.kind == "dent":
        wobble = fbm(rng, x.shape, 60 / step_mm, 3)
        r = np.asarray(r * (1 + 0.16 * wobble), np.float32)
        bowl = np.exp(-3.2 * r * r) + 0.35 * np.exp(-14 * r * r)
        rim = 0.10 * np.exp(-(((r - 1.0) / 0.22) ** 2))
        crease = 0.25 * np.abs(fbm(rng, x.shape, 90 / step_mm, 2)) * np.exp(-2.5 * r * r)
        return np.asarray(damage.depth_mm * (bowl / 1.35 + crease - rim), np.float32)
    if damage.kind == "swelling":
        dome = smoothstep(1.0, 0.0, r)
        return np.asarray(damage.depth_mm * dome * (1 + 0.06 * fbm(rng, x.shape, 200 / step_mm, 2)), np.float32)
    rough = fbm(rng, x.shape, 18 / step_mm, 3)
    amount = {"corrosion": 0.9, "leak": 0.0, "burn": 2.2}[damage.kind]
    return np.asarray(amount * (0.4 + damage.severity) * rough * smoothstep(1.0, 0.3, r), np.float32)


def stain(damage: Damage, surface: Surface) -> NDArray[np.bool_]:
    """Paint the damage onto the surface; returns its mask on the same grid."""
    return {"dent": _scuff, "swelling": _stretch, "corrosion": _corrode, "leak": _leak, "burn": _burn}[damage.kind](
        damage, surface
    )


def _blend(
    surface: Surface, amount: Field, rgb: NDArray[np.float32] | Field, rough: float | Field, metal: float
) -> None:
    k = np.clip(amount, 0, 1)
    surface.rgb[...] = surface.rgb * (1 - k[..., None]) + rgb * k[..., None]
    surface.rough[...] = surface.rough * (1 - k) + rough * k
    surface.metal[...] = surface.metal * (1 - k) + metal * k


def _scuff(damage: Damage, surface: Surface) -> NDArray[np.bool_]:
    r = reach_of(damage, surface.x_mm, surface.y_mm)
    rng = stream(damage.seed, "stain")
    if rng.random() < 0.65:  # what hit the lid took some paint with it
        c, s = np.cos(damage.angle_rad), np.sin(damage.angle_rad)
        across = (-s * (surface.x_mm - damage.at_mm[0]) + c * (surface.y_mm - damage.at_mm[1])) / 7.0
        streak = fbm(rng, r.shape, 30 / surface.mm_per_px, 3) + np.sin(
            across + 2 * fbm(rng, r.shape, 80 / surface.mm_per_px, 2)
        )
        worn = smoothstep(0.7, 1.3, streak) * smoothstep(0.6, 0.1, r)
        _blend(surface, 0.8 * worn, np.array([0.45, 0.44, 0.42], np.float32), 0.5, 0.6)
    return np.asarray(r < 0.95)


def _stretch(damage: Damage, surface: Surface) -> NDArray[np.bool_]:
    return np.asarray(reach_of(damage, surface.x_mm, surface.y_mm) < 0.85)


def _patch(damage: Damage, surface: Surface, name: str, cell_mm: float, edge: float = 0.5) -> Field:
    """A ragged blob, 1 in its middle, 0 outside."""
    r = reach_of(damage, surface.x_mm, surface.y_mm)
    noise = fbm(stream(damage.seed, name), r.shape, cell_mm / surface.mm_per_px, 5)
    return smoothstep(
        -0.25 * edge, 0.35 * edge, np.asarray(0.72 - r + 0.28 * noise * np.minimum(1, 1.6 - r), np.float32)
    )


def _corrode(damage: Damage, surface: Surface) -> NDArray[np.bool_]:
    blob = _patch(damage, surface, "blob", 120)
    rng = stream(damage.seed, "stain")
    fine = fbm(rng, blob.shape, 14 / surface.mm_per_px, 4)
    broad = fbm(rng, blob.shape, 60 / surface.mm_per_px, 3)
    pitted = blob * smoothstep(-0.9 - damage.severity, 0.5 - damage.severity, fine + 0.6 * broad)
    mix = smoothstep(-1.2, 1.2, fine)[..., None]
    if rng.random() < (0.35 if surface.metal.mean() > 0.5 else 0.08):  # white bloom on aluminium and zinc
        rgb = np.array([0.52, 0.52, 0.50], np.float32) * (1 - mix) + np.array([0.75, 0.75, 0.73], np.float32) * mix
    else:
        dark, bright = np.array([0.055, 0.022, 0.012], np.float32), np.array([0.17, 0.075, 0.034], np.float32)
        rgb = dark * (1 - mix) + bright * mix * np.float32(rng.uniform(0.8, 1.2))
    _blend(surface, pitted, np.asarray(rgb, np.float32), 0.88, 0.0)
    return np.asarray(blob > 0.5)


def _leak(damage: Damage, surface: Surface) -> NDArray[np.bool_]:
    blob = _patch(damage, surface, "blob", 170, 0.25)
    rng = stream(damage.seed, "stain")
    runs = _drips(damage, surface, rng)
    wet = np.maximum(blob, runs)
    kind = rng.choice(["wet", "wet", "crust", "coolant"])
    if kind == "coolant":
        tint = np.array([[0.25, 0.75, 0.45], [0.9, 0.35, 0.40], [0.3, 0.55, 0.9]], np.float32)[int(rng.integers(3))]
        _blend(surface, np.asarray(0.85 * wet, np.float32), surface.rgb * 0.3 + tint * 0.16, 0.06, 0.0)
    else:
        _blend(
            surface,
            np.asarray(0.9 * wet, np.float32),
            surface.rgb * np.array([0.36, 0.31, 0.24], np.float32) + 0.006,
            0.05,
            0.0,
        )
    if kind == "crust" or rng.random() < 0.45:  # dried salt along the rim
        rim = np.exp(-(((wet - 0.45) / 0.28) ** 2)) * smoothstep(
            -0.5, 0.6, fbm(rng, wet.shape, 20 / surface.mm_per_px, 4)
        )
        _blend(
            surface,
            np.asarray(0.9 * rim * (wet > 0.04), np.float32),
            np.array([0.66, 0.65, 0.60], np.float32),
            0.9,
            0.0,
        )
    return np.asarray(wet > 0.5)


def _drips(damage: Damage, surface: Surface, rng: np.random.Generator) -> Field:
    """Runs of liquid that left the puddle in one direction."""
    total = np.zeros(surface.x_mm.shape, np.float32)
    turn = float(rng.uniform(0, 2 * np.pi))
    for _ in range(int(rng.integers(1, 5))):
        heading = turn + float(rng.normal(0, 0.3))
        c, s = np.cos(heading), np.sin(heading)
        off = float(rng.normal(0, 0.35)) * damage.radius_mm
        dx, dy = surface.x_mm - damage.at_mm[0], surface.y_mm - damage.at_mm[1]
        along, across = c * dx + s * dy, -s * dx + c * dy - off
        length = damage.radius_mm * float(rng.uniform(0.8, 1.8))
        wide = float(rng.uniform(8, 22)) * (1 + 0.25 * fbm(rng, along.shape, 60 / surface.mm_per_px, 2))
        run = smoothstep(1.1, 0.8, np.asarray(np.abs(across) / wide, np.float32)) * (along > 0) * (along < length)
        total = np.maximum(total, np.asarray(run, np.float32))
    return total


def _burn(damage: Damage, surface: Surface) -> NDArray[np.bool_]:
    r = reach_of(damage, surface.x_mm, surface.y_mm)
    rng = stream(damage.seed, "stain")
    noise = fbm(rng, r.shape, 150 / surface.mm_per_px, 5)
    heat = smoothstep(1.25, 0.15, np.asarray(r + 0.16 * noise, np.float32))
    tint = np.array([0.16, 0.085, 0.035], np.float32)
    _blend(surface, 0.75 * smoothstep(0.02, 0.45, heat), surface.rgb * 0.35 + tint * 0.5, 0.75, 0.0)
    soot = smoothstep(0.25, 0.75, np.asarray(heat + 0.10 * noise, np.float32))
    _blend(surface, 0.97 * soot, np.array([0.006, 0.0055, 0.005], np.float32), 0.97, 0.0)
    ash = smoothstep(0.86, 1.0, heat) * smoothstep(0.1, 0.9, fbm(rng, r.shape, 30 / surface.mm_per_px, 4))
    _blend(surface, np.asarray(0.75 * ash, np.float32), np.array([0.30, 0.29, 0.28], np.float32), 0.95, 0.0)
    return np.asarray(heat > 0.28)
