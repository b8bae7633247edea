"""Calibration and thresholds of the fastener detector, from what it finds in validation pictures. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from delid.vision import FASTENER_KINDS

from ._evaluate_fasteners import EMPTY, MISSED, Judged

GRID = np.round(np.arange(0.10, 0.71, 0.02), 2)
MOST_SEEN_EMPTY = 0.005
MOST_WRONG_KIND = 0.02


def calibrated(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float]:
    """Temperature and shift of the logits with which a confidence is the share of right answers (Platt 1999)."""
    logit = np.log(np.clip(confidence, 1e-4, 1 - 1e-4) / (1 - np.clip(confidence, 1e-4, 1 - 1e-4)))
    slope, shift = 1.0, 0.0
    for _ in range(40):  # Newton's method
        p = 1 / (1 + np.exp(-(slope * logit + shift)))
        weight = p * (1 - p) + 1e-6
        gradient = np.array([((p - right) * logit).sum(), (p - right).sum()])
        curve = np.array([[(weight * logit**2).sum(), (weight * logit).sum()], [(weight * logit).sum(), weight.sum()]])
        step = np.linalg.solve(curve + 1e-3 * np.eye(2), gradient)
        slope, shift = slope - float(step[0]), shift - float(step[1])
    return 1 / float(np.clip(slope, 0.2, 5.0)), float(np.clip(shift, -3.0, 3.0))


def best_cuts(pictures: Sequence[Judged]) -> dict[str, float]:
    """For each kind the threshold of highest F1, a detection being right when there is a fastener of any kind."""
    said = np.concatenate([p.said for p in pictures])
    confidence = np.concatenate([p.confidence for p in pictures])
    alarms = np.concatenate([p.alarms for p in pictures])
    alarm_kinds = np.concatenate([p.alarm_kinds for p in pictures])
    cuts: dict[str, float] = dict.fromkeys(FASTENER_KINDS, 0.3)

    def f1() -> float:
        limit = np.array([cuts[kind] for kind in FASTENER_KINDS])
        hits = int(((said != MISSED) & (confidence >= limit[np.maximum(said, 0)])).sum())
        false = int((alarms >= limit[alarm_kinds]).sum()) if len(alarms) else 0
        return 2 * hits / max(1, len(said) + hits + false)

    for _ in range(2):
        for kind in FASTENER_KINDS:
            figures = []
            for cut in GRID:
                cuts[kind] = float(cut)
                figures.append(f1())
            best = np.flatnonzero(np.array(figures) >= max(figures) - 1e-9)
            cuts[kind] = float(GRID[best[len(best) // 2]])
    return cuts


def min_confidence(pictures: Sequence[Judged]) -> float:
    """The lowest limit above which what the detector says is what is there."""
    true, said = (np.concatenate([getattr(p, name) for p in pictures]) for name in ("true", "said"))
    confidence = np.concatenate([p.confidence for p in pictures])
    there = true != EMPTY
    for limit in np.round(np.arange(0.30, 0.96, 0.01), 2):
        sure = (confidence >= limit) & (said != MISSED)
        seen_empty = (there & sure & (said == EMPTY)).sum() / max(1, there.sum())
        wrong = (sure & (said != true)).sum() / max(1, sure.sum())
        if seen_empty <= MOST_SEEN_EMPTY and wrong <= MOST_WRONG_KIND:
            return float(limit)
    return 0.95
