"""Several inspections of one pack to one assessment. Disagreement is ambiguous, and ambiguous asks a person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from delid.core import (
    AMBIENT,
    Assessment,
    Code,
    CodeOutcome,
    CodeReading,
    Damage,
    DamageKind,
    Fastener,
    HazardLimits,
    Inspection,
    PackCandidate,
    PackStatus,
    PackVerdict,
    hazard_class,
)

from ._codes import conflict, conflicting
from ._detect import UNPLACED
from ._merge import merge_fasteners

TELLING_FIRST = (
    CodeOutcome.CONFLICT,
    CodeOutcome.READ,
    CodeOutcome.PART_LABEL,
    CodeOutcome.PARTLY_COVERED,
    CodeOutcome.UNREADABLE,
)
"""Which outcome of single frames stands for all: a doubt first, then what was read best."""

CRITICAL = frozenset({DamageKind.LEAK, DamageKind.BURN})
"""One frame is enough for these: to miss one is worse than to look twice."""


def fuse(inspections: Sequence[Inspection], limits: HazardLimits | None = None) -> Assessment:
    """Fuse inspections of the same pack, taken right after one another; ValueError when there are none.

    Frames that failed the quality gate count among ``frames`` but have no say; with no usable frame at all the pack
    cannot be diagnosed and is of class C.
    """
    if not inspections:
        raise ValueError("nothing to fuse: give at least one inspection")
    usable = [i for i in inspections if i.quality.ok]
    pack, agreeing = _fuse_pack(usable)
    damage = _fuse_damage(usable)
    unclear = _fuse_unclear(usable, damage)
    codes = _fuse_codes(usable)
    hazard, reasons = hazard_class(
        damage, pack.status, limits or HazardLimits(), usable_frames=bool(usable), unclear=unclear
    )
    return Assessment(
        pack=pack,
        damage=damage,
        hazard_class=hazard,
        hazard_reasons=reasons,
        fasteners=_fuse_fasteners(usable),
        codes=codes,
        code_status=_fuse_code_status(codes, usable),
        frames=len(inspections),
        agreeing=agreeing,
        sources=tuple(i.source for i in inspections),
        looks=tuple(name for name in usable[0].looks if all(name in i.looks for i in usable)) if usable else (AMBIENT,),
        unclear=unclear,
    )


def _fuse_pack(usable: list[Inspection]) -> tuple[PackVerdict, int]:
    """Known only when all usable frames name the same pack, unknown only when none names or suspects one."""
    if not usable:
        return PackVerdict(PackStatus.UNKNOWN, None, 0.0, reasons=("no usable frame",)), 0
    verdicts = {(i.pack.status, i.pack.model) for i in usable}
    candidates = _mean_candidates(usable)
    status, model = verdicts.pop() if len(verdicts) == 1 else (PackStatus.AMBIGUOUS, None)
    agreeing = sum((i.pack.status, i.pack.model) == (status, model) for i in usable)
    first = next((i for i in usable if i.pack.model == model and i.pack.outline_px), None)
    confidences = [i.pack.confidence for i in usable]
    verdict = PackVerdict(
        status=status,
        model=model,
        confidence=round(sum(confidences) / len(confidences), 4),
        candidates=candidates,
        outline_px=first.pack.outline_px if first else (),
        reasons=() if status is PackStatus.KNOWN else _doubts(usable, candidates),
    )
    return verdict, agreeing


def _doubts(usable: list[Inspection], candidates: tuple[PackCandidate, ...]) -> tuple[str, ...]:
    """Why no pack is named: what the frames say, which pack is nearest over all of them, and why a frame doubts."""
    said = Counter(i.pack.model or i.pack.status.value for i in usable)
    if len(said) > 1:
        voices = ", ".join(f"{count} say {name}" for name, count in sorted(said.items(), key=lambda v: (-v[1], v[0])))
        reasons = [f"{len(usable)} frames disagree: {voices}"]
    else:
        reasons = [f"{len(usable)} of {len(usable)} frames say {next(iter(said))}"]
    if candidates:
        reasons.append(f"nearest over all frames: {candidates[0].model} {candidates[0].score:.2f}")
    doubtful = min((i.pack for i in usable if i.pack.reasons), key=lambda p: (p.confidence, p.reasons), default=None)
    return (*reasons, *(doubtful.reasons if doubtful else ()))


def _mean_candidates(usable: list[Inspection]) -> tuple[PackCandidate, ...]:
    scores: dict[str, list[float]] = defaultdict(list)
    for inspection in usable:
        for candidate in inspection.pack.candidates:
            scores[candidate.model].append(candidate.score)
    # a pack that a frame does not list is no candidate there, so the mean is over all usable frames
    means = [PackCandidate(name, round(sum(values) / len(usable), 4)) for name, values in scores.items()]
    return tuple(sorted(means, key=lambda c: (-c.score, c.model)))


def _fuse_damage(usable: list[Inspection]) -> tuple[Damage, ...]:
    """Kinds seen in at least half of the frames, critical kinds in any; places from the frame that saw it best."""
    by_kind: dict[DamageKind, list[tuple[Damage, ...]]] = defaultdict(list)
    for inspection in usable:
        for kind in {d.kind for d in inspection.damage}:
            by_kind[kind].append(tuple(d for d in inspection.damage if d.kind is kind))
    fused: list[Damage] = []
    for kind, sightings in by_kind.items():
        if 2 * len(sightings) < len(usable) and kind not in CRITICAL:
            continue
        severity = max(d.severity for seen in sightings for d in seen)
        best = max(sightings, key=lambda seen: max(d.confidence for d in seen))
        fused.extend(Damage(kind, d.confidence, severity, d.box_px) for d in best)
    return tuple(sorted(fused, key=lambda d: (-d.confidence, d.kind.value)))


def _fuse_unclear(usable: list[Inspection], damage: tuple[Damage, ...]) -> tuple[Damage, ...]:
    """Of each kind not found, the surest place that any frame finds or leaves unclear."""
    found = {d.kind for d in damage}
    doubted: dict[DamageKind, Damage] = {}
    for inspection in usable:
        for one in (*inspection.damage, *inspection.unclear):
            known = doubted.get(one.kind)
            if one.kind not in found and (known is None or one.confidence > known.confidence):
                doubted[one.kind] = one
    return tuple(sorted(doubted.values(), key=lambda d: (-d.confidence, d.kind.value)))


def _fuse_fasteners(usable: list[Inspection]) -> tuple[Fastener, ...]:
    # what belongs to no place has another number in every frame
    placed = [tuple(f for f in i.fasteners if not f.id.startswith(UNPLACED)) for i in usable]
    return merge_fasteners(placed, [i.source.rpartition("#")[0] or i.source for i in usable])


def _fuse_codes(usable: list[Inspection]) -> tuple[Code, ...]:
    codes: dict[str, Code] = {}
    for inspection in usable:
        for code in inspection.codes:
            codes.setdefault(code.text, code)
    return tuple(codes.values())


def _fuse_code_status(codes: tuple[Code, ...], usable: list[Inspection]) -> CodeReading:
    """The most telling outcome of the frames; codes of different frames that disagree are a conflict too."""
    if texts := conflicting(codes):
        return conflict(texts)
    readings = [i.code_status for i in usable]
    return next((r for outcome in TELLING_FIRST for r in readings if r.outcome is outcome), CodeReading())
