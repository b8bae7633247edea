"""Figures from answers and truth. Pure: the models are asked elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delid.core import Damage, DamageKind, HazardLimits, PackStatus, hazard_class
from delid.vision import DAMAGE_KINDS, DamageVerdict, Gallery, Manifest, judge_damage

from ._predict import Answers
from ._reliability import reliability
from ._samples import Sample
from ._thresholds import judged

Figures = dict[str, Any]


def share(part: float, whole: float) -> float | None:
    """None where there is nothing to count."""
    return round(part / whole, 4) if whole else None


def verdicts_of(answers: Answers, manifest: Manifest) -> list[DamageVerdict]:
    """What the cell would report of each view."""
    return [
        judge_damage(answers.outputs(k), manifest, *size, raking=answers.raking) for k, size in enumerate(answers.sizes)
    ]


def newly_taught(samples: Sequence[Sample], answers: Answers) -> Figures:
    """Families never trained on, each taught from its other pictures: how often is a picture nearest to its own?"""
    names = sorted({s.family for s in samples if s.kind == "family"})
    members = {n: [k for k, s in enumerate(samples) if s.family == n and s.kind == "family"] for n in names}
    members = {n: found for n, found in members.items() if len(found) > 1}
    tries = hits = 0
    for name, indices in members.items():
        for query in indices:
            prototypes = {n: answers.embedding[[k for k in found if k != query]] for n, found in members.items()}
            tries += 1
            hits += judged(Gallery(prototypes), answers.embedding[query], 3).pack == name
    return {"families": len(members), "pictures": tries, "nearest_is_right": share(hits, tries)}


def damage_figures(
    samples: Sequence[Sample], answers: Answers, manifest: Manifest, limits: HazardLimits | None = None
) -> Figures:
    """Damage of whole pictures: each kind present or not, the place of what was found, severity and hazard class."""
    verdicts = verdicts_of(answers, manifest)
    found = [verdict.found for verdict in verdicts]
    said = np.array([[any(d.kind.value == kind for d in one) for kind in DAMAGE_KINDS] for one in found], bool)
    unclear = np.array([bool(verdict.unclear) and not verdict.found for verdict in verdicts], bool)
    true = np.array([s.present() for s in samples], bool)
    said, true = said.reshape(-1, len(DAMAGE_KINDS)), true.reshape(-1, len(DAMAGE_KINDS))
    per_kind = {kind: _counts(true[:, k], said[:, k]) for k, kind in enumerate(DAMAGE_KINDS)}
    scores = [row["f1"] for row in per_kind.values() if row["f1"] is not None]
    sound, harmed = ~true.any(axis=1), true.any(axis=1)
    level = np.array([s.severity() for s in samples]).reshape(-1, len(DAMAGE_KINDS))
    both = said & true
    ious = box_overlaps(samples, found)
    seen = box_overlaps(samples, found, found_only=True)
    return {
        "pictures": len(samples),
        "by_kind": per_kind,
        "macro_f1": _rounded(float(np.mean(scores))) if scores else None,
        "sound_pictures": int(sound.sum()),
        "sound_called_damaged": share(float(said[sound].any(axis=1).sum()), float(sound.sum())),
        "sound_unclear": share(float(unclear[sound].sum()), float(sound.sum())),
        "damaged_nothing_found": share(float((~said[harmed].any(axis=1)).sum()), float(harmed.sum())),
        "damaged_called_sound": share(float((~said[harmed].any(axis=1) & ~unclear[harmed]).sum()), float(harmed.sum())),
        **hazard_figures(samples, verdicts, limits or HazardLimits()),
        "boxes": len(ious),
        "box_iou_of_0.5": share(float(sum(v >= 0.5 for v in ious)), len(ious)),
        "box_iou_of_0.5_where_found": share(float(sum(v >= 0.5 for v in seen)), len(seen)),
        "box_iou_median": _rounded(float(np.median(ious))) if ious else None,
        "severity_mean_error": _rounded(float(np.abs(answers.severity - level)[both].mean())) if both.any() else None,
        "calibration": reliability(answers.presence.ravel(), true.ravel()).as_dict(),
    }


def true_damage(sample: Sample) -> tuple[Damage, ...]:
    """What there is to be seen, as a perfect inspection would say it."""
    return tuple(
        Damage(DamageKind(d["kind"]), 1.0, float(d["severity"]), _box(d["box_px"]))
        for d in sample.truth["damages"]
        if d["box_px"] is not None
    )


def _box(values: Sequence[float]) -> tuple[float, float, float, float]:
    return float(values[0]), float(values[1]), float(values[2]), float(values[3])


def hazard_figures(
    samples: Sequence[Sample], verdicts: Sequence[DamageVerdict], limits: HazardLimits
) -> dict[str, int | float | None]:
    """Hazard class by what was found against the class by what is there; to call a C an A is the worst of errors.

    What is unclear makes a B, and asks a person.
    """
    rows = [
        (
            hazard_class(true_damage(s), PackStatus.KNOWN, limits)[0].value,
            hazard_class(one.found, PackStatus.KNOWN, limits, unclear=one.unclear)[0].value,
        )
        for s, one in zip(samples, verdicts, strict=True)
    ]
    confusion = {f"{a}_called_{b}": sum(row == (a, b) for row in rows) for a in "ABC" for b in "ABC"}
    critical = sum(true == "C" for true, _ in rows)
    return {
        **{name: count for name, count in confusion.items() if count},
        "hazard_c_pictures": critical,
        "hazard_c_called_a": share(confusion["C_called_A"], critical),
    }


def box_overlaps(
    samples: Sequence[Sample], found: Sequence[tuple[Damage, ...]], *, found_only: bool = False
) -> list[float]:
    """Overlap of the best box of a kind with the true one, for every true box.

    Where the kind was not found it is 0; with ``found_only`` such a box does not count.
    """
    values = []
    for sample, damages in zip(samples, found, strict=True):
        for truth in sample.truth["damages"]:
            boxes = [d.box_px for d in damages if d.kind.value == truth["kind"]]
            if truth["box_px"] is not None and (boxes or not found_only):
                values.append(max((overlap(box, truth["box_px"]) for box in boxes), default=0.0))
    return values


def _counts(true: NDArray[np.bool_], said: NDArray[np.bool_]) -> Figures:
    hits, alarms, misses = int((true & said).sum()), int((~true & said).sum()), int((true & ~said).sum())
    return {
        "present": int(true.sum()),
        "precision": share(hits, hits + alarms),
        "recall": share(hits, hits + misses),
        "f1": share(2 * hits, 2 * hits + alarms + misses) if true.any() else None,
    }


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(0.0, width) * max(0.0, height)
    either = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    return both / either if either > 0 else 0.0


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)
