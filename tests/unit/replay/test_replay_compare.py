"""Differences that a person can read, and a comparison that misses none."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delid.core import (
    Code,
    Damage,
    DamageKind,
    Fastener,
    FastenerKind,
    FrameFacts,
    HazardClass,
    Inspection,
    PackStatus,
    PackVerdict,
    Quality,
    Record,
    RecordingError,
)
from delid.replay import (
    FrameSeam,
    Outcome,
    Reference,
    Seams,
    Tolerance,
    check_tolerances,
    compare_frames,
    compare_lines,
    decision_lines,
    frame_seams,
    load_reference,
    save_reference,
)

LINES = [("state", "Idle -> Starting"), ("lid.01", "done"), ("state", "Starting -> Execute"), ("lid.02", "done")]
SCORES = {"pack.confidence": 0.98, "damage.severity.dent": 0.4}
FRAME = FrameSeam("r/s/look#1.0", 1, {"pack": "known a", "hazard": "B"}, SCORES)
TOLERANCES = {"pack.confidence": Tolerance(0.01, "rounding")}


def words(found) -> list[str]:
    return [str(difference) for difference in found]


def test_equal_lines_have_no_difference():
    assert compare_lines("decision", LINES, list(LINES)) == []


def test_a_changed_line_is_shown_with_what_it_was():
    now = [*LINES[:1], ("lid.01", "failed"), *LINES[2:]]
    assert words(compare_lines("decision", now, LINES)) == ["decision: lid.01: failed; before: done"]


def test_a_line_more_does_not_shift_the_others():
    now = [LINES[0], ("state", "Starting -> Holding"), *LINES[1:]]
    assert words(compare_lines("d", now, LINES)) == ["d: state: Starting -> Holding; before: nothing"]
    assert words(compare_lines("d", LINES, now)) == ["d: state: nothing; before: Starting -> Holding"]


def test_the_first_difference_in_time_stands_first():
    now = [LINES[0], ("lid.01", "failed"), ("state", "Starting -> Aborting")]
    found = compare_lines("d", now, LINES)
    assert [difference.where for difference in found] == ["lid.01", "state", "lid.02"]


def test_another_order_alone_is_a_difference():
    now = [LINES[0], LINES[3], LINES[2], LINES[1]]
    assert words(compare_lines("d", now, LINES)) == ["d: order, from line 2: lid.02: done; before: lid.01: done"]


lines = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", "z"])), max_size=12)


@given(now=lines, before=lines)
def test_lines_are_without_a_difference_exactly_when_they_are_equal(now, before):
    assert (compare_lines("d", now, before) == []) == (now == before)


def test_exact_fields_must_be_equal():
    now = dataclasses.replace(FRAME, exact={"pack": "unknown", "hazard": "B", "codes": "QRCode 1"})
    assert words(compare_frames([now], [FRAME], TOLERANCES)) == [
        "inspection: look#1.0 frame 1: pack: unknown; before: known a",
        "inspection: look#1.0 frame 1: codes: QRCode 1; before: none",
    ]


@pytest.mark.parametrize(("score", "count"), [(0.98, 0), (0.9899, 0), (0.97, 0), (0.9905, 1), (0.96, 1)])
def test_a_score_may_differ_within_its_tolerance(score, count):
    now = dataclasses.replace(FRAME, scores=SCORES | {"pack.confidence": score})
    assert len(compare_frames([now], [FRAME], TOLERANCES)) == count


def test_a_score_without_a_tolerance_must_be_equal():
    now = dataclasses.replace(FRAME, scores=SCORES | {"damage.severity.dent": 0.4001})
    assert len(compare_frames([now], [FRAME], TOLERANCES)) == 1


def test_a_score_that_is_new_or_gone_is_a_difference():
    now = dataclasses.replace(FRAME, scores={"pack.confidence": 0.98, "damage.severity.burn": 0.2})
    assert words(compare_frames([now], [FRAME], TOLERANCES)) == [
        "inspection: look#1.0 frame 1: damage.severity.dent: none; before: 0.4",
        "inspection: look#1.0 frame 1: damage.severity.burn: 0.2; before: none",
    ]


def test_looks_with_more_or_fewer_frames_are_told_once():
    other = dataclasses.replace(FRAME, look="look.9")
    assert words(compare_frames([other], [FRAME, dataclasses.replace(FRAME, frame=2)], TOLERANCES)) == [
        "inspection: look#1.0: 0 frames; before: 2 frames",
        "inspection: look.9: 1 frames; before: 0 frames",
    ]


def test_an_unused_tolerance_is_an_error():
    check_tolerances(TOLERANCES, [FRAME], [])
    with pytest.raises(RecordingError, match=r"damage\.confidence"):
        check_tolerances(TOLERANCES | {"damage.confidence": Tolerance(0.1, "")}, [FRAME])


# --- facts in words -------------------------------------------------------------------------------------------------


def inspection(**changes) -> Inspection:
    fasteners = [Fastener(f"lid.{n:02d}", FastenerKind.BOLT, (0, 0), None, 0.9) for n in (1, 2, 3, 5, 9, 10)]
    fasteners += [Fastener("lid.04", FastenerKind.EMPTY, (0, 0), None, 0.6)]
    base = Inspection(
        source="overview#1",
        frame=FrameFacts(10, 10, "abc"),
        quality=Quality(True),
        pack=PackVerdict(PackStatus.KNOWN, "a", 0.98),
        damage=(
            Damage(DamageKind.DENT, 0.8, 0.3, (0, 0, 1, 1)),
            Damage(DamageKind.DENT, 0.7, 0.5, (0, 0, 1, 1)),
            Damage(DamageKind.BURN, 0.6, 0.1, (0, 0, 1, 1)),
        ),
        hazard_class=HazardClass.C,
        hazard_reasons=("burn",),
        fasteners=tuple(fasteners),
        codes=(Code("123", "QRCode"),),
    )
    return dataclasses.replace(base, **changes)


def test_a_frame_s_seam_has_classes_exact_and_scores_apart():
    (seam,) = frame_seams(Outcome((("look.1", inspection()),), (), (), ()))
    assert seam.exact == {
        "sha256": "abc",
        "quality": "ok",
        "pack": "known a",
        "damage": "burn, dent",
        "hazard": "C",
        "fasteners.bolt": "lid.01..03, lid.05, lid.09..10",
        "fasteners.empty": "lid.04",
        "codes": "QRCode 123",
    }
    assert seam.scores == {
        "pack.confidence": 0.98,
        "damage.confidence.burn": 0.6,
        "damage.severity.burn": 0.1,
        "damage.confidence.dent": 0.8,
        "damage.severity.dent": 0.5,
        "fasteners.confidence.lowest": 0.6,
        "fasteners.confidence.mean": 0.8571,
    }


def test_a_frame_that_cannot_be_used_has_its_reasons_without_their_numbers():
    bad = inspection(
        quality=Quality(False, ("blurred: sharpness 4", "frozen: same")), damage=(), fasteners=(), codes=()
    )
    (seam,) = frame_seams(Outcome((("look.1", bad),), (), (), ()))
    assert seam.exact["quality"] == "blurred, frozen"
    assert seam.scores == {}


def test_frames_of_a_look_are_counted_from_one():
    seams = frame_seams(Outcome((("a", inspection()), ("a", inspection()), ("b", inspection())), (), (), ()))
    assert [(s.look, s.frame) for s in seams] == [("a", 1), ("a", 2), ("b", 1)]


def test_a_field_that_has_no_words_yet_is_compared_all_the_same():
    record = Record("step", {"key": "r/s/lift", "status": "done", "detail": "", "by": "kim"})
    assert decision_lines(Outcome((), (record,), (), ())) == [("lift", "done"), ("lift", '{"by": "kim"}')]


def test_a_record_of_an_unknown_kind_is_compared_whole():
    record = Record("weather", {"rain": True})
    assert decision_lines(Outcome((), (record,), (), ("x/y/z#1.0",))) == [
        ("weather", '{"rain": true}'),
        ("awaited z#1.0", "no recorded answer for x/y/z#1.0"),
    ]


def test_a_reference_survives_the_way_to_its_file_and_back(tmp_path):
    seams = Seams((FRAME,), (("state", "a: b -> c"), ("x", 'with "quotes" and ü')), ())
    reference = Reference("run", "because", "1.0", {"pack": "sha256:0"}, seams, TOLERANCES)
    save_reference(tmp_path / "deep/run.json", reference)
    assert load_reference(tmp_path / "deep/run.json") == reference
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["run.json"]
