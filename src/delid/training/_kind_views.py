"""Training crops for the model of kinds: fasteners and decoys of the close-ups, turned, moved, from farther away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.core import PointPx
from delid.vision import FASTENER_KINDS, CropSpec

from ._augment import recoloured
from ._samples import Sample

Picture = NDArray[np.uint8]
CROP = CropSpec(size_px=64, cover_mm=28.0)
"""A 10 mm head with its flange and washer fills most of it; 0.44 mm to a pixel."""
NOTHING_INDEX = len(FASTENER_KINDS)
NEAR_MM, FARTHEST_MM = 0.5, 1.65
NEAR_SHARE = 0.5
JITTER_MM, FAR_OFF_MM = 0.45, 1.3
"""How far the middle of a crop lies off the centre, standard deviation: as a good find does, and as a poor one."""
BARE_SHARE = 0.25
"""Of what is nothing, so much is plain lid; the rest only looks like a fastener."""


@dataclass(frozen=True, slots=True)
class Place:
    """One fastener or decoy in a picture; `kind` counts within FASTENER_KINDS, NOTHING_INDEX beyond."""

    picture: Picture
    mm_per_px: float
    at_px: tuple[float, float]
    kind: int


def places_of(sample: Sample) -> list[Place]:
    """All that is wholly in the picture and not hidden."""
    picture = sample.picture()
    height, width = picture.shape[:2]
    found = []
    for part in (*sample.truth["fasteners"], *sample.truth.get("decoys", [])):
        x, y = (float(v) for v in part["center_px"])
        scale = float(part["mm_per_px"])
        edge = 0.3 * CROP.cover_mm / scale
        if part["hidden"] or not (edge < x < width - 1 - edge and edge < y < height - 1 - edge):
            continue
        kind = FASTENER_KINDS.index(part["kind"]) if part["kind"] in FASTENER_KINDS else NOTHING_INDEX
        found.append(Place(picture, scale, (x, y), kind))
    return found


class Stand:
    """Places by kind, drawn with every kind equally often, near ones half of the time."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._near: dict[int, list[Place]] = {}
        self._all: dict[int, list[Place]] = {}
        for place in places:
            self._all.setdefault(place.kind, []).append(place)
            if place.mm_per_px < NEAR_MM:
                self._near.setdefault(place.kind, []).append(place)

    def draw(self, rng: np.random.Generator) -> tuple[Picture, int, PointPx]:
        """A crop, in the order of the files (BGR), what is in it, and where its centre is from the crop's middle."""
        kind = int(rng.choice(sorted(self._all)))
        near = rng.random() < NEAR_SHARE and kind in self._near
        places = self._near[kind] if near else self._all[kind]
        place = places[int(rng.integers(len(places)))]
        far = NEAR_MM if near else FARTHEST_MM
        scale = float(np.exp(rng.uniform(np.log(min(0.22, far)), np.log(far))))
        at = place.at_px
        if kind == NOTHING_INDEX and rng.random() < BARE_SHARE:
            away = float(rng.uniform(0.55, 1.0)) * CROP.cover_mm / place.mm_per_px
            turn = float(rng.uniform(0, 2 * np.pi))
            at = (at[0] + away * float(np.cos(turn)), at[1] + away * float(np.sin(turn)))
        crop, where_px = seen(rng, place, at, max(scale, place.mm_per_px))
        return recoloured(rng, crop), kind, where_px


def seen(
    rng: np.random.Generator, place: Place, at_px: tuple[float, float], mm_per_px: float
) -> tuple[Picture, PointPx]:
    """The crop as a camera of another resolution shows it, turned at random, its middle a little off ``at_px``.

    With it comes where ``at_px`` lies in the crop, in its pixels from its middle.
    """
    off = rng.normal(0, JITTER_MM if rng.random() < 0.5 else FAR_OFF_MM, 2) / place.mm_per_px
    patch = _patch(place.picture, (at_px[0] + float(off[0]), at_px[1] + float(off[1])), place.mm_per_px)
    factor = place.mm_per_px / mm_per_px
    if factor < 0.95:  # shrink as a lens and a sensor do, by areas
        side = max(8, round(patch.shape[0] * factor))
        factor = side / patch.shape[0]
        patch = np.asarray(cv2.resize(patch, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    else:
        factor = 1.0
    step = CROP.cover_mm * float(rng.uniform(0.93, 1.07)) / CROP.size_px / (place.mm_per_px / factor)
    if step > 1.0:
        patch = np.asarray(cv2.GaussianBlur(patch, (0, 0), 0.45 * step), np.uint8)
    turn = float(rng.uniform(0, 2 * np.pi))
    c, s = step * np.cos(turn), step * np.sin(turn)
    matrix = np.array([[c, -s], [s, c]]) @ np.diag([float(rng.choice([-1.0, 1.0])), 1.0])
    middle = (patch.shape[0] - 1) / 2
    shift = middle - matrix @ np.full(2, (CROP.size_px - 1) / 2)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (CROP.size_px, CROP.size_px)
    whole = np.column_stack([matrix, shift])
    crop = cv2.warpAffine(patch, whole, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    x, y = np.linalg.solve(matrix, -off * factor)
    return np.asarray(crop, np.uint8), (float(x), float(y))


def _patch(picture: Picture, at_px: tuple[float, float], mm_per_px: float) -> Picture:
    """A square half as wide again as the crop, at the picture's own resolution."""
    side = int(1.55 * CROP.cover_mm / mm_per_px) | 1
    matrix = np.array([[1.0, 0.0, at_px[0] - (side - 1) / 2], [0.0, 1.0, at_px[1] - (side - 1) / 2]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(picture, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def photo_crop(rng: np.random.Generator, crop: Picture) -> Picture:
    """A photographed crop, whose thing fills it, laid on its own edge's colour so that it fills a part of ours."""
    side = int(rng.integers(26, CROP.size_px))
    small = cv2.resize(np.rot90(crop, int(rng.integers(4))), (side, side), interpolation=cv2.INTER_AREA)
    edge = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]]).mean(axis=0)
    out = np.empty((CROP.size_px, CROP.size_px, 3), np.uint8)
    out[:] = edge
    start = (CROP.size_px - side) // 2
    out[start : start + side, start : start + side] = small
    return recoloured(rng, out)
