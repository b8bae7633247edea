"""The inspection seam: what must be equal of each frame, and scores that may differ a little."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from delid.core import AMBIENT, Damage, Fastener, Inspection, Located

from ._lines import short
from ._run import Outcome


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The largest difference of a score, and why there may be one."""

    within: float
    reason: str


_ROUNDING = "float32 sums run in another order on another processor or onnxruntime"
DEFAULT_TOLERANCES: dict[str, Tolerance] = {
    "pack.confidence": Tolerance(0.005, f"a cosine similarity; {_ROUNDING}"),
    "damage.confidence": Tolerance(0.01, f"a sigmoid, steepest at the threshold; {_ROUNDING}"),
    "damage.severity": Tolerance(0.02, f"read at the peak of a coarse map; {_ROUNDING}"),
    "fasteners.confidence": Tolerance(0.01, f"a softmax; {_ROUNDING}"),
    "located.confidence": Tolerance(0.01, f"a peak of a heat map; {_ROUNDING}"),
    "located.x_mm": Tolerance(0.02, f"read between the pixels of a heat map; {_ROUNDING}"),
    "located.y_mm": Tolerance(0.02, f"read between the pixels of a heat map; {_ROUNDING}"),
}
"""Score to tolerance for new references; a reference keeps its own."""


@dataclass(frozen=True, slots=True)
class FrameSeam:
    """One frame of one look. ``exact`` must be equal, ``scores`` within the tolerance of their name's first parts."""

    look: str
    frame: int
    exact: Mapping[str, str]
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{short(self.look)} frame {self.frame}"


def frame_seams(outcome: Outcome) -> list[FrameSeam]:
    """One entry for each inspected frame, in order; frames of a look are counted from 1."""
    counts: dict[str, int] = defaultdict(int)
    seams = []
    for look, inspection in outcome.inspections:
        counts[look] += 1
        seams.append(FrameSeam(look, counts[look], _exact(inspection), scores_of(inspection)))
    for digest, located in outcome.located:
        counts[located.id] += 1
        seams.append(_fine_seam(counts[located.id], digest, located))
    return seams


def _fine_seam(frame: int, digest: str, located: Located) -> FrameSeam:
    found = located.found
    exact = {"sha256": digest, "found": found.kind.value if found else f"nothing: {located.detail}"}
    if found is None:
        return FrameSeam(located.id, frame, exact)
    scores = {"confidence": found.confidence, "x_mm": found.center_mm[0], "y_mm": found.center_mm[1]}
    return FrameSeam(located.id, frame, exact, {f"located.{k}": round(v, 4) for k, v in scores.items()})


def field_of(score: str) -> str:
    """The tolerance's name of a score: ``damage.severity`` for ``damage.severity.dent``."""
    return ".".join(score.split(".")[:2])


def _exact(found: Inspection) -> dict[str, str]:
    exact = {
        "sha256": found.frame.sha256,
        "quality": "ok" if found.quality.ok else ", ".join(r.split(":")[0] for r in found.quality.reasons),
        "pack": f"{found.pack.status.value} {found.pack.model or ''}".strip(),
        "damage": ", ".join(sorted({d.kind.value for d in found.damage})) or "none",
        "hazard": found.hazard_class.value,
    }
    for kind, ids in sorted(_ids_by_kind(found.fasteners).items()):
        exact[f"fasteners.{kind}"] = _spans(ids)
    if found.looks != (AMBIENT,):
        exact["looks"] = ", ".join(found.looks)
    if found.codes:
        exact["codes"] = ", ".join(sorted(f"{c.symbology} {c.text}" for c in found.codes))
    return exact


def scores_of(found: Inspection) -> dict[str, float]:
    """The scores of one inspection by name, rounded as they are compared."""
    scores: dict[str, float] = {}
    if found.quality.ok:
        scores["pack.confidence"] = found.pack.confidence
    for kind, some in sorted(_by_kind(found.damage).items()):
        scores[f"damage.confidence.{kind}"] = max(d.confidence for d in some)
        scores[f"damage.severity.{kind}"] = max(d.severity for d in some)
    if found.fasteners:
        scores["fasteners.confidence.lowest"] = min(f.confidence for f in found.fasteners)
        scores["fasteners.confidence.mean"] = sum(f.confidence for f in found.fasteners) / len(found.fasteners)
    return {name: round(value, 4) for name, value in scores.items()}


def _by_kind(damage: Iterable[Damage]) -> dict[str, list[Damage]]:
    found: dict[str, list[Damage]] = defaultdict(list)
    for one in damage:
        found[one.kind.value].append(one)
    return found


def _ids_by_kind(fasteners: Iterable[Fastener]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for fastener in fasteners:
        found[fastener.kind.value].append(fastener.id)
    return found


def _spans(ids: list[str]) -> str:
    """``lid.01..12, lid.14``: runs of ids that are numbered one after another."""
    places = sorted((name.rpartition(".")[0], int(name.rpartition(".")[2]), name) for name in ids)
    words = []
    for _, run in itertools.groupby(enumerate(places), key=lambda p: (p[1][0], p[1][1] - p[0])):
        names = [place[2] for _, place in run]
        last = names[-1].rpartition(".")[2]
        words.append(names[0] if len(names) == 1 else f"{names[0]}..{last}")
    return ", ".join(words)
