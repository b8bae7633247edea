"""What stands at a place, and where its centre is, judged by a model that sees each place alone.

The detector says where fasteners are; at the resolution of an overview camera it tells their kinds apart less well than
a classifier of crops. A hole is only believed to be one where neither takes it for a fastener.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from delid.core import Fastener, FastenerKind, ImageBgr, PointPx

from ._detect import Detection, Detector, detect_fasteners
from ._geometry import Projection
from ._manifest import CENTRE, FASTENER_KINDS
from ._prepare import prepare_crops
from ._session import OnnxModel

NEAR_PX = 8.0
"""A detection so near to a place is what was found there."""

AT_ONCE = 4
"""Crops in one run of the model: more at once take as long, and 6 MB each while they do."""

NEVER = 2.0
"""No probability is as high."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the model makes of one place: the likeliest kind, its probability, and that of there being nothing.

    ``center_px`` is in the picture's pixels; where it was asked about, for a model that does not say.
    """

    kind: FastenerKind
    confidence: float
    nothing: float
    center_px: PointPx


class KindJudge:
    """A model of the task fastener_kind, asked about places that were found."""

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        self.digest = model.digest
        threshold = model.manifest.thresholds.fasteners
        self.min_confidence = threshold.min_confidence if threshold else 0.0
        self.nothing = NEVER if threshold is None or threshold.nothing is None else threshold.nothing
        self.ask_from = threshold.ask_from if threshold else None
        self._finds_centres = any(output.name == CENTRE for output in model.manifest.outputs)

    def placed(
        self, image: ImageBgr, fasteners: Sequence[Fastener], detections: Sequence[Detection], mm_per_px: float
    ) -> tuple[Fastener, ...]:
        """Fasteners of a pack with the kinds that stand at their places; none is sure where nothing seems to be."""
        said = self._ask(image, [f.center_px for f in fasteners], mm_per_px)
        found = []
        for fastener, judged in zip(fasteners, said, strict=True):
            seen = _nearest(fastener.center_px, detections)
            found.append(replace(fastener, kind=judged.kind, confidence=_agreed(judged, seen)))
        return tuple(found)

    def find(self, image: ImageBgr, detector: Detector, mm_per_px: float) -> list[Detection]:
        """What the detector finds, however unsure it is, and is a fastener or a hole at a second look."""
        return self.detected(image, detect_fasteners(image, detector, least=self.ask_from), mm_per_px)

    def detected(self, image: ImageBgr, detections: Sequence[Detection], mm_per_px: float) -> list[Detection]:
        """Detections that are something at a second look, which has the last word on what they are and where.

        Those whose centres fall together are one.
        """
        kept: list[Detection] = []
        for found, nothing in self.looked_at(image, detections, mm_per_px):
            if nothing < self.nothing and _nearest(found.center_px, kept) is None:
                kept.append(found)
        return kept

    def looked_at(
        self, image: ImageBgr, detections: Sequence[Detection], mm_per_px: float
    ) -> list[tuple[Detection, float]]:
        """Each with its kind and its centre as this model has them, and the probability that it is nothing.

        The centre is asked for once more from where the first answer has put it.
        """
        first = self._ask(image, [d.center_px for d in detections], mm_per_px)
        said = self._ask(image, [judged.center_px for judged in first], mm_per_px) if self._finds_centres else first
        return [
            (replace(d, kind=j.kind, confidence=_agreed(j, d), center_px=j.center_px), j.nothing)
            for d, j in zip(detections, said, strict=True)
        ]

    def _ask(self, image: ImageBgr, centers_px: Sequence[PointPx], mm_per_px: float) -> list[Said]:
        parts = [centers_px[begin : begin + AT_ONCE] for begin in range(0, len(centers_px), AT_ONCE)]
        return [said for part in parts for said in self._ask_some(image, part, mm_per_px)]

    def _ask_some(self, image: ImageBgr, centers_px: Sequence[PointPx], mm_per_px: float) -> Iterator[Said]:
        manifest = self._model.manifest
        assert manifest.crop is not None, "the manifest of a fastener_kind model has a crop"
        outputs = self._model.run(prepare_crops(image, centers_px, mm_per_px, manifest.input, manifest.crop))
        step = manifest.crop.cover_mm / mm_per_px / manifest.crop.size_px
        off_px = outputs[CENTRE] * step if self._finds_centres else np.zeros((len(centers_px), 2), np.float32)
        for (x, y), chances, (dx, dy) in zip(centers_px, outputs["kind"], off_px, strict=True):
            kinds = chances[: len(FASTENER_KINDS)]
            best = int(np.argmax(kinds))
            center_px = (x + float(dx), y + float(dy))
            yield Said(FastenerKind(FASTENER_KINDS[best]), float(kinds[best]), 1 - float(kinds.sum()), center_px)


def emptiness(detection: Detection) -> float:
    """How surely a detection is a hole and not a fastener of whatever kind, 0..1."""
    total = sum(detection.kind_scores.values())
    return detection.kind_scores[FastenerKind.EMPTY] / total if total > 0 else 0.0


def mm_per_px_at(view: Projection, z_mm: float) -> float:
    """Ground resolution in the middle of a camera's picture, at a height in the robot's frame."""
    middle = view.px_to_robot([((view.size_px[0] - 1) / 2, (view.size_px[1] - 1) / 2)], z_mm)
    return float(view.mm_per_px(middle)[0])


def _agreed(said: Said, seen: Detection | None) -> float:
    """A hole is sure only where the detector takes it for one too; where it saw nothing the classifier is alone."""
    confidence = said.confidence
    if said.kind is FastenerKind.EMPTY and seen is not None and emptiness(seen) < 0.5:
        confidence = min(confidence, emptiness(seen))
    return round(min(max(confidence, 0.0), 1.0), 4)


def _nearest(at_px: PointPx, detections: Sequence[Detection]) -> Detection | None:
    away = [float(np.hypot(d.center_px[0] - at_px[0], d.center_px[1] - at_px[1])) for d in detections]
    index = int(np.argmin(away)) if away else -1
    return detections[index] if index >= 0 and away[index] <= NEAR_PX else None
