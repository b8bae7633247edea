"""Packs that the network has never seen, each taught from ten pictures: are they known on scenes never seen?

None of the named packs is in the training split, so all of them are left out at once: each is taught from pictures of
the split ``teach`` and judged on another split, against a gallery of all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delid.core import AMBIENT, PackStatus, PackVerdict
from delid.vision import Gallery, OnnxModel, PackThreshold, prepare

from ._gallery import PICTURES, as_gallery, frames_of, looks_of, teach
from ._samples import Sample
from ._thresholds import auroc

Figures = dict[str, Any]
Vectors = NDArray[np.float32]


def leave_one_out(
    model: OnnxModel, samples: Sequence[Sample], packs: Sequence[str], at_s: float, *, count: int = PICTURES,
    split: str = "test",
) -> Figures:  # fmt: skip
    """Figures for each pack and for all: ``full`` light program, and ``ambient``, a single frame.

    Args:
        packs: names of the packs, taught from ``count`` pictures each.
        at_s: seconds since 1970-01-01 UTC, for the galleries' record; no figure depends on it.
        split: where the scenes to be judged, and the strangers among them, come from.
    """
    threshold = model.manifest.thresholds.pack
    assert threshold is not None, "the manifest of a pack_damage model has pack thresholds"
    files = teach(model, samples, packs, at_s, count)
    gallery = as_gallery(files)
    shown = [s for s in samples if s.split == split and s.kind in ("pack", "cell") and s.family in files]
    strangers = [s for s in samples if s.split == split and s.kind == "family"]
    looks = looks_of(model)
    found: Figures = {
        "taught_from": {pack: len(set(gallery.pictures[pack])) for pack in sorted(files)},
        "threshold": {pack: max(gallery.min_scores[pack], threshold.min_score) for pack in sorted(files)},
    }
    for way, used in (("full", looks), ("ambient", ())) if looks else (("ambient", ()),):
        vectors, foreign = _embeddings(model, shown, used), _embeddings(model, strangers, used)
        found[way] = figures_of([s.family for s in shown], vectors, foreign, gallery, threshold)
    return found


def figures_of(
    owners: Sequence[str], vectors: Vectors, strangers: Vectors, gallery: Gallery, threshold: PackThreshold
) -> Figures:
    """Figures from embeddings. Pure.

    Args:
        owners: the true pack of each row of ``vectors``.
        strangers: embeddings of packs that nobody taught.
    """
    verdicts = [gallery.judge(vector, threshold) for vector in vectors]
    own = np.array([_score(gallery, v, owner, threshold) for v, owner in zip(vectors, owners, strict=True)])
    foreign = [gallery.judge(vector, threshold) for vector in strangers]
    best = np.array([gallery.scores(vector, threshold.neighbours)[0].score for vector in strangers])
    by_pack = {pack: _row(pack, owners, verdicts) for pack in sorted(set(owners))}
    unlearnt = [gallery.without(owner).judge(v, threshold) for v, owner in zip(vectors, owners, strict=True)]
    return {
        "all": _counted(list(owners), verdicts),
        "by_pack": by_pack,
        "lowest_share_right": min((row["right"] or 0.0 for row in by_pack.values()), default=None),
        "strangers": len(foreign),
        "strangers_accepted": _share(sum(v.status is PackStatus.KNOWN for v in foreign), len(foreign)),
        "open_set_auroc": None if not len(own) or not len(best) else round(auroc(own, best), 4),
        "own_pack_not_taught_accepted": _share(sum(v.status is PackStatus.KNOWN for v in unlearnt), len(unlearnt)),
    }


def _row(pack: str, owners: Sequence[str], verdicts: Sequence[PackVerdict]) -> Figures:
    mine = [v for v, owner in zip(verdicts, owners, strict=True) if owner == pack]
    called = Counter(v.model or v.status.value for v in mine)
    return {**_counted([pack] * len(mine), mine), "called": dict(sorted(called.items()))}


def _counted(owners: Sequence[str], verdicts: Sequence[PackVerdict]) -> Figures:
    """``right`` of all pictures; ``top1_of_accepted`` of those that are taken for some pack."""
    accepted = [(v, owner) for v, owner in zip(verdicts, owners, strict=True) if v.status is PackStatus.KNOWN]
    right = sum(v.model == owner for v, owner in accepted)
    nearest = sum(bool(v.candidates) and v.candidates[0].model == o for v, o in zip(verdicts, owners, strict=True))
    return {
        "pictures": len(verdicts),
        "right": _share(right, len(verdicts)),
        "top1_of_accepted": _share(right, len(accepted)),
        "rejected": _share(len(verdicts) - len(accepted), len(verdicts)),
        "nearest_is_right": _share(nearest, len(verdicts)),
    }


def _score(gallery: Gallery, vector: Vectors, pack: str, threshold: PackThreshold) -> float:
    return next(c.score for c in gallery.scores(vector, threshold.neighbours) if c.model == pack)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _embeddings(model: OnnxModel, samples: Sequence[Sample], looks: tuple[str, ...]) -> Vectors:
    """One embedding a sample, n x dim."""
    spec = model.manifest.input
    found = []
    for sample in samples:
        frames = frames_of(sample, looks)
        tensor = prepare(frames.pop(AMBIENT), spec, frames)
        found.append(model.run(tensor)["embedding"][0])
    dim = int(model.manifest.output("embedding").shape[-1])
    return np.array(found, np.float32).reshape(len(samples), dim)
