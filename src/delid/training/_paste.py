"""Stains of one training picture laid over another: as what it does to the paint's brightness and colour.

A patch is taken as the ratio of its colours to those of the lid around it, so that it takes on the other lid's paint.
Patches of sound lids are laid over too, without a label, so that the laying over itself is no sign of damage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.vision import DAMAGE_KINDS

from ._samples import Picture, Sample

Layer = NDArray[np.float32]
STAINS = tuple(DAMAGE_KINDS.index(kind) for kind in ("corrosion", "leak", "burn"))
"""A dent or a swelling bends the beads under it and cannot be laid over another lid."""
LEAST_RATIO, MOST_RATIO = 0.05, 3.0
FEATHER_PX = 2.5


@dataclass(frozen=True, slots=True)
class Patch:
    """What lies over a lid in one place: colour ratios and mask, centred; ``kind`` is None for a decoy."""

    kind: int | None
    severity: float
    ratio: NDArray[np.float32]
    mask: Layer


def patches_of(sample: Sample) -> list[Patch]:
    """The stains of a picture as patches; those too small or without paint around them are left out."""
    picture, coverage, severity = sample.picture(), sample.coverage(), sample.severity()
    found = []
    for kind in STAINS:
        layer = coverage[..., kind]
        if severity[kind] > 0 and float(layer.max()) > 0.5:
            patch = _patch(picture, layer, kind, float(severity[kind]))
            found += [patch] if patch else []
    return found


def decoy(rng: np.random.Generator, sample: Sample) -> Patch | None:
    """An ellipse of a sound lid."""
    picture = sample.picture()
    layer = np.zeros(picture.shape[:2], np.float32)
    place = place_on_lid(rng, sample)
    axes = (int(rng.integers(8, 45)), int(rng.integers(8, 45)))
    cv2.ellipse(layer, place, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    return _patch(picture, layer, None, 0.0)


def place_on_lid(rng: np.random.Generator, sample: Sample) -> tuple[int, int]:
    """A pixel inside the lid's outline and inside the picture."""
    outline = np.array(sample.truth["outline_px"], np.float32)
    width, height = sample.truth["size_px"]
    low = np.maximum(outline.min(axis=0), 8)
    high = np.minimum(outline.max(axis=0), (width - 8, height - 8))
    place = (low + high) / 2
    for _ in range(20):
        place = rng.uniform(low, np.maximum(high, low + 1))
        if cv2.pointPolygonTest(outline, (float(place[0]), float(place[1])), True) > 10:
            break
    return int(place[0]), int(place[1])


def laid_over(
    rng: np.random.Generator, patch: Patch, host: Sample, picture: Picture, coverage: Layer
) -> tuple[Picture, Layer]:
    """The picture with the patch somewhere on its lid, and the coverage that follows."""
    height, width = picture.shape[:2]
    place = place_on_lid(rng, host)
    middle = ((patch.mask.shape[1] - 1) / 2, (patch.mask.shape[0] - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, float(rng.uniform(0, 360)), float(rng.uniform(0.75, 1.25)))
    matrix[:, 2] += np.array([place[0] - middle[0], place[1] - middle[1]])
    lid = np.zeros((height, width), np.float32)
    cv2.fillPoly(lid, [np.round(host.truth["outline_px"]).astype(np.int32)], 1.0)
    mask = np.asarray(cv2.warpAffine(patch.mask, matrix, (width, height)), np.float32) * lid
    ratio = cv2.warpAffine(patch.ratio, matrix, (width, height), borderValue=(1.0, 1.0, 1.0))
    wide = cv2.dilate(mask, np.ones((5, 5), np.uint8))
    amount = np.asarray(cv2.GaussianBlur(wide, (0, 0), FEATHER_PX), np.float32)[..., None] * lid[..., None]
    changed = picture.astype(np.float32) * (1 + amount * (ratio - 1))
    if patch.kind is not None:
        coverage = coverage.copy()
        coverage[..., patch.kind] = np.maximum(coverage[..., patch.kind], mask)
    return np.asarray(np.clip(changed + 0.5, 0, 255), np.uint8), coverage


def _patch(picture: Picture, layer: Layer, kind: int | None, severity: float) -> Patch | None:
    rows, columns = np.nonzero(layer > 0.25)
    around = cv2.dilate((layer > 0.02).astype(np.uint8), np.ones((19, 19), np.uint8)).astype(bool) & (layer < 0.02)
    if len(rows) < 12 or around.sum() < 20:
        return None
    paint = np.median(picture[around].reshape(-1, 3), axis=0).astype(np.float32)
    pad = 12
    top, bottom = max(0, int(rows.min()) - pad), int(rows.max()) + pad + 1
    left, right = max(0, int(columns.min()) - pad), int(columns.max()) + pad + 1
    part = picture[top:bottom, left:right].astype(np.float32)
    ratio = np.clip((part + 8) / (paint + 8), LEAST_RATIO, MOST_RATIO)
    return Patch(kind, severity, np.asarray(ratio, np.float32), np.ascontiguousarray(layer[top:bottom, left:right]))


class Stock:
    """Patches of a set of training pictures, drawn with every kind of stain equally often."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._by_kind: dict[int, list[Patch]] = {}
        for sample in samples:
            for patch in patches_of(sample):
                assert patch.kind is not None
                self._by_kind.setdefault(patch.kind, []).append(patch)
        self._sound = [s for s in samples if not s.truth["damages"]]

    def stain(self, rng: np.random.Generator) -> Patch | None:
        if not self._by_kind:
            return None
        patches = self._by_kind[int(rng.choice(sorted(self._by_kind)))]
        return patches[int(rng.integers(len(patches)))]

    def decoy(self, rng: np.random.Generator) -> Patch | None:
        return decoy(rng, self._sound[int(rng.integers(len(self._sound)))]) if self._sound else None
