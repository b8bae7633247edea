"""Stains of one training scene laid over another: as what they do to the light that comes back.

A patch is taken as the ratio of its light to that of the lid around it, lamp by lamp, so that it takes on the other
lid's paint. Patches of sound lids are laid over too, without a label, so that the laying over itself is no sign of
damage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.vision import DAMAGE_KINDS

from ._examples import Example, Layer

STAINS = tuple(DAMAGE_KINDS.index(kind) for kind in ("corrosion", "leak", "burn"))
"""A dent or a swelling bends the beads under it and cannot be laid over another lid."""
LEAST_RATIO, MOST_RATIO = 0.02, 6.0
DARKEST = 0.004
FEATHER_PX = 2.0


@dataclass(frozen=True, slots=True)
class Patch:
    """What lies over a lid in one place: ratios of light (h, w, 6) and mask, centred; ``kind`` is None for a decoy."""

    kind: int | None
    severity: float
    ratio: NDArray[np.float16]
    mask: Layer


def patches_of(example: Example) -> list[Patch]:
    """The stains of a scene as patches; those too small or without paint around them are left out."""
    found = []
    for kind in STAINS:
        layer = example.coverage[..., kind]
        if example.severity[kind] > 0 and float(layer.max()) > 0.5:
            patch = _patch(example.lights(), layer, kind, float(example.severity[kind]))
            found += [patch] if patch else []
    return found


def decoy(rng: np.random.Generator, example: Example) -> Patch | None:
    """An ellipse of a sound lid."""
    lights = example.lights()
    layer = np.zeros(lights.shape[:2], np.float32)
    place = place_on_lid(rng, example)
    axes = (int(rng.integers(7, 36)), int(rng.integers(7, 36)))
    cv2.ellipse(layer, place, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    return _patch(lights, layer, None, 0.0)


def place_on_lid(rng: np.random.Generator, example: Example) -> tuple[int, int]:
    """A pixel inside the lid's outline and inside the picture."""
    outline = example.outline_px
    height, width = example.values.shape[:2]
    low = np.maximum(outline.min(axis=0), 8)
    high = np.minimum(outline.max(axis=0), (width - 8, height - 8))
    place = (low + high) / 2
    for _ in range(20):
        place = rng.uniform(low, np.maximum(high, low + 1))
        if cv2.pointPolygonTest(outline, (float(place[0]), float(place[1])), True) > 8:
            break
    return int(place[0]), int(place[1])


def laid_over(
    rng: np.random.Generator, patch: Patch, host: Example, lights: Layer, coverage: Layer
) -> tuple[Layer, Layer]:
    """The lights with the patch somewhere on the host's lid, and the coverage that follows."""
    height, width = lights.shape[:2]
    place = place_on_lid(rng, host)
    middle = ((patch.mask.shape[1] - 1) / 2, (patch.mask.shape[0] - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, float(rng.uniform(0, 360)), float(rng.uniform(0.7, 1.3)))
    matrix[:, 2] += np.array([place[0] - middle[0], place[1] - middle[1]])
    lid = np.zeros((height, width), np.float32)
    cv2.fillPoly(lid, [np.round(host.outline_px).astype(np.int32)], 1.0)
    mask = np.asarray(cv2.warpAffine(patch.mask, matrix, (width, height)), np.float32) * lid
    ratio = patch.ratio.astype(np.float32)
    parts = [
        cv2.warpAffine(np.ascontiguousarray(part), matrix, (width, height), borderValue=(1.0, 1.0, 1.0))
        for part in (ratio[..., :3], ratio[..., 3:])
    ]
    wide = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    amount = np.asarray(cv2.GaussianBlur(wide, (0, 0), FEATHER_PX), np.float32)[..., None] * lid[..., None]
    changed = lights * (1 + amount * (np.concatenate(parts, axis=2) - 1))
    if patch.kind is not None:
        coverage = coverage.copy()
        coverage[..., patch.kind] = np.maximum(coverage[..., patch.kind], mask)
    return np.asarray(changed, np.float32), coverage


def _patch(lights: Layer, layer: Layer, kind: int | None, severity: float) -> Patch | None:
    rows, columns = np.nonzero(layer > 0.25)
    around = cv2.dilate((layer > 0.02).astype(np.uint8), np.ones((15, 15), np.uint8)).astype(bool) & (layer < 0.02)
    if len(rows) < 12 or around.sum() < 20:
        return None
    paint = np.median(lights[around], axis=0).astype(np.float32)
    pad = 9
    top, bottom = max(0, int(rows.min()) - pad), int(rows.max()) + pad + 1
    left, right = max(0, int(columns.min()) - pad), int(columns.max()) + pad + 1
    part = lights[top:bottom, left:right]
    ratio = np.clip((part + DARKEST) / (paint + DARKEST), LEAST_RATIO, MOST_RATIO)
    return Patch(kind, severity, ratio.astype(np.float16), np.ascontiguousarray(layer[top:bottom, left:right]))


class Stock:
    """Patches of a set of training scenes, drawn with every kind of stain equally often."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self._by_kind: dict[int, list[Patch]] = {}
        for example in examples:
            for patch in patches_of(example):
                assert patch.kind is not None
                self._by_kind.setdefault(patch.kind, []).append(patch)
        self._sound = [e for e in examples if e.sound and e.family is not None]

    def stain(self, rng: np.random.Generator) -> Patch | None:
        if not self._by_kind:
            return None
        patches = self._by_kind[int(rng.choice(sorted(self._by_kind)))]
        return patches[int(rng.integers(len(patches)))]

    def decoy(self, rng: np.random.Generator) -> Patch | None:
        return decoy(rng, self._sound[int(rng.integers(len(self._sound)))]) if self._sound else None
