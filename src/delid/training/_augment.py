"""Changes of a training picture that do not change its truth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def moved(
    rng: np.random.Generator, picture: Picture, coverage: NDArray[np.float32]
) -> tuple[Picture, NDArray[np.float32]]:
    """The picture turned, shifted and zoomed a little, sometimes mirrored, its damage coverage with it.

    A mirrored pack keeps its name: nothing that is taught is another pack's mirror image.
    """
    height, width = picture.shape[:2]
    if rng.random() < 0.25:
        picture, coverage = picture[:, ::-1], coverage[:, ::-1]
    turn = float(rng.normal(0, 4)) + (180.0 if rng.random() < 0.3 else 0.0)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, float(rng.uniform(0.86, 1.14)))
    matrix[:, 2] += rng.normal(0, 0.03, 2) * np.array([width, height])
    fill = tuple(int(v) for v in picture.reshape(-1, 3).mean(axis=0))
    picture = np.ascontiguousarray(picture)
    if rng.random() < 0.5:
        image = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    else:
        image = cv2.warpAffine(picture, matrix, (width, height), borderValue=fill)
    layers = [
        cv2.warpAffine(np.ascontiguousarray(layer), matrix, (width, height)) for layer in np.moveaxis(coverage, 2, 0)
    ]
    return np.asarray(image, np.uint8), np.stack(layers, axis=2).astype(np.float32)


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


def coarser(rng: np.random.Generator, picture: Picture, mm_per_px: float) -> tuple[Picture, float]:
    """A close-up as a camera further away would see it (1.2 to 1.5 mm per pixel), and by how much it shrank."""
    wanted = float(rng.uniform(1.2, 1.5))
    if mm_per_px >= wanted or rng.random() < 0.4:
        return picture, 1.0
    factor = mm_per_px / wanted
    height, width = picture.shape[:2]
    size = (round(width * factor), round(height * factor))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8), size[0] / width
