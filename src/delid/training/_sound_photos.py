"""Photographs of undamaged things for the pack model: what real metal, plastic and dirt look like without damage.

Alone they would teach that whatever looks photographed is sound. So rendered stains are laid over them as often as over
rendered lids, and a photograph tells the network no more than a rendering whether there is damage.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.vision import DAMAGE_KINDS

from ._augment import recoloured
from ._coco import is_coco, sound_pictures
from ._examples import Example, Layer
from ._linear import GAMMA
from ._specs import PACK_INPUT

SUFFIXES = (".jpg", ".jpeg", ".png")
INSET = 0.04
"""Share of each side that is left out of what counts as the lid."""
ZOOM = (0.85, 2.2)


def photo_paths(folders: Iterable[Path]) -> list[Path]:
    """Every picture below the folders, by name; of labelled ones (COCO) those that show a sound pack."""
    return sorted(p for folder in folders for p in _below(folder))


def _below(folder: Path) -> list[Path]:
    if is_coco(folder):
        return sound_pictures(folder)
    return [p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES]


def sound_photos(folders: Iterable[Path]) -> list[Example]:
    """The photographs below the folders as examples without damage; raises ValueError when one cannot be read."""
    found = []
    for path in photo_paths(folders):
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            raise ValueError(f"{path} cannot be read as an image")
        found.append(_example(np.asarray(picture, np.uint8)))
    return found


def _example(picture: NDArray[np.uint8]) -> Example:
    height, width = picture.shape[:2]
    factor = min(PACK_INPUT.width_px / width, PACK_INPUT.height_px / height)
    size = (round(width * factor), round(height * factor))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)[..., ::-1]
    left, top = INSET * size[0], INSET * size[1]
    right, bottom = size[0] - 1 - left, size[1] - 1 - top
    return Example(
        values=np.concatenate([small, np.zeros_like(small)], axis=2),
        coverage=np.zeros((size[1], size[0], len(DAMAGE_KINDS)), np.float32),
        severity=np.zeros(len(DAMAGE_KINDS), np.float32),
        family=None,
        outline_px=np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32),
        photo=True,
    )


def seen_again(
    rng: np.random.Generator, lights: Layer, coverage: Layer
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A photograph (linear, its first three channels) as another one might show it, BGR, and its coverage with it."""
    height, width = lights.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(0, 360)), float(rng.uniform(*ZOOM)))
    matrix[:, 2] += rng.normal(0, 0.1, 2) * np.array([width, height])
    value = np.clip(lights[..., 2::-1], 0, 1) ** np.float32(1 / GAMMA)
    picture = np.ascontiguousarray(value * 255 + 0.5, np.uint8)
    turned = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    layers = [
        cv2.warpAffine(np.ascontiguousarray(layer), matrix, (width, height)) for layer in np.moveaxis(coverage, 2, 0)
    ]
    return recoloured(rng, np.asarray(turned, np.uint8)), np.stack(layers, axis=2).astype(np.float32)
