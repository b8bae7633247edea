"""How well the detector finds fasteners: found or not, of which kind, how far off, and how far its word can be trusted.

Pictures come from the renderer; photographs are judged in `_evaluate_photos`, and never mixed with rendered ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delid.core import FastenerKind
from delid.vision import FASTENER_KINDS, Detection, Detector, KindJudge, detect_fasteners

from ._closeups import BANDS_MM_PX
from ._reliability import reliability
from ._samples import Sample

Figures = dict[str, Any]
NEAR_PX = 5.0
"""A detection so near to a fastener's centre has found it."""
EDGE_PX = 4.0
"""Fasteners nearer to the picture's edge are neither asked for nor held against the model."""
IGNORED_PX = 8.0
EMPTY = FASTENER_KINDS.index("empty")
WORST = 20
MISSED = -1


@dataclass(frozen=True, slots=True)
class Judged:
    """One picture: pairs of true and said kind, distances, false alarms.

    Attributes:
        true, said: kinds of the fasteners there are; `said` is -1 where none was found.
        confidence: of the detection that found each, 0 for none.
        off_px: distance of each from its detection, NaN for none.
        alarms: confidences of detections where there is no fastener; `alarm_kinds` their kinds.
        on_decoys: how many of the alarms lie on a thing that only looks like a fastener.
    """

    name: str
    family: str
    mm_per_px: float
    true: NDArray[np.int64]
    said: NDArray[np.int64]
    confidence: NDArray[np.float64]
    off_px: NDArray[np.float64]
    alarms: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    alarm_kinds: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    on_decoys: int = 0

    @property
    def errors(self) -> int:
        """Misses, wrong kinds and false alarms."""
        return int((self.said != self.true).sum()) + len(self.alarms)


def judge(model: Detector, samples: Sequence[Sample], kinds: KindJudge | None = None) -> list[Judged]:
    """Every sample against what the model finds in it, and what the model of kinds makes of that."""
    return [judged(sample, _found(model, sample, kinds)) for sample in samples]


def _found(model: Detector, sample: Sample, kinds: KindJudge | None) -> list[Detection]:
    picture = sample.picture()
    return kinds.find(picture, model, mm_per_px_of(sample)) if kinds else detect_fasteners(picture, model)


def mm_per_px_of(sample: Sample) -> float:
    """What a calibrated camera would say about a close-up; that of an overview camera where there is no fastener."""
    scales = [f["mm_per_px"] for f in sample.truth["fasteners"]]
    return float(np.median(scales)) if scales else BANDS_MM_PX[-1][0]


def judged(sample: Sample, detections: Sequence[Detection]) -> Judged:
    """Detections, surest first, each to the nearest free fastener within `NEAR_PX`."""
    width, height = sample.truth["size_px"]
    asked: list[Figures] = []
    ignored: list[Figures] = []
    for fastener in sample.truth["fasteners"]:
        x, y = fastener["center_px"]
        inside = EDGE_PX <= x < width - EDGE_PX and EDGE_PX <= y < height - EDGE_PX
        (asked if inside and not fastener["hidden"] else ignored).append(fastener)
    centres = np.array([f["center_px"] for f in asked], np.float64).reshape(-1, 2)
    aside = np.array([f["center_px"] for f in ignored], np.float64).reshape(-1, 2)
    decoys = np.array([f["center_px"] for f in sample.truth.get("decoys", [])], np.float64).reshape(-1, 2)
    count = len(asked)
    said, confidence, off = np.full(count, MISSED, np.int64), np.zeros(count), np.full(count, np.nan)
    alarms, kinds, on_decoys = [], [], 0
    for detection in detections:
        away = np.where(said == MISSED, _away(centres, detection), np.inf)
        number = int(np.argmin(away)) if count else -1
        if number >= 0 and away[number] <= NEAR_PX:
            said[number], off[number] = FASTENER_KINDS.index(detection.kind), away[number]
            confidence[number] = detection.confidence
        elif not _near(aside, detection, IGNORED_PX) and _inside(detection, width, height):
            alarms.append(detection.confidence)
            kinds.append(FASTENER_KINDS.index(detection.kind))
            on_decoys += _near(decoys, detection, 2 * IGNORED_PX)
    true = np.array([FASTENER_KINDS.index(f["kind"]) for f in asked], np.int64)
    scale = (
        float(np.median([f["mm_per_px"] for f in sample.truth["fasteners"]])) if sample.truth["fasteners"] else np.nan
    )
    return Judged(
        sample.path.name, sample.family, scale, true, said, confidence, off, np.array(alarms),
        np.array(kinds, np.int64), on_decoys,
    )  # fmt: skip


def _away(points: NDArray[np.float64], detection: Detection) -> NDArray[np.float64]:
    return np.asarray(np.hypot(points[:, 0] - detection.center_px[0], points[:, 1] - detection.center_px[1]))


def _near(points: NDArray[np.float64], detection: Detection, reach_px: float) -> bool:
    return bool(len(points) and _away(points, detection).min() <= reach_px)


def _inside(detection: Detection, width: int, height: int) -> bool:
    x, y = detection.center_px
    return EDGE_PX <= x < width - EDGE_PX and EDGE_PX <= y < height - EDGE_PX


def fastener_report(pictures: Sequence[Judged], limit: float) -> Figures:
    """All figures of rendered pictures; `limit` is the manifest's `min_confidence`."""
    found = figures_of(pictures, limit)
    found["by_mm_per_px"] = {
        f"{low}-{high}": figures_of(part, limit)
        for low, high in BANDS_MM_PX
        if (part := [p for p in pictures if low <= p.mm_per_px < high])
    }
    found["boards"] = figures_of([p for p in pictures if "-lid-" not in p.name], limit)
    found["parts_of_whole_lids"] = figures_of([p for p in pictures if "-lid-" in p.name], limit)
    found["calibration"] = reliability(*confidences(pictures)).as_dict()
    ranked = sorted((p for p in pictures if p.errors), key=lambda p: (-p.errors / (len(p.true) + 1), p.name))
    found["worst"] = [
        {"picture": p.name, "family": p.family, "fasteners": len(p.true), "errors": p.errors} for p in ranked[:WORST]
    ]
    return found


def confidences(pictures: Sequence[Judged]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Of every detection: its confidence, and whether there is a fastener of that kind."""
    sure = [p.confidence[p.said != MISSED] for p in pictures] + [p.alarms for p in pictures]
    right = [(p.said == p.true)[p.said != MISSED] for p in pictures] + [np.zeros(len(p.alarms), bool) for p in pictures]
    return np.concatenate([*sure, np.empty(0)]), np.concatenate([*right, np.empty(0, bool)]).astype(bool)


def figures_of(pictures: Sequence[Judged], limit: float) -> Figures:
    """Counts and shares over some pictures."""
    if not pictures:
        return {}
    true, said = (np.concatenate([getattr(p, name) for p in pictures]) for name in ("true", "said"))
    sure = np.concatenate([p.confidence for p in pictures]) >= limit
    off = np.concatenate([p.off_px for p in pictures])
    off_mm = np.concatenate([p.off_px * p.mm_per_px for p in pictures])
    alarms = np.concatenate([p.alarms for p in pictures])
    seen = said != MISSED
    hits, misses = int(seen.sum()), int((~seen).sum())
    there, empty = true != EMPTY, true == EMPTY
    return {
        "pictures": len(pictures),
        "fasteners": len(true),
        "precision": _share(hits, hits + len(alarms)),
        "recall": _share(hits, len(true)),
        "f1": _share(2 * hits, 2 * hits + len(alarms) + misses),
        "alarms_on_decoys": sum(p.on_decoys for p in pictures),
        "kind_right": _share(int((said == true)[seen].sum()), hits),
        "kind_right_when_sure": _share(int((said == true)[seen & sure].sum()), int((seen & sure).sum())),
        "sure": _share(int((seen & sure).sum()), len(true)),
        "empty_called_bolt": _share(int((empty & (said == FASTENER_KINDS.index("bolt"))).sum()), int(empty.sum())),
        "empty_called_present": _share(int((empty & seen & (said != EMPTY)).sum()), int(empty.sum())),
        "present_called_empty": _share(int((there & (said == EMPTY)).sum()), int(there.sum())),
        "present_surely_called_empty": _share(int((there & (said == EMPTY) & sure).sum()), int(there.sum())),
        "empty_surely_seen_empty": _share(int((empty & (said == EMPTY) & sure).sum()), int(empty.sum())),
        "off_px_median": _percentile(off, 50),
        "off_px_p95": _percentile(off, 95),
        "off_mm_median": _percentile(off_mm, 50),
        "off_mm_p95": _percentile(off_mm, 95),
        "confusion_true_by_said": {
            kind: {other: int(((true == k) & (said == j)).sum()) for j, other in _said_names()}
            for k, kind in enumerate(FASTENER_KINDS)
        },
        "false_alarms": {
            kind: int(sum((p.alarm_kinds == k).sum() for p in pictures)) for k, kind in enumerate(FASTENER_KINDS)
        },
    }


def _said_names() -> list[tuple[int, str]]:
    return [*enumerate(FASTENER_KINDS), (MISSED, "missed")]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _percentile(values: NDArray[np.float64], q: float) -> float | None:
    values = values[np.isfinite(values)]
    return round(float(np.percentile(values, q)), 3) if len(values) else None


def kind_counts(detections: Sequence[Detection]) -> dict[FastenerKind, int]:
    """How many detections there are of each kind."""
    return {kind: sum(d.kind == kind for d in detections) for kind in FastenerKind}
