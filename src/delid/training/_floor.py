"""The ground under and around a pack, as one texture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ._noise import fbm, smoothstep, stream

KINDS = ("concrete", "steel", "wood", "rubber", "tiles")
SIDE_MM = 9000.0


def floor_texture(kind: str, seed: int, size_px: int = 900) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Linear colour (n, n, 3) and roughness (n, n) over a square of SIDE_MM."""
    rng = stream(seed, "floor")
    shape = (size_px, size_px)
    px = SIDE_MM / size_px
    broad = fbm(rng, shape, 900 / px, 6)
    base = {
        "concrete": (0.27, 0.26, 0.245),
        "steel": (0.32, 0.325, 0.33),
        "wood": (0.30, 0.19, 0.10),
        "rubber": (0.035, 0.036, 0.04),
        "tiles": (0.34, 0.33, 0.31),
    }[kind]
    level = np.float32(rng.uniform(0.55, 1.35))
    rgb = np.array(base, np.float32) * (level * (1 + 0.13 * broad))[..., None]
    rough = np.full(shape, 0.75 if kind != "steel" else 0.4, np.float32) + 0.08 * broad
    pitch = {"wood": 140.0, "tiles": 330.0, "steel": 1500.0}.get(kind)
    if pitch is not None:
        step = pitch / px
        for k in np.arange(0, size_px, step):
            cv2.line(rgb, (0, int(k)), (size_px, int(k)), tuple(float(0.3 * v) for v in base), 1)
            if kind != "wood":
                cv2.line(rgb, (int(k), 0), (int(k), size_px), tuple(float(0.3 * v) for v in base), 1)
    stains = smoothstep(0.9, 2.3, fbm(rng, shape, 500 / px, 6))
    rgb *= (1 - 0.6 * stains)[..., None]
    if rng.random() < 0.4:  # a painted line
        at = int(rng.uniform(0.2, 0.8) * size_px)
        paint = (0.6, 0.45, 0.03) if rng.random() < 0.7 else (0.6, 0.6, 0.58)
        cv2.line(rgb, (at, 0), (int(at + rng.normal(0, 60)), size_px), paint, max(1, int(90 / px)))
    return np.clip(rgb, 0.01, 0.9), np.clip(rough, 0.2, 1.0)
