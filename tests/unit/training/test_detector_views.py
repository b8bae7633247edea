"""Close-ups, the views cut from them, what the detector should say of them, and how its answers are counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from delid.core import FastenerKind
from delid.training._closeups import BANDS_MM_PX, SPLITS, CloseUpPlan, board_scene, boards
from delid.training._decoys import DECOYS, add_decoy
from delid.training._evaluate_fasteners import MISSED, confidences, figures_of, judged
from delid.training._fastener_thresholds import best_cuts, calibrated
from delid.training._fastener_views import UNKNOWN, Source, View, board_view, cut, joined, photo_view, targets_of
from delid.training._fasteners import KINDS, Fastener, add_fastener, worn_hexagon
from delid.training._mesh import Bag, Pose
from delid.training._samples import Sample
from delid.vision import FASTENER_KINDS, Detection


def test_no_split_shares_a_seed_or_real_surroundings_with_another(tmp_path: Path) -> None:
    for name in "abcdefgh":
        (tmp_path / f"{name}.exr").touch()
    plan = CloseUpPlan(hdri=str(tmp_path))
    every = boards(plan)
    assert len({b.seed for b in every}) == len({b.name for b in every}) == sum(plan.boards) + sum(plan.lids)
    light: dict[str, set[str | None]] = {split: set() for split in SPLITS}
    for board in every[:60]:
        light[board.split].add(board_scene(board, plan).light.hdri)
    used = [hdris - {None} for hdris in light.values()]
    assert sum(len(part) for part in used) == len(used[0] | used[1] | used[2])


@pytest.mark.parametrize("band", range(len(BANDS_MM_PX)))
def test_a_board_is_seen_at_the_resolution_of_its_band_and_holds_every_kind(band: int) -> None:
    plan = CloseUpPlan()
    seen: set[str] = set()
    for board in [b for b in boards(plan) if b.band == band and not b.lid][:4]:
        scene = board_scene(board, plan)
        distance = float(np.linalg.norm(scene.camera.at_mm))
        low, high = BANDS_MM_PX[band]
        assert low <= distance / scene.camera.focal_px <= high
        seen |= {f.kind for f in scene.fasteners}
        assert board_scene(board, plan).description() == scene.description()
    assert set(KINDS) <= seen
    assert seen - set(KINDS) <= set(DECOYS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fastener_stays_on_its_place(kind: str) -> None:
    for seed in range(12):
        bag = Bag()
        add_fastener(bag, Fastener((30.0, -20.0), kind, "hex_flange", 10.0, (0.5, 0.5, 0.5), None, seed), 4.0)
        points = bag.frozen()[0]
        assert np.abs(points[:, :2] - (30.0, -20.0)).max() < 13.0
        assert points[:, 2].min() > 2.5
        assert points[:, 2].max() < 28.0


@pytest.mark.parametrize("kind", DECOYS)
def test_a_decoy_is_drawn_on_the_lid(kind: str) -> None:
    bag = Bag()
    add_decoy(bag, Pose((5.0, 6.0, 7.0)), kind, 10.0, np.random.default_rng(3))
    points = bag.frozen()[0] if bag.points else np.array([[5.0, 6.0, 7.0]])
    assert np.abs(points[:, :2] - (5.0, 6.0)).max() < 40.0
    assert points[:, 2].min() > 6.0


def test_wear_takes_the_corners_off() -> None:
    rng = np.random.default_rng(1)
    new, worn = (np.linalg.norm(worn_hexagon(10.0, wear, rng), axis=1) for wear in (0.0, 1.0))
    assert new.max() > 5.4
    assert worn.max() < 5.2
    assert worn.min() > 4.0


def source(kinds: list[int], mm_per_px: float = 0.5) -> Source:
    """A grey picture with a white dot at every fastener."""
    picture = np.full((300, 400, 3), 90, np.uint8)
    rng = np.random.default_rng(2)
    centres = np.array([(40 + 60 * (k % 6), 40 + 60 * (k // 6)) for k in range(len(kinds))], float)
    centres += rng.uniform(-8, 8, centres.shape)
    for x, y in centres:
        cv2.circle(picture, (round(x * 16), round(y * 16)), 6 * 16, (255, 255, 255), -1, cv2.LINE_AA, 4)
    return Source(picture, mm_per_px, centres, np.array(kinds, np.int64), centres)


@pytest.mark.parametrize("mm_per_px", [0.35, 0.5, 1.1])
def test_a_fastener_stays_in_the_middle_of_its_dot_at_any_scale_and_turn(mm_per_px: float) -> None:
    whole = source([k % 4 for k in range(24)])
    found = 0
    for seed in range(10):
        view = cut(np.random.default_rng(seed), whole, 256, mm_per_px)
        bright = view.picture.min(axis=2) > 170
        for (x, y), kind in zip(view.centres, view.kinds, strict=True):
            reach = round(9 * 0.5 / mm_per_px)
            if kind == UNKNOWN or not (reach < x < 255 - reach and reach < y < 255 - reach):
                continue
            j, i = round(x), round(y)
            rows, columns = np.nonzero(bright[i - reach : i + reach + 1, j - reach : j + reach + 1])
            assert columns.mean() - reach + j == pytest.approx(x, abs=0.6)
            assert rows.mean() - reach + i == pytest.approx(y, abs=0.6)
            found += 1
    assert found > 20


def test_what_is_cut_off_by_the_edge_is_unknown() -> None:
    view = cut(np.random.default_rng(0), source([0] * 24), 128, 0.5)
    near_edge = ((view.centres < 4) | (view.centres > 123)).any(axis=1)
    assert (view.kinds[near_edge] == UNKNOWN).all()


def test_targets_lie_at_the_cells_of_the_centres() -> None:
    view = View(np.zeros((64, 64, 3), np.uint8), np.array([[21.0, 33.5], [50.0, 10.0]]), np.array([2, UNKNOWN]))
    heat, offset, at, counted = targets_of(view)
    assert np.argwhere(heat == 1.0).tolist() == [[2, 8, 5]]
    assert [4 * (5 + offset[0, 8, 5]) + 1.5, 4 * (8 + offset[1, 8, 5]) + 1.5] == pytest.approx([21.0, 33.5])
    assert at.sum() == 9
    assert counted[0, 2, 12] == 0.0
    assert counted.sum() < counted.size


def test_four_views_become_one() -> None:
    part = View(np.full((32, 32, 3), 7, np.uint8), np.array([[3.0, 4.0]]), np.array([1]))
    whole = joined([part] * 4, 32)
    assert whole.picture.shape == (64, 64, 3)
    assert whole.centres.tolist() == [[3, 4], [35, 4], [3, 36], [35, 36]]


def test_pasted_photographs_are_labelled_where_they_lie() -> None:
    screw, other = np.full((64, 64, 3), 250, np.uint8), np.full((64, 64, 3), 5, np.uint8)
    view = photo_view(np.random.default_rng(1), {0: [screw], UNKNOWN: [other]}, [source([0])])
    assert len(view.centres) > 2
    assert set(view.kinds.tolist()) == {0}
    levels = [view.picture[int(y), int(x)].mean() for x, y in view.centres]
    assert np.median(levels) > view.picture.mean()


def test_a_view_of_many_sources_has_the_models_size() -> None:
    rng = np.random.default_rng(5)
    for _ in range(4):
        assert board_view(rng, [source([0, 1, 2, 3]), source([3], 1.4)]).picture.shape == (256, 256, 3)


def sample(fasteners: list[dict[str, Any]], decoys: list[tuple[float, float]]) -> Sample:
    truth = {
        "size_px": [200, 200],
        "fasteners": [{"hidden": False, "mm_per_px": 0.5} | f for f in fasteners],
        "decoys": [{"center_px": list(at)} for at in decoys],
    }
    return Sample(Path("a.jpg"), "test", "closeup", "family-1", truth)


def seen(x: float, y: float, kind: str, confidence: float) -> Detection:
    return Detection((x, y), FastenerKind(kind), confidence, {FastenerKind(kind): confidence})


def test_found_missed_mistaken_and_imagined_fasteners_are_counted() -> None:
    truth = sample(
        [
            {"kind": "bolt", "center_px": [20.0, 20.0]},
            {"kind": "empty", "center_px": [60.0, 20.0]},
            {"kind": "nut", "center_px": [100.0, 20.0]},
            {"kind": "nut", "center_px": [140.0, 20.0], "hidden": True},
            {"kind": "bolt", "center_px": [1.0, 60.0]},
        ],
        [(20.0, 120.0)],
    )
    found = judged(
        truth,
        [
            seen(20.6, 20.8, "bolt", 0.9),
            seen(61.0, 20.0, "bolt", 0.8),
            seen(141.0, 20.0, "nut", 0.7),  # hidden: neither right nor wrong
            seen(2.0, 60.0, "bolt", 0.7),  # at the edge: neither
            seen(21.0, 121.0, "bolt", 0.6),  # a decoy
            seen(100.0, 27.0, "nut", 0.5),  # 7 px off: missed, and a false alarm
            seen(22.0, 20.0, "bolt", 0.4),  # a second one at the first
        ],
    )
    assert found.said.tolist() == [0, 0, MISSED]
    assert len(found.alarms) == 3
    figures = figures_of([found], 0.85)
    assert figures["fasteners"] == 3
    assert figures["precision"] == pytest.approx(2 / 5)
    assert figures["recall"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["kind_right"] == 0.5
    assert figures["empty_called_bolt"] == 1.0
    assert figures["alarms_on_decoys"] == 1
    assert figures["off_px_median"] == 1.0
    assert figures["off_mm_median"] == 0.5
    assert figures["confusion_true_by_said"]["nut"]["missed"] == 1
    claimed, right = confidences([found])
    assert len(claimed) == 5
    assert right.sum() == 1


def test_confidences_are_calibrated_and_thresholds_chosen() -> None:
    rng = np.random.default_rng(1)
    true_p = rng.uniform(0.05, 0.95, 4000)
    right = rng.uniform(size=4000) < true_p
    logit = np.log(true_p / (1 - true_p))
    timid = 1 / (1 + np.exp(-(0.5 * logit - 0.4)))
    temperature, shift = calibrated(timid, right)
    assert temperature == pytest.approx(0.5, abs=0.06)
    assert shift == pytest.approx(0.8, abs=0.15)
    truth = sample([{"kind": "bolt", "center_px": [20.0 + 30 * k, 50.0]} for k in range(5)], [])
    good = [seen(20.0 + 30 * k, 50.0, "bolt", 0.6) for k in range(5)]
    bad = [seen(20.0 + 30 * k, 120.0, "bolt", 0.3) for k in range(5)]
    cuts = best_cuts([judged(truth, good + bad)])
    assert 0.3 < cuts["bolt"] <= 0.6
    assert set(cuts) == set(FASTENER_KINDS)
