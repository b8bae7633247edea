"""Several inspections to one assessment: the rules, one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delid.core import (
    Code,
    CodeOutcome,
    CodeReading,
    Damage,
    DamageKind,
    Fastener,
    FastenerKind,
    FrameFacts,
    HazardClass,
    HazardLimits,
    Inspection,
    PackCandidate,
    PackStatus,
    PackVerdict,
    Quality,
)
from delid.vision import fuse

BOX = (0.0, 0.0, 10.0, 10.0)
NO_CODE = CodeReading()
FACTS = FrameFacts(1600, 1200, "0" * 64)


def seen(
    model: str | None = "a",
    status: PackStatus | None = None,
    *,
    score: float = 0.9,
    ok: bool = True,
    damage: tuple[Damage, ...] = (),
    fasteners: tuple[Fastener, ...] = (),
    codes: tuple[Code, ...] = (),
    source: str = "overview#1",
    code_status: CodeReading = NO_CODE,
) -> Inspection:
    status = status or (PackStatus.KNOWN if model else PackStatus.UNKNOWN)
    verdict = PackVerdict(status, model, score, (PackCandidate("a", score), PackCandidate("b", score / 2)),
                          ((1.0, 2.0),) if model else ())  # fmt: skip
    return Inspection(
        source, FACTS, Quality(ok), verdict, damage, HazardClass.A, (), fasteners, codes, code_status=code_status
    )


def damaged(kind: DamageKind, confidence: float = 0.8, severity: float = 0.3) -> tuple[Damage, ...]:
    return (Damage(kind, confidence, severity, BOX),)


AMBIGUOUS = seen(None, PackStatus.AMBIGUOUS)


@pytest.mark.parametrize(
    ("inspections", "status", "model", "agreeing"),
    [
        ([seen("a"), seen("a"), seen("a")], PackStatus.KNOWN, "a", 3),
        ([seen("a")], PackStatus.KNOWN, "a", 1),
        ([seen("a"), seen("a"), seen("b")], PackStatus.AMBIGUOUS, None, 0),
        ([seen("a"), seen("a"), seen(None)], PackStatus.AMBIGUOUS, None, 0),
        ([seen("a"), AMBIGUOUS], PackStatus.AMBIGUOUS, None, 1),
        ([AMBIGUOUS, AMBIGUOUS], PackStatus.AMBIGUOUS, None, 2),
        ([seen(None), seen(None)], PackStatus.UNKNOWN, None, 2),
        ([seen("a"), seen("a"), seen("b", ok=False)], PackStatus.KNOWN, "a", 2),
        ([seen(None, ok=False)], PackStatus.UNKNOWN, None, 0),
    ],
)
def test_the_pack_by_agreement(
    inspections: list[Inspection], status: PackStatus, model: str | None, agreeing: int
) -> None:
    found = fuse(inspections)
    assert (found.pack.status, found.pack.model, found.agreeing) == (status, model, agreeing)
    assert found.frames == len(inspections)


def test_a_doubt_comes_with_what_the_frames_said_and_the_nearest_miss() -> None:
    assert fuse([seen("a"), seen("a")]).pack.reasons == ()
    assert fuse([seen("a"), seen("b"), seen("a")]).pack.reasons == (
        "3 frames disagree: 2 say a, 1 say b",
        "nearest over all frames: a 0.90",
    )
    why = "nearest is a with 0.40, at least 0.60 is needed"
    stranger = seen(None, score=0.4)
    stranger = replace(stranger, pack=replace(stranger.pack, reasons=(why,)))
    assert fuse([stranger, seen("a")]).pack.reasons == (
        "2 frames disagree: 1 say a, 1 say unknown",
        "nearest over all frames: a 0.65",
        why,
    )
    assert fuse([stranger, stranger]).pack.reasons == (
        "2 of 2 frames say unknown",
        "nearest over all frames: a 0.40",
        why,
    )
    assert fuse([seen("a", ok=False)]).pack.reasons == ("no usable frame",)


def test_candidates_and_confidence_are_means_over_the_usable_frames() -> None:
    found = fuse([seen("a", score=0.9), seen("a", score=0.8), seen("a", score=0.1, ok=False)])
    assert found.pack.candidates == (PackCandidate("a", 0.85), PackCandidate("b", 0.425))
    assert found.pack.confidence == 0.85
    assert found.pack.outline_px == ((1.0, 2.0),)


def test_no_usable_frame_cannot_be_diagnosed() -> None:
    found = fuse([seen("a", ok=False, damage=damaged(DamageKind.DENT)), seen("a", ok=False)])
    assert (found.hazard_class, found.hazard_reasons) == (
        HazardClass.C,
        ("cannot be diagnosed: no usable frame",),
    )
    assert (found.damage, found.pack.confidence, found.frames) == ((), 0.0, 2)


@pytest.mark.parametrize(
    ("kind", "sightings", "frames", "kept"),
    [
        (DamageKind.DENT, 1, 2, True),
        (DamageKind.DENT, 1, 3, False),
        (DamageKind.DENT, 2, 3, True),
        (DamageKind.CORROSION, 1, 4, False),
        (DamageKind.SWELLING, 1, 3, False),
        (DamageKind.LEAK, 1, 5, True),
        (DamageKind.BURN, 1, 5, True),
    ],
)
def test_damage_in_half_of_the_frames_and_critical_damage_in_any(
    kind: DamageKind, sightings: int, frames: int, kept: bool
) -> None:
    found = fuse([seen(damage=damaged(kind) if n < sightings else ()) for n in range(frames)])
    assert [d.kind for d in found.damage] == ([kind] if kept else [])
    # what only a few frames see is not found, and not ruled out either
    assert [d.kind for d in found.unclear] == ([] if kept else [kind])
    assert found.hazard_class is not HazardClass.A


def test_what_no_frame_finds_and_one_leaves_unclear_is_unclear() -> None:
    doubts = [damaged(DamageKind.LEAK, 0.2), damaged(DamageKind.LEAK, 0.3), ()]
    found = fuse([replace(seen(), unclear=doubt) for doubt in doubts])
    assert (found.damage, found.unclear) == ((), damaged(DamageKind.LEAK, 0.3))
    assert found.hazard_class is HazardClass.B
    assert found.hazard_reasons == ("leak is neither found nor ruled out (0.30)",)
    sure = fuse([replace(seen(), unclear=doubts[0]), seen(damage=damaged(DamageKind.LEAK))])
    assert (sure.unclear, sure.hazard_class) == ((), HazardClass.C)


def test_damage_takes_the_worst_severity_and_the_place_of_the_best_sight() -> None:
    first = (Damage(DamageKind.DENT, 0.7, 0.9, (1.0, 1.0, 2.0, 2.0)),)
    second = (
        Damage(DamageKind.DENT, 0.95, 0.2, (5.0, 5.0, 6.0, 6.0)),
        Damage(DamageKind.DENT, 0.6, 0.2, (7.0, 7.0, 8.0, 8.0)),
    )
    found = fuse([seen(damage=first), seen(damage=second)])
    assert found.damage == (
        Damage(DamageKind.DENT, 0.95, 0.9, (5.0, 5.0, 6.0, 6.0)),
        Damage(DamageKind.DENT, 0.6, 0.9, (7.0, 7.0, 8.0, 8.0)),
    )
    assert found.hazard_class is HazardClass.C, "0.9 is over the limit of a dent"
    assert fuse([seen(damage=first)], HazardLimits(dent_severity=0.95)).hazard_class is HazardClass.B


def bolt(kind: FastenerKind, confidence: float, name: str = "lid.01") -> Fastener:
    return Fastener(name, kind, (1.0, 2.0), (3.0, 4.0), confidence)


def test_fasteners_by_majority_weighted_by_confidence() -> None:
    votes = [(FastenerKind.BOLT, 0.9), (FastenerKind.EMPTY, 0.5), (FastenerKind.BOLT, 0.8)]
    found = fuse([seen(fasteners=(bolt(kind, confidence),)) for kind, confidence in votes])
    assert found.fasteners == (bolt(FastenerKind.BOLT, round(1.7 / 3, 4)),)
    sure = [(FastenerKind.EMPTY, 0.99), (FastenerKind.BOLT, 0.4), (FastenerKind.BOLT, 0.4)]
    found = fuse([seen(fasteners=(bolt(kind, confidence),)) for kind, confidence in sure])
    assert [(f.kind, f.confidence) for f in found.fasteners] == [(FastenerKind.EMPTY, 0.33)]


def test_fasteners_of_unusable_frames_have_no_vote_and_ids_stand_in_order() -> None:
    found = fuse(
        [
            seen(fasteners=(bolt(FastenerKind.BOLT, 0.9, "lid.02"),)),
            seen(ok=False, fasteners=(bolt(FastenerKind.EMPTY, 0.99, "lid.02"),)),
            seen(fasteners=(bolt(FastenerKind.BOLT, 0.9, "lid.01"),)),
        ]
    )
    assert [(f.id, f.kind) for f in found.fasteners] == [("lid.01", FastenerKind.BOLT), ("lid.02", FastenerKind.BOLT)]


def test_codes_by_text_in_the_order_they_were_seen() -> None:
    one, again, two = Code("X", "QRCode"), Code("X", "DataMatrix"), Code("Y", "Code128")
    found = fuse([seen(codes=(one,)), seen(codes=(again, two))])
    assert found.codes == (one, two)


def battery_code(text: str) -> Code:
    return Code(text, "QRCode", "GB/T 34014", {"product": "pack"})


def outcomes(*found: CodeOutcome) -> list[Inspection]:
    return [seen(code_status=CodeReading(outcome, (outcome.value,))) for outcome in found]


@pytest.mark.parametrize(
    ("frames", "outcome"),
    [
        ((CodeOutcome.UNREADABLE, CodeOutcome.READ, CodeOutcome.NONE), CodeOutcome.READ),
        ((CodeOutcome.UNREADABLE, CodeOutcome.PARTLY_COVERED), CodeOutcome.PARTLY_COVERED),
        ((CodeOutcome.PART_LABEL, CodeOutcome.PARTLY_COVERED), CodeOutcome.PART_LABEL),
        ((CodeOutcome.READ, CodeOutcome.CONFLICT), CodeOutcome.CONFLICT),
        ((CodeOutcome.NONE, CodeOutcome.NONE), CodeOutcome.NONE),
    ],
)
def test_the_most_telling_outcome_of_the_codes_stands(frames: tuple[CodeOutcome, ...], outcome: CodeOutcome) -> None:
    status = fuse(outcomes(*frames)).code_status
    assert status.outcome is outcome
    assert status.reasons == (() if outcome is CodeOutcome.NONE else (outcome.value,))


def test_frames_that_read_different_packs_disagree() -> None:
    read = CodeReading(CodeOutcome.READ)
    frames = [seen(codes=(battery_code(t),), code_status=read) for t in ("ONE", "TWO")]
    assert fuse(frames[:1] * 2).code_status == read
    status = fuse(frames).code_status
    assert status.outcome is CodeOutcome.CONFLICT
    assert status.reasons == ("battery codes that disagree: ONE, TWO",)


def test_sources_name_every_frame() -> None:
    assert fuse([seen(source="overview#1"), seen(source="overview#2", ok=False)]).sources == (
        "overview#1",
        "overview#2",
    )


def test_nothing_cannot_be_fused() -> None:
    with pytest.raises(ValueError, match="nothing to fuse"):
        fuse([])


inspections = st.builds(
    seen,
    st.sampled_from(["a", "b", None]),
    ok=st.booleans(),
    score=st.floats(0, 1),
    damage=st.lists(st.sampled_from([damaged(k)[0] for k in DamageKind]), max_size=3, unique=True).map(tuple),
)


@given(st.lists(inspections, min_size=1, max_size=6), st.randoms())
def test_the_order_of_the_frames_does_not_change_what_is_found(frames: list[Inspection], random: object) -> None:
    mixed = frames.copy()
    random.shuffle(mixed)  # type: ignore[attr-defined]
    first, second = fuse(frames), fuse(mixed)
    assert (first.pack.status, first.pack.model, first.agreeing) == (
        second.pack.status,
        second.pack.model,
        second.agreeing,
    )
    assert {d.kind for d in first.damage} == {d.kind for d in second.damage}
    assert first.hazard_class is second.hazard_class


@given(st.lists(inspections, min_size=1, max_size=6))
def test_a_critical_sight_is_never_fused_away(frames: list[Inspection]) -> None:
    critical = {DamageKind.LEAK, DamageKind.BURN}
    if any(d.kind in critical for i in frames if i.quality.ok for d in i.damage):
        assert fuse(frames).hazard_class is HazardClass.C
