"""What exported models say of samples: the same session and preprocessing as in the cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delid.vision import OnnxModel, prepare

from ._crops import crops_at, places_of
from ._samples import Picture, Sample

Array = NDArray[np.float32]
BATCH = 256


@dataclass(frozen=True, slots=True)
class Answers:
    """Of n pictures: embedding (n, 128), heat (n, kinds, rows, columns), severity (n, kinds)."""

    embedding: Array
    heat: Array
    severity: Array

    @property
    def peak(self) -> Array:
        """The highest heat of each kind, (n, kinds)."""
        return np.asarray(self.heat.max(axis=(2, 3)), np.float32)


def answers_to(model: OnnxModel, pictures: Sequence[Picture]) -> Answers:
    """The pack model's answers to pictures in BGR."""
    found = [model.run(prepare(picture, model.manifest.input)) for picture in pictures]
    names = ("embedding", "damage_heat", "severity")
    stacked = [np.concatenate([answer[name] for answer in found]) for name in names]
    return Answers(*stacked)


def turned_views(picture: Picture) -> list[Picture]:
    """The picture as it is, upside down and mirrored: four views of the same truth."""
    views = (picture, picture[::-1, ::-1], picture[:, ::-1], picture[::-1])
    return [np.ascontiguousarray(view) for view in views]


def kinds_of(model: OnnxModel, close_ups: Sequence[Sample]) -> tuple[Array, NDArray[np.int64], Array]:
    """Probabilities (n, kinds), true kinds (n,) and millimetres per pixel (n,) of the fasteners in close-ups."""
    places = places_of(list(close_ups))
    crops, kinds = crops_at([sample.picture() for sample in close_ups], places)
    scale = np.array([place.mm_per_px for place in places], np.float32)
    return probabilities(model, crops), kinds, scale


def probabilities(model: OnnxModel, crops: Array) -> Array:
    parts = [model.run(crops[k : k + BATCH])["kind"] for k in range(0, len(crops), BATCH)]
    return np.concatenate(parts)
