"""Training scenes in memory, at the size of the model's input: lights, damage coverage, severity, family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ._linear import LINEAR_OF
from ._samples import Sample
from ._specs import PACK_INPUT

Layer = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Example:
    """One scene.

    Attributes:
        values: lights as they lie in the files, uint8 (h, w, 6); `LINEAR_OF` makes light of them.
        coverage: how much of each pixel shows each kind of damage, (h, w, kinds), 0..1.
        severity: of each kind, 0 where there is none to be seen.
        family: None for a pack without its lid, which belongs to no family that could be recognised.
        outline_px: the lid's outline in these pixels, (n, 2).
        mm_per_px: on the lid, about the middle of the picture.
        photo: a photograph of something undamaged: it has no lamps, and its outline is the picture's own edge.
    """

    values: NDArray[np.uint8]
    coverage: Layer
    severity: Layer
    family: str | None
    outline_px: Layer
    mm_per_px: float = 5.0
    photo: bool = False

    def lights(self) -> Layer:
        """Linear light, (h, w, 6)."""
        return np.asarray(LINEAR_OF[self.values], np.float32)

    @property
    def sound(self) -> bool:
        return not bool(self.severity.any())


def example_of(sample: Sample) -> Example:
    """A sample, shrunk to fit the model's input; raises ValueError when its files cannot be read."""
    values, coverage = sample.light_bytes(), sample.coverage()
    height, width = values.shape[:2]
    factor = min(PACK_INPUT.width_px / width, PACK_INPUT.height_px / height)
    size = (round(width * factor), round(height * factor))
    parts = [cv2.resize(np.ascontiguousarray(part), size, interpolation=cv2.INTER_AREA) for part in _threes(values)]
    layers = [cv2.resize(np.ascontiguousarray(coverage[..., k]), size) for k in range(coverage.shape[2])]
    outline = (np.array(sample.truth["outline_px"], np.float32) + 0.5) * np.float32(factor) - 0.5
    return Example(
        values=np.concatenate(parts, axis=2),
        coverage=np.stack(layers, axis=2),
        severity=sample.severity(),
        family=None if sample.kind == "open" else sample.family,
        outline_px=np.asarray(outline, np.float32),
        mm_per_px=_mm_per_px(sample.truth["camera"]) / factor,
    )


def _mm_per_px(camera: dict[str, Any]) -> float:
    """Where the camera's axis meets the lid's plane, z = 0."""
    ahead = abs(float(camera["axes"][2][2]))
    return float(camera["at_mm"][2]) / max(ahead, 0.2) / float(camera["focal_px"])


def _threes(values: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return values[..., :3], values[..., 3:]
