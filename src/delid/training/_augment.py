"""Changes of a training picture that do not change its truth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.vision import DAMAGE_KINDS

Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]
KINDS = len(DAMAGE_KINDS)


def moved(rng: np.random.Generator, lights: Layer, coverage: Layer, *, mirrored: bool = False) -> tuple[Layer, Layer]:
    """Lights (h, w, 6) turned, shifted and zoomed a little, damage coverage (h, w, kinds) with them.

    What a mirror or half a turn does to the picture it does to the lamps as well: left becomes right.
    """
    height, width = lights.shape[:2]
    matrix = np.eye(3)
    if mirrored:
        matrix = np.array([[-1.0, 0, width - 1], [0, 1, 0], [0, 0, 1]])
    around = rng.random() < 0.3
    turn = float(rng.normal(0, 4)) + (180.0 if around else 0.0)
    move = cv2.getRotationMatrix2D((width / 2, height / 2), turn, float(rng.uniform(0.82, 1.16)))
    move[:, 2] += rng.normal(0, 0.03, 2) * np.array([width, height])
    whole = (np.vstack([move, [0, 0, 1]]) @ matrix)[:2]
    border = cv2.BORDER_REFLECT if rng.random() < 0.5 else cv2.BORDER_REPLICATE
    found = [
        cv2.warpAffine(np.ascontiguousarray(part), whole, (width, height), borderMode=border)
        for part in (lights[..., :3], lights[..., 3:])
    ]
    if mirrored != around:
        found[1] = found[1][..., (1, 0, 2)]
    layers = [cv2.warpAffine(np.ascontiguousarray(coverage[..., k]), whole, (width, height)) for k in range(KINDS)]
    return np.concatenate(found, axis=2).astype(np.float32), np.stack(layers, axis=2).astype(np.float32)


def recoloured(rng: np.random.Generator, picture: Picture) -> Picture:
    """Another exposure, white balance, contrast, sharpness and compression."""
    value: NDArray[np.float32] = np.asarray(picture, np.float32) / np.float32(255)
    value = np.asarray(value ** np.float32(np.exp(rng.normal(0, 0.18))), np.float32)
    value *= np.float32(np.exp(rng.normal(0, 0.14)))
    value *= 1 + rng.normal(0, 0.04, 3).astype(np.float32)
    middle = float(value.mean())
    value = np.asarray((value - middle) * np.float32(np.exp(rng.normal(0, 0.12))) + middle, np.float32)
    if rng.random() < 0.25:
        grey = value.mean(axis=2, keepdims=True)
        value = np.asarray(grey + (value - grey) * float(rng.uniform(0.2, 1.3)), np.float32)
    if rng.random() < 0.3:
        value = np.asarray(cv2.GaussianBlur(value, (0, 0), float(rng.uniform(0.3, 1.1))), np.float32)
    value += rng.standard_normal(value.shape, np.float32) * np.float32(rng.uniform(0, 0.025))
    image = np.asarray(np.clip(value * 255 + 0.5, 0, 255), np.uint8)
    if rng.random() < 0.3:
        data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 95))])[1]
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return image
