"""Fastener crops: from rendered close-ups with their truth, and from folders of photographs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.vision import FASTENER_KINDS, prepare_crops

from ._augment import coarser, recoloured
from ._samples import Sample
from ._specs import FASTENER_CROP, FASTENER_INPUT

PHOTO_LABELS = {"screw": True, "hole": False}
"""Folder of photographs to: is a fastener there? Other folders are left out."""
PHOTO_SHARE = 0.7
"""A photographed crop is drawn this much smaller than a rendered one, so that a head has about the same size."""
Crops = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Place:
    """A fastener in a picture."""

    picture: int
    center_px: tuple[float, float]
    mm_per_px: float
    kind: int


def places_of(samples: list[Sample]) -> list[Place]:
    """Every visible fastener of the pictures, those at the very edge left out."""
    found = []
    for number, sample in enumerate(samples):
        width, height = sample.truth["size_px"]
        for fastener in sample.truth["fasteners"]:
            x, y = fastener["center_px"]
            if fastener["hidden"] or not (4 <= x < width - 4 and 4 <= y < height - 4):
                continue
            found.append(Place(number, (x, y), fastener["mm_per_px"], FASTENER_KINDS.index(fastener["kind"])))
    return found


def crops_at(pictures: list[NDArray[np.uint8]], places: list[Place]) -> tuple[Crops, NDArray[np.int64]]:
    """Crops exactly as the cell takes them, with the index of each kind."""
    crops = [
        prepare_crops(pictures[p.picture], [p.center_px], p.mm_per_px, FASTENER_INPUT, FASTENER_CROP) for p in places
    ]
    return np.concatenate(crops), np.array([p.kind for p in places], np.int64)


def jittered(
    rng: np.random.Generator, pictures: list[NDArray[np.uint8]], places: list[Place]
) -> Iterator[tuple[Crops, int]]:
    """Crops as a cell would take them when its registration is off by a few millimetres, in random order."""
    typical = _resolutions(len(pictures), places)
    seen = [coarser(rng, picture, typical[number]) for number, picture in enumerate(pictures)]
    seen = [(recoloured(rng, picture), factor) for picture, factor in seen]
    for index in rng.permutation(len(places)):
        place = places[index]
        picture, factor = seen[place.picture]
        mm_per_px = place.mm_per_px / factor
        off = _off_center(rng) / mm_per_px
        center = (
            (place.center_px[0] + 0.5) * factor - 0.5 + off[0],
            (place.center_px[1] + 0.5) * factor - 0.5 + off[1],
        )
        scale = mm_per_px * float(np.exp(rng.normal(0, 0.05)))
        crop = prepare_crops(picture, [center], scale, FASTENER_INPUT, FASTENER_CROP)[0]
        yield turned(rng, crop), place.kind


def _resolutions(count: int, places: list[Place]) -> list[float]:
    """Millimetres per pixel in the middle of each picture's fasteners."""
    found: list[list[float]] = [[] for _ in range(count)]
    for place in places:
        found[place.picture].append(place.mm_per_px)
    return [float(np.median(values)) if values else 1.0 for values in found]


def _off_center(rng: np.random.Generator) -> NDArray[np.float64]:
    """How far fixture and calibration may be off, in mm: anywhere within three."""
    turn, reach = rng.uniform(0, 2 * np.pi), 3.0 * np.sqrt(rng.uniform())
    return np.array([reach * np.cos(turn), reach * np.sin(turn)], np.float64)


def turned(rng: np.random.Generator, crop: Crops) -> Crops:
    """One of the eight positions of a square."""
    crop = np.rot90(crop, int(rng.integers(4)), axes=(1, 2))
    return np.ascontiguousarray(crop[:, :, ::-1] if rng.random() < 0.5 else crop)


def read_photos(folder: Path) -> tuple[list[NDArray[np.uint8]], NDArray[np.bool_]]:
    """Photographs under `folder/screw` and `folder/hole` (BGR), and whether a fastener is there."""
    pictures, there = [], []
    for label, value in PHOTO_LABELS.items():
        for path in sorted((folder / label).glob("*.*")):
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if picture is not None:
                pictures.append(np.asarray(picture, np.uint8))
                there.append(value)
    return pictures, np.array(there, bool)


def photo_crops(pictures: list[NDArray[np.uint8]], share: float = PHOTO_SHARE) -> Crops:
    """Photographs to the model's input; `share` is the part of the crop's side that the photograph fills."""
    crops = []
    for picture in pictures:
        height, width = picture.shape[:2]
        mm_per_px = FASTENER_CROP.cover_mm * share / max(height, width)
        middle = ((width - 1) / 2, (height - 1) / 2)
        crops.append(prepare_crops(picture, [middle], mm_per_px, FASTENER_INPUT, FASTENER_CROP))
    return np.concatenate(crops)
