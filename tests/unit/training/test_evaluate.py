"""Figures of an evaluation from answers that are written down by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from answers_kit import TOP, answers, manifest, sample, see

from delid.core import Damage, DamageKind, HazardLimits, PackStatus, hazard_class
from delid.training._evaluate import (
    box_overlaps,
    damage_figures,
    hazard_figures,
    newly_taught,
    overlap,
    true_damage,
    verdicts_of,
)
from delid.training._samples import Sample
from delid.vision import DAMAGE_KINDS, DamageVerdict


def test_a_family_taught_from_its_other_pictures() -> None:
    samples = [sample("family-1"), sample("family-1"), sample("family-2"), sample("family-2")]
    said = answers([1, 0, 0], [0.9, 0.1, 0], [0, 1, 0], [1, 0.1, 0])
    assert newly_taught(samples, said) == {"families": 2, "pictures": 4, "nearest_is_right": 0.75}


def test_damage_found_missed_and_imagined() -> None:
    samples = [sample("a", ("burn", [160, 64, 191, 95])), sample("a", ("burn", [0, 0, 20, 20])), sample("a")]
    said = answers([1, 0, 0], [1, 0, 0], [1, 0, 0])
    see(said, 0, "burn", (160, 72, 192, 96))
    see(said, 2, "dent", (40, 40, 48, 48), 0.7)
    figures = damage_figures(samples, said, manifest())
    assert figures["by_kind"]["burn"] == {"present": 2, "precision": 1.0, "recall": 0.5, "f1": 0.6667}
    assert figures["by_kind"]["dent"]["precision"] == 0.0
    assert figures["macro_f1"] == 0.6667
    assert (figures["sound_pictures"], figures["sound_called_damaged"]) == (1, 1.0)
    assert (figures["damaged_called_sound"], figures["damaged_nothing_found"]) == (0.5, 0.5)
    assert (figures["boxes"], figures["box_iou_of_0.5"]) == (2, 0.5), "a box that was missed counts too"
    assert figures["box_iou_median"] == pytest.approx(0.375, abs=0.03)
    assert figures["severity_mean_error"] == pytest.approx(0.1)
    assert figures["calibration"]["count"] == 15


def test_the_worst_error_is_to_call_a_hazardous_pack_a_sound_one() -> None:
    limits = HazardLimits()
    burn, dent = ("burn", [160, 64, 191, 95]), ("dent", [160, 64, 191, 95])
    samples = [sample("a", burn, severity=0.9), sample("a", burn, severity=0.9), sample("a"), sample("a", dent)]
    burnt = (Damage(DamageKind.BURN, 0.9, 0.9, (0, 0, 9, 9)),)
    found = [DamageVerdict(one) for one in ((), burnt, burnt, true_damage(samples[3]))]
    figures = hazard_figures(samples, found, limits)
    dented = figures_of_class(true_damage(samples[3]))
    assert (figures["hazard_c_pictures"], figures["hazard_c_called_a"]) == (2, 0.5)
    assert (figures["C_called_A"], figures["C_called_C"], figures["A_called_C"]) == (1, 1, 1)
    assert figures[f"{dented}_called_{dented}"] == 1
    assert "B_called_A" not in figures, "what never happened is not in the table"
    asked = hazard_figures(samples, [DamageVerdict((), burnt), *found[1:]], limits)
    assert (asked["C_called_B"], asked["hazard_c_called_a"]) == (1, 0.0), "what is unclear is asked about"


def figures_of_class(damages: tuple[Damage, ...]) -> str:
    return hazard_class(damages, PackStatus.KNOWN, HazardLimits())[0].value


def test_without_a_hazardous_pack_there_is_no_share_of_them() -> None:
    figures = hazard_figures([sample("a")], [DamageVerdict(())], HazardLimits())
    assert (figures["hazard_c_pictures"], figures["hazard_c_called_a"]) == (0, None)


def test_every_true_box_is_measured_by_the_best_box_of_that_kind() -> None:
    samples = [
        sample("a", ("burn", [0, 0, 10, 10]), ("burn", [100, 100, 110, 110]), ("dent", [50, 50, 60, 60])),
        sample("a", ("leak", [0, 0, 10, 10])),
    ]
    near, far = (0.0, 0.0, 10.0, 5.0), (200.0, 200.0, 210.0, 210.0)
    found = [
        tuple(Damage(DamageKind.BURN, 0.9, 0.5, box) for box in (far, near)),
        (Damage(DamageKind.BURN, 0.9, 0.5, (0.0, 0.0, 10.0, 10.0)),),
    ]
    assert box_overlaps(samples, found) == [0.5, 0.0, 0.0, 0.0], "of every true box, found or not"
    unseen = Sample(
        Path("none.jpg"), "test", "pack", "a", {"damages": [{"kind": "burn", "severity": 1.0, "box_px": None}]}
    )
    assert box_overlaps([unseen], found[1:]) == []


def test_a_kind_is_there_by_its_presence_and_lies_where_its_heat_reaches_the_region() -> None:
    said = answers([1, 0, 0], [1, 0, 0])
    for view, presence in ((0, 0.8), (1, 0.4)):
        see(said, view, "leak", (80, 80, 120, 120), presence)
        said.heat[view, DAMAGE_KINDS.index("leak"), TOP + 8 : TOP + 17, 8:17] += 0.3
        np.minimum(said.heat, 0.95, out=said.heat)
    wide, narrow = (verdicts_of(said, manifest(region)) for region in (0.25, 0.6))
    assert wide[1].found == narrow[1].found == (), "hot, and yet not there"
    assert [d.confidence for d in wide[0].found] == [pytest.approx(0.8)]
    assert wide[0].found[0].box_px == pytest.approx((63.5, 63.5, 135.5, 135.5))
    assert narrow[0].found[0].box_px == pytest.approx((79.5, 79.5, 119.5, 119.5))
    leak = DAMAGE_KINDS.index("leak")
    assert said.boxes(1, leak, 0.6) == [narrow[0].found[0].box_px], "whatever its presence"


def test_a_single_frame_has_thresholds_of_its_own() -> None:
    for raking, count in ((True, 1), (False, 0)):
        said = answers([1, 0, 0], raking=raking)
        see(said, 0, "swelling", (80, 80, 160, 160), 0.6)
        assert len(verdicts_of(said, manifest(single=0.7))[0].found) == count
        assert len(verdicts_of(said, manifest())[0].found) == 1, "where none are given, those of the full program count"


def test_some_of_the_answers_are_those_of_their_views() -> None:
    said = answers([1, 0, 0], [0, 1, 0], [0, 0, 1])
    see(said, 2, "dent", (40, 40, 48, 48))
    part = said.part([2, 0])
    assert part.embedding.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert len(part.sizes) == 2
    assert [len(one.found) for one in verdicts_of(part, manifest())] == [1, 0]


def test_the_region_with_most_boxes_right_is_chosen() -> None:
    pytest.importorskip("torch", reason="exporting needs delid[train]")
    from delid.training._export_pack import REGIONS, _region

    owners = [sample("a", ("leak", [80, 80, 119, 119]))] * 4
    said = answers(*[[1.0, 0.0, 0.0]] * 4)
    see(said, 0, "leak", (80, 80, 120, 120))
    said.heat[0, DAMAGE_KINDS.index("leak"), TOP + 4 : TOP + 22, 4:22] = np.maximum(
        said.heat[0, DAMAGE_KINDS.index("leak"), TOP + 4 : TOP + 22, 4:22], 0.42
    )
    right = [region for region in REGIONS if 0.42 < region <= 0.9]
    assert _region(said, owners, "leak") == right[len(right) // 2]


def test_boxes_overlap() -> None:
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1.0
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0.0
