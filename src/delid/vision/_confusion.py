"""How surely the taught packs are told apart: every prototype is judged as if it had not been taught."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from delid.core import PackStatus, PackVerdict

from ._gallery import Gallery, Vectors, score_in
from ._manifest import PackThreshold


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One picture of a pack, judged against everything else that is taught.

    Attributes:
        own: its score against the other pictures of its pack; the lowest, where it was taken under several looks.
        other: the pack that comes nearest besides, and its score; empty and -1 when there is none.
        judged: the pack that it is taken for, ``unknown`` or ``ambiguous``.
    """

    picture: str
    own: float
    other: str
    other_score: float
    judged: str


@dataclass(frozen=True, slots=True)
class ConfusionRow:
    """What the pictures of one pack are taken for, each judged without itself.

    ``lowest_own`` and ``highest_other`` are scores; None where the pack has one picture, which cannot be judged so.
    """

    pack: str
    pictures: int
    judged: Mapping[str, int]
    lowest_own: float | None = None
    highest_other: float | None = None
    nearest_other: str = ""

    @property
    def right(self) -> int:
        return self.judged.get(self.pack, 0)


def leave_one_out(gallery: Gallery, pack: str, threshold: PackThreshold) -> list[LeftOut]:
    """Each picture of a pack judged without itself; nothing when the pack has fewer than two."""
    matrix = gallery.prototypes[pack]
    names = gallery.pictures.get(pack) or tuple(f"prototype {n}" for n in range(1, len(matrix) + 1))
    groups = {name: [k for k, n in enumerate(names) if n == name] for name in dict.fromkeys(names)}
    if len(groups) < 2:
        return []
    found = []
    for name, rows in groups.items():
        rest = np.delete(matrix, rows, axis=0)
        others = gallery.added(pack, rest, gallery.min_scores.get(pack))
        found.append(min((_judged(name, row, others, pack, threshold) for row in matrix[rows]), key=_lead))
    return found


def _judged(name: str, vector: Vectors, gallery: Gallery, pack: str, threshold: PackThreshold) -> LeftOut:
    own = score_in(gallery.prototypes[pack], vector, threshold.neighbours)
    rest = gallery.without(pack).scores(vector, threshold.neighbours)
    other, score = (rest[0].model, rest[0].score) if rest else ("", -1.0)
    return LeftOut(name, round(own, 4), other, round(score, 4), verdict_word(gallery.judge(vector, threshold)))


def _lead(one: LeftOut) -> float:
    return one.own - one.other_score


def verdict_word(verdict: PackVerdict) -> str:
    """The pack that is known, or ``unknown`` or ``ambiguous``."""
    return verdict.model if verdict.status is PackStatus.KNOWN and verdict.model else verdict.status.value


def confusion(gallery: Gallery, threshold: PackThreshold) -> tuple[ConfusionRow, ...]:
    """One row for each taught pack, by name."""
    return tuple(_row(pack, leave_one_out(gallery, pack, threshold)) for pack in sorted(gallery.prototypes))


def _row(pack: str, found: list[LeftOut]) -> ConfusionRow:
    if not found:
        return ConfusionRow(pack, 0, {})
    nearest = max(found, key=lambda one: one.other_score)
    return ConfusionRow(
        pack,
        len(found),
        dict(sorted(Counter(one.judged for one in found).items())),
        min(one.own for one in found),
        nearest.other_score if nearest.other else None,
        nearest.other,
    )
