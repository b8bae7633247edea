"""Crops for the model of kinds, and its thresholds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from delid.training._closeups import NEAR_PLAN, CloseUpPlan, board_scene, boards
from delid.training._kind_views import CROP, NOTHING_INDEX, Place, Stand, photo_crop, places_of, seen
from delid.training._samples import Sample
from delid.training._thresholds import temperature_of_classes
from delid.vision import FASTENER_KINDS


def disc(scale: float, at: tuple[float, float] = (100.0, 80.0), radius_mm: float = 6.0) -> Place:
    picture = np.full((160, 200, 3), 40, np.uint8)
    cv2.circle(picture, (round(at[0]), round(at[1])), round(radius_mm / scale), (220, 220, 220), -1, cv2.LINE_AA)
    return Place(picture, scale, at, 0)


@pytest.mark.parametrize("mm_per_px", [0.3, 0.6, 1.3])
def test_a_crop_covers_the_same_millimetres_from_wherever_it_is_seen(mm_per_px: float) -> None:
    place = disc(0.25)
    rng = np.random.default_rng(3)
    areas = []
    for _ in range(12):
        crop, _ = seen(rng, place, place.at_px, mm_per_px)
        assert crop.shape == (64, 64, 3)
        areas.append(float((crop[..., 0].astype(float) - 40).sum() / 180) * (CROP.cover_mm / CROP.size_px) ** 2)
    assert np.mean(areas) == pytest.approx(np.pi * 36, rel=0.12)


def test_a_crop_says_where_the_centre_lies_in_it() -> None:
    place = disc(0.25)
    rng = np.random.default_rng(5)
    off: list[float] = []
    away: list[float] = []
    for _ in range(30):
        crop, where = seen(rng, place, place.at_px, 0.4)
        light = crop[..., 0].astype(float) - 40
        y, x = np.mgrid[0:64, 0:64]
        middle = np.array([(light * x).sum(), (light * y).sum()]) / light.sum() - 31.5
        off.append(float(np.hypot(*(middle - where))))
        away.append(float(np.hypot(*where)) * CROP.cover_mm / CROP.size_px)
    assert max(off) < 0.5
    assert 0.3 < np.median(away) < 2.0


def sample(tmp_path: Path, fasteners: list[dict[str, Any]], decoys: list[dict[str, Any]]) -> Sample:
    path = tmp_path / "train-board-000.jpg"
    cv2.imwrite(str(path), np.full((160, 200, 3), 99, np.uint8))
    return Sample(path, "train", "closeup", "f", {"fasteners": fasteners, "decoys": decoys, "size_px": [200, 160]})


def test_hidden_and_cut_off_fasteners_are_left_out_and_decoys_are_nothing(tmp_path: Path) -> None:
    def at(x: float, y: float, kind: str, hidden: bool = False) -> dict[str, Any]:
        return {"center_px": [x, y], "kind": kind, "hidden": hidden, "mm_per_px": 0.3}

    found = places_of(
        sample(
            tmp_path,
            [at(100, 80, "nut"), at(100, 80, "bolt", hidden=True), at(20, 80, "bolt"), at(100, 158, "empty")],
            [at(90, 70, "rivet")],
        )
    )
    assert [p.kind for p in found] == [FASTENER_KINDS.index("nut"), NOTHING_INDEX]


def test_every_kind_is_drawn_equally_often() -> None:
    place = disc(0.25)
    many = [Place(place.picture, 0.25, place.at_px, kind) for kind in (0, 0, 0, 0, 0, 0, 0, 1, 4)]
    stand, rng = Stand(many), np.random.default_rng(1)
    drawn = [stand.draw(rng)[1] for _ in range(240)]
    assert all(50 < drawn.count(kind) < 110 for kind in (0, 1, 4))


def test_a_photographed_crop_keeps_its_size_and_its_ground() -> None:
    crop = np.full((64, 64, 3), 200, np.uint8)
    found = photo_crop(np.random.default_rng(2), crop)
    assert found.shape == (64, 64, 3)
    assert found.std() < 25


def test_the_plan_for_the_camera_at_the_tool_is_near_and_crowded_and_keeps_other_digests() -> None:
    near = boards(NEAR_PLAN)
    assert {b.band for b in near} == {0}
    crowded = [len(board_scene(b, NEAR_PLAN).fasteners) for b in near[:4]]
    assert min(crowded) > 15
    plain = CloseUpPlan()
    assert plain.sha256() != NEAR_PLAN.sha256()
    assert '"near"' not in repr(plain.sha256())


def test_the_temperature_makes_probabilities_honest() -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 2, (4000, 5))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    true = np.array([rng.choice(5, p=row) for row in chances])
    assert temperature_of_classes(3 * logits, true) == pytest.approx(3.0, rel=0.1)
