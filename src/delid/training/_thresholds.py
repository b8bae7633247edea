"""Thresholds chosen from validation figures alone. Pure numbers in, numbers out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delid.vision import Gallery

Floats = NDArray[np.floating]
NEIGHBOURS = 3
AS_GOOD = 0.03
MOST_ALARMS = 0.02
"""Of five kinds of damage each may cry wolf this often at most: a cell that does so daily is not listened to."""

RARELY = 20
"""A grave damage may be ruled out in one of so many validation views, before the odds are halved.

One in 200, as would be right, made three of four sound packs unclear: a cell that always asks is not listened to.
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """A query against a gallery: the best taught pack, its score, and its lead on the next."""

    pack: str
    score: float
    lead: float


def judged(gallery: Gallery, embedding: NDArray[np.float32], neighbours: int = NEIGHBOURS) -> Judged:
    """The gallery's own scoring, before any threshold."""
    found = gallery.scores(embedding, neighbours)
    lead = found[0].score - found[1].score if len(found) > 1 else 2.0
    return Judged(found[0].model, found[0].score, lead)


def min_score(known: Floats, strangers: Floats) -> float:
    """Where as few known packs are refused and strangers accepted as can be; in the middle of that stretch."""
    return _best(known, strangers, lambda hits, alarms: hits / len(known) - alarms / max(1, len(strangers)))


def min_lead(leads: Floats) -> float:
    """Half of the smallest lead that a rightly known pack had on the next one."""
    return float(np.clip(0.5 * leads.min(initial=0.1), 0.0, 0.1))


def damage_threshold(there: Floats, absent: Floats) -> float:
    """A threshold of about the best F1 that cries wolf in at most ``MOST_ALARMS`` of the views without the damage.

    Of a few dozen views one odd picture would decide where exactly the best F1 lies; the middle of all thresholds that
    are as good within ``AS_GOOD`` does not hang on it.
    """

    def f1_when_quiet(hits: float, alarms: float) -> float:
        too_many = alarms > MOST_ALARMS * len(absent)
        return -alarms if too_many else 2 * hits / max(1.0, len(there) + hits + alarms)

    return _best(there, absent, f1_when_quiet, AS_GOOD)


def rule_out(there: Floats) -> float:
    """Below this presence a damage is ruled out: half the odds of what all but one of ``RARELY`` views with it reach.

    Half, because a few dozen validation scenes say little about rare pictures.
    """
    if len(there) == 0:
        return 0.0
    low = float(np.quantile(there, 1 / RARELY, method="lower"))
    return low / (2 - low)


def temperature(logits: Floats, true: NDArray[np.bool_]) -> float:
    """The divisor of logits that makes their probabilities likeliest (Guo et al. 2017, temperature scaling)."""
    grid = np.exp(np.linspace(np.log(0.4), np.log(4.0), 60))
    signs = np.where(true, 1.0, -1.0)
    costs = [float(np.logaddexp(0, -signs * logits / t).mean()) for t in grid]
    return float(grid[int(np.argmin(costs))])


def temperature_of_classes(logits: Floats, true: NDArray[np.int64]) -> float:
    """The divisor of logits (n, classes) that makes the true classes (n) likeliest; for exclusive classes."""
    grid = np.exp(np.linspace(np.log(0.4), np.log(4.0), 60))
    costs = []
    for t in grid:
        scaled = logits / t
        whole = np.logaddexp.reduce(scaled, axis=1)
        costs.append(float((whole - scaled[np.arange(len(true)), true]).mean()))
    return float(grid[int(np.argmin(costs))])


def _best(there: Floats, absent: Floats, good: Callable[[float, float], float], slack: float = 1e-9) -> float:
    values = np.unique(np.concatenate([there, absent]))
    if len(values) == 0:
        return 0.5
    cuts = np.concatenate([[values[0] - 0.02], (values[1:] + values[:-1]) / 2, [values[-1] + 0.02]])
    worth = np.array([good(float((there >= c).sum()), float((absent >= c).sum())) for c in cuts])
    best = np.flatnonzero(worth >= worth.max() - slack)
    # the middle of the widest stretch of (about) equally good cuts
    runs = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)
    run = max(runs, key=lambda r: cuts[r[-1]] - cuts[r[0]])
    return float((cuts[run[0]] + cuts[run[-1]]) / 2)


def auroc(known: Floats, strangers: Floats) -> float:
    """How often a known pack scores higher than a stranger; 0.5 is chance."""
    if len(known) == 0 or len(strangers) == 0:
        return float("nan")
    higher = (known[:, None] > strangers[None, :]).mean()
    return float(higher + 0.5 * (known[:, None] == strangers[None, :]).mean())
