"""Dents and swellings laid over training scenes: the lid is bent, and each light changes as the slopes say.

A stain can be cut out of one scene and laid over another (`_paste`); a dent cannot, but what it does to the light of a
lamp is known: Lambert's law over the slopes of the same shapes that the renderer bends lids with, and the shadow that
the shape throws under a low lamp. Gloss, and the beads under the dent, are left as they are.
"""

from __future__ import annotations

import cv2
import numpy as np

from delid.vision import DAMAGE_KINDS

from ._damage import Damage, height_change, reach_of
from ._examples import Example, Layer
from ._paste import place_on_lid

BENDS = ("dent", "swelling")
RIMS = {"dent": 0.95, "swelling": 0.85}
"""Up to which share of its reach a shape counts as damage, as in the truth of a rendered scene."""
SEVERITY = (0.15, 1.0)
HEADINGS_RAD = (np.pi, 0.0, -np.pi / 2)
"""Where the lamps of RAKES stand in the picture, counted from its right towards its top."""
ELEVATION_RAD, STRAY_RAD = (0.12, 0.38), 0.2
HALL_TILT = 0.45
DARKEST, BRIGHTEST = 0.04, 4.0
SHADOW_STEPS = 12
SMOOTH_PX = 1.3
"""Sheet metal does not fold within a pixel or two."""


def bent(
    rng: np.random.Generator, kind: str, host: Example, lights: Layer, coverage: Layer
) -> tuple[Layer, Layer, float]:
    """The lights (h, w, 6) with the host's lid bent somewhere, the coverage that follows, and the severity."""
    severity = float(rng.uniform(*SEVERITY))
    seed = int(rng.integers(2**31))
    damage = Damage(kind, severity, (0.0, 0.0), float(rng.uniform(0, np.pi)), float(rng.uniform(0.55, 1.0)), seed)
    place = place_on_lid(rng, host)
    step = host.mm_per_px
    reach = int(np.ceil(1.4 * damage.radius_mm / step))
    height, width = lights.shape[:2]
    top, bottom = max(0, place[1] - reach), min(height, place[1] + reach + 1)
    left, right = max(0, place[0] - reach), min(width, place[0] + reach + 1)
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    x_mm, y_mm = (x - place[0]) * step, (place[1] - y) * step
    raised = np.asarray(cv2.GaussianBlur(height_change(damage, x_mm, y_mm, step), (0, 0), SMOOTH_PX), np.float32)
    part = (slice(top, bottom), slice(left, right))
    lid = _lid_mask(host, (height, width))[part]
    changed, covered = lights.copy(), coverage.copy()
    changed[part] *= 1 + (light_factors(rng, raised, step) - 1) * lid[..., None]
    shape = np.asarray(reach_of(damage, x_mm, y_mm) < RIMS[kind], np.float32) * lid
    layer = covered[..., DAMAGE_KINDS.index(kind)]
    layer[part] = np.maximum(layer[part], shape)
    return changed, covered, severity


def _lid_mask(host: Example, shape: tuple[int, int]) -> Layer:
    mask = np.zeros(shape, np.float32)
    cv2.fillPoly(mask, [np.round(host.outline_px).astype(np.int32)], 1.0)
    return mask


def light_factors(rng: np.random.Generator, raised_mm: Layer, step_mm: float) -> Layer:
    """How much brighter each light of `_looks.Lights` gets where a flat lid is raised so: (h, w, 6)."""
    down, across = np.gradient(raised_mm, step_mm)
    slope_x, slope_y = across, -down  # to the picture's right and towards its top
    length = np.sqrt(1 + slope_x**2 + slope_y**2)
    turn, tilt = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0, HALL_TILT))
    hall = (1 - tilt * (slope_x * np.cos(turn) + slope_y * np.sin(turn))) / length
    factors = [hall, hall, hall]
    for heading in HEADINGS_RAD:
        own = heading + float(rng.normal(0, STRAY_RAD))
        rise = float(np.tan(rng.uniform(*ELEVATION_RAD)))
        towards = slope_x * np.cos(own) + slope_y * np.sin(own)
        facing = (1 - towards / rise) / length
        factors.append(facing * lit(raised_mm, step_mm, own, rise))
    return np.asarray(np.clip(np.stack(factors, axis=2), DARKEST, BRIGHTEST), np.float32)


def lit(raised_mm: Layer, step_mm: float, heading_rad: float, rise: float) -> Layer:
    """Share of a low lamp's light that reaches each place past the shape itself, 0 in full shadow.

    Args:
        heading_rad: where the lamp stands.
        rise: height that its light loses over each millimetre.
    """
    height, width = raised_mm.shape
    span_mm = float(raised_mm.max() - raised_mm.min())
    farthest = min(span_mm / rise, float(np.hypot(height, width)) * step_mm)
    hidden = np.zeros_like(raised_mm)
    for k in range(1, SHADOW_STEPS + 1):
        away = farthest * k / SHADOW_STEPS
        shift = away / step_mm
        matrix = np.array([[1, 0, -shift * np.cos(heading_rad)], [0, 1, shift * np.sin(heading_rad)]], np.float64)
        there = cv2.warpAffine(raised_mm, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        over = (there - raised_mm - away * rise) / (0.3 * away * rise + 0.5)
        hidden = np.maximum(hidden, over)
    return np.asarray(1 - np.clip(hidden, 0, 1), np.float32)
