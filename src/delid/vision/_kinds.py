"""What stands at a place, judged by a classifier that sees each place alone.

The detector says where fasteners are; at the resolution of an overview camera it tells their kinds apart less well than
a classifier of crops. A hole is only believed to be one where neither takes it for a fastener.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from delid.core import Fastener, FastenerKind, ImageBgr, PointPx

from ._detect import Detection, Floats
from ._geometry import Projection
from ._manifest import FASTENER_KINDS
from ._prepare import prepare_crops
from ._session import OnnxModel

NEAR_PX = 8.0
"""A detection so near to a place is what was found there."""

AT_ONCE = 4
"""Crops in one run of the model: more at once take as long, and 6 MB each while they do."""

NEVER = 2.0
"""No probability is as high."""

Said = tuple[FastenerKind, float, float]
"""The likeliest kind, its probability, and that of there being nothing."""


class KindJudge:
    """A model of the task fastener_kind, asked about places that were found."""

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        self.digest = model.digest
        threshold = model.manifest.thresholds.fasteners
        self.min_confidence = threshold.min_confidence if threshold else 0.0
        self.nothing = NEVER if threshold is None or threshold.nothing is None else threshold.nothing

    def placed(
        self, image: ImageBgr, fasteners: Sequence[Fastener], detections: Sequence[Detection], mm_per_px: float
    ) -> tuple[Fastener, ...]:
        """Fasteners of a pack with the kinds that stand at their places; none is sure where nothing seems to be."""
        said = self._ask(image, [f.center_px for f in fasteners], mm_per_px)
        found = []
        for fastener, (kind, confidence, _) in zip(fasteners, said, strict=True):
            seen = _nearest(fastener.center_px, detections)
            found.append(replace(fastener, kind=kind, confidence=_agreed(kind, confidence, seen)))
        return tuple(found)

    def detected(self, image: ImageBgr, detections: Sequence[Detection], mm_per_px: float) -> list[Detection]:
        """The same for detections that belong to no place; those that are nothing at a second look are left out."""
        said = self._ask(image, [d.center_px for d in detections], mm_per_px)
        return [
            replace(seen, kind=kind, confidence=_agreed(kind, confidence, seen))
            for seen, (kind, confidence, nothing) in zip(detections, said, strict=True)
            if nothing < self.nothing
        ]

    def nothing_at(self, image: ImageBgr, detections: Sequence[Detection], mm_per_px: float) -> tuple[float, ...]:
        """Of each detection the probability that it is none."""
        return tuple(said[2] for said in self._ask(image, [d.center_px for d in detections], mm_per_px))

    def _chances(self, image: ImageBgr, centers_px: Sequence[PointPx], mm_per_px: float) -> Floats:
        manifest = self._model.manifest
        assert manifest.crop is not None, "the manifest of a fastener_kind model has a crop"
        return self._model.run(prepare_crops(image, centers_px, mm_per_px, manifest.input, manifest.crop))["kind"]

    def _ask(self, image: ImageBgr, centers_px: Sequence[PointPx], mm_per_px: float) -> list[Said]:
        if not centers_px:
            return []
        chances = np.concatenate([
            self._chances(image, centers_px[begin : begin + AT_ONCE], mm_per_px)
            for begin in range(0, len(centers_px), AT_ONCE)
        ])  # fmt: skip
        kinds = chances[:, : len(FASTENER_KINDS)]
        nothing = 1 - kinds.sum(axis=1)
        best = np.argmax(kinds, axis=1)
        return [
            (FastenerKind(FASTENER_KINDS[k]), float(row[k]), float(none))
            for row, k, none in zip(kinds, best, nothing, strict=True)
        ]


def emptiness(detection: Detection) -> float:
    """How surely a detection is a hole and not a fastener of whatever kind, 0..1."""
    total = sum(detection.kind_scores.values())
    return detection.kind_scores[FastenerKind.EMPTY] / total if total > 0 else 0.0


def mm_per_px_at(view: Projection, z_mm: float) -> float:
    """Ground resolution in the middle of a camera's picture, at a height in the robot's frame."""
    middle = view.px_to_robot([((view.size_px[0] - 1) / 2, (view.size_px[1] - 1) / 2)], z_mm)
    return float(view.mm_per_px(middle)[0])


def _agreed(kind: FastenerKind, confidence: float, seen: Detection | None) -> float:
    """A hole is sure only where the detector takes it for one too; where it saw nothing the classifier is alone."""
    if kind is FastenerKind.EMPTY and seen is not None and emptiness(seen) < 0.5:
        confidence = min(confidence, emptiness(seen))
    return round(min(max(confidence, 0.0), 1.0), 4)


def _nearest(at_px: PointPx, detections: Sequence[Detection]) -> Detection | None:
    away = [float(np.hypot(d.center_px[0] - at_px[0], d.center_px[1] - at_px[1])) for d in detections]
    index = int(np.argmin(away)) if away else -1
    return detections[index] if index >= 0 and away[index] <= NEAR_PX else None
