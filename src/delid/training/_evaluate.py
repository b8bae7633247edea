"""Figures from answers and truth. Pure: the models are asked elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delid.core import Damage, PackStatus
from delid.vision import DAMAGE_KINDS, FASTENER_KINDS, Gallery, Manifest, letterbox_for
from delid.vision._damage import find_damage
from delid.vision._gallery import judge_pack

from ._predict import Answers
from ._samples import Sample
from ._thresholds import HAZARDOUS, auroc, judged, without

EMPTY = FASTENER_KINDS.index("empty")
Figures = dict[str, Any]


def share(part: float, whole: float) -> float | None:
    """None where there is nothing to count."""
    return round(part / whole, 4) if whole else None


def pack_figures(samples: Sequence[Sample], answers: Answers, gallery: Gallery, manifest: Manifest) -> Figures:
    """Identity: taught packs among their likes, and strangers: families never seen, and packs that are not taught."""
    threshold = manifest.thresholds.pack
    assert threshold is not None
    taught = gallery.prototypes
    verdicts = [judge_pack(gallery.scores(vector, threshold.neighbours), threshold) for vector in answers.embedding]
    known = [(s, v) for s, v in zip(samples, verdicts, strict=True) if s.family in taught]
    strangers = [v for s, v in zip(samples, verdicts, strict=True) if s.family not in taught]
    accepted = [(s, v) for s, v in known if v.status is PackStatus.KNOWN]
    best = [judged(gallery, vector, threshold.neighbours) for vector in answers.embedding]
    untaught = [
        judge_pack(without(gallery, s.family).scores(vector, threshold.neighbours), threshold)
        for s, vector in zip(samples, answers.embedding, strict=True)
        if s.family in taught
    ]
    right = [b.score for s, b in zip(samples, best, strict=True) if s.family in taught]
    foreign = [b.score for s, b in zip(samples, best, strict=True) if s.family not in taught]
    return {
        "known_pictures": len(known),
        "accepted": share(len(accepted), len(known)),
        "right_of_accepted": share(sum(v.model == s.family for s, v in accepted), len(accepted)),
        "rejected": share(len(known) - len(accepted), len(known)),
        "nearest_is_right": share(
            sum(b.pack == s.family for s, b in zip(samples, best, strict=True) if s.family in taught), len(known)
        ),
        "stranger_pictures": len(strangers),
        "strangers_accepted": share(sum(v.status is PackStatus.KNOWN for v in strangers), len(strangers)),
        "own_pack_not_taught_accepted": share(sum(v.status is PackStatus.KNOWN for v in untaught), len(untaught)),
        "open_set_auroc": _rounded(auroc(np.array(right), np.array(foreign))),
        "by_pack": {
            name: share(
                sum(v.model == name for s, v in known if s.family == name), sum(s.family == name for s, _ in known)
            )
            for name in sorted(taught)
        },
    }


def newly_taught(samples: Sequence[Sample], answers: Answers) -> Figures:
    """Families never trained on, each taught from its other pictures: how often is a picture nearest to its own?"""
    names = sorted({s.family for s in samples if s.kind == "family"})
    members = {n: [k for k, s in enumerate(samples) if s.family == n] for n in names}
    members = {n: found for n, found in members.items() if len(found) > 1}
    tries = hits = 0
    for name, indices in members.items():
        for query in indices:
            prototypes = {n: answers.embedding[[k for k in found if k != query]] for n, found in members.items()}
            tries += 1
            hits += judged(Gallery(prototypes), answers.embedding[query], 3).pack == name
    return {"families": len(members), "pictures": tries, "nearest_is_right": share(hits, tries)}


def damages_of(sample: Sample, answers: Answers, number: int, manifest: Manifest) -> tuple[Damage, ...]:
    """What the cell would report of this picture."""
    width, height = sample.truth["size_px"]
    return find_damage(
        answers.heat[number],
        answers.severity[number],
        manifest.output("damage_heat").labels,
        manifest.thresholds.damage or {},
        letterbox_for(width, height, manifest.input),
        manifest.input,
    )


def damage_figures(samples: Sequence[Sample], answers: Answers, manifest: Manifest) -> Figures:
    """Damage of whole pictures: each kind present or not, the place of what was found, and the severity."""
    found = [damages_of(sample, answers, k, manifest) for k, sample in enumerate(samples)]
    said = np.array([[any(d.kind.value == kind for d in one) for kind in DAMAGE_KINDS] for one in found], bool)
    true = np.array([s.present() for s in samples], bool)
    said, true = said.reshape(-1, len(DAMAGE_KINDS)), true.reshape(-1, len(DAMAGE_KINDS))
    per_kind = {kind: _counts(true[:, k], said[:, k]) for k, kind in enumerate(DAMAGE_KINDS)}
    scores = [row["f1"] for row in per_kind.values() if row["f1"] is not None]
    sound, harmed = ~true.any(axis=1), true.any(axis=1)
    critical = [DAMAGE_KINDS.index(kind) for kind in HAZARDOUS]
    level = np.array([s.severity() for s in samples]).reshape(-1, len(DAMAGE_KINDS))
    both = said & true
    return {
        "pictures": len(samples),
        "by_kind": per_kind,
        "macro_f1": _rounded(float(np.mean(scores))) if scores else None,
        "sound_pictures": int(sound.sum()),
        "sound_called_damaged": share(float(said[sound].any(axis=1).sum()), float(sound.sum())),
        "damaged_called_sound": share(float((~said[harmed].any(axis=1)).sum()), float(harmed.sum())),
        "hazard_critical": int(true[:, critical].sum()),
        "hazard_critical_missed": share(float((true & ~said)[:, critical].sum()), float(true[:, critical].sum())),
        "box_iou_median": _median_iou(samples, found),
        "severity_mean_error": _rounded(float(np.abs(answers.severity - level)[both].mean())) if both.any() else None,
    }


def _counts(true: NDArray[np.bool_], said: NDArray[np.bool_]) -> Figures:
    hits, alarms, misses = int((true & said).sum()), int((~true & said).sum()), int((true & ~said).sum())
    return {
        "present": int(true.sum()),
        "precision": share(hits, hits + alarms),
        "recall": share(hits, hits + misses),
        "f1": share(2 * hits, 2 * hits + alarms + misses) if true.any() else None,
    }


def _median_iou(samples: Sequence[Sample], found: Sequence[tuple[Damage, ...]]) -> float | None:
    """Overlap of the best box of a kind with the true one, where the kind was found."""
    values = []
    for sample, damages in zip(samples, found, strict=True):
        for truth in sample.truth["damages"]:
            boxes = [d.box_px for d in damages if d.kind.value == truth["kind"]]
            if truth["box_px"] is not None and boxes:
                values.append(max(overlap(box, truth["box_px"]) for box in boxes))
    return _rounded(float(np.median(values))) if values else None


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(0.0, width) * max(0.0, height)
    either = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    return both / either if either > 0 else 0.0


def fastener_figures(probabilities: NDArray[np.float32], kinds: NDArray[np.int64], limit: float) -> Figures:
    """Confusion of kinds, and the question that counts: is there something, or is the hole empty?"""
    best = probabilities.argmax(axis=1)
    sure = probabilities.max(axis=1) >= limit
    count = len(FASTENER_KINDS)
    confusion = np.bincount(kinds * count + best, minlength=count * count).reshape(count, count)
    there, seen = kinds != EMPTY, best != EMPTY
    return {
        "crops": len(kinds),
        "right": share(float((best == kinds).sum()), len(kinds)),
        "confusion_true_by_said": {
            kind: dict(zip(FASTENER_KINDS, map(int, confusion[k]), strict=True))
            for k, kind in enumerate(FASTENER_KINDS)
        },
        "present_called_empty": share(float((there & ~seen).sum()), float(there.sum())),
        "empty_called_present": share(float((~there & seen).sum()), float((~there).sum())),
        "min_confidence": limit,
        "present_surely_called_empty": share(float((there & ~seen & sure).sum()), float(there.sum())),
        "empty_surely_seen_empty": share(float((~there & ~seen & sure).sum()), float((~there).sum())),
    }


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)
