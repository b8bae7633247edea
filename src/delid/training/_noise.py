"""Seeded noise fields: the dirt, oxide and unevenness that make a rendered lid look used."""

from __future__ import annotations

import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """An independent random stream for a named purpose, so that adding one never shifts another."""
    key = zlib.crc32("/".join(str(name) for name in names).encode())
    return np.random.default_rng([seed & 0x7FFFFFFF, key])


def fbm(
    rng: np.random.Generator, shape: tuple[int, int], cell_px: float, octaves: int = 4, gain: float = 0.55
) -> Field:
    """Smooth noise of about zero mean and unit deviation, `cell_px` being the size of its largest blobs."""
    total = np.zeros(shape, np.float32)
    weight = 1.0
    for _ in range(octaves):
        rows = max(2, int(np.ceil(shape[0] / max(cell_px, 1.0))) + 2)
        cols = max(2, int(np.ceil(shape[1] / max(cell_px, 1.0))) + 2)
        grid = rng.standard_normal((rows, cols)).astype(np.float32)
        full = cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
        total += np.float32(weight) * full
        cell_px *= 0.5
        weight *= gain
        if cell_px < 1.0:
            break
    return np.asarray((total - total.mean()) / (total.std() + 1e-6), np.float32)


def smoothstep(low: float, high: float, value: Field) -> Field:
    """0 below `low`, 1 above `high`, smooth between; `low > high` falls instead of rising."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)
