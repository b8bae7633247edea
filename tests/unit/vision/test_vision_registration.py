"""Register a pack: where it lies, how surely, and what cannot be told."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import registration_kit as kit
from hypothesis import given, settings
from hypothesis import strategies as st

from delid.config import PackFile, load_pack
from delid.core import FastenerKind
from delid.vision import PackPose, PoseStatus, locate_fasteners, register_pack
from delid.vision._pose_places import circle_95


@pytest.fixture(scope="session")
def pack() -> PackFile:
    """Its bolts look the same turned by 180 degrees."""
    path = Path(__file__).resolve().parents[3] / "cell_configs/packs/vw-meb-82.yaml"
    return load_pack(path).model_copy(update={"geometry": "taught"})


def errors_mm(pose: PackPose, truth: kit.Scene) -> dict[str, float]:
    return {name: math.dist(place.center_mm, truth.truth_mm[name]) for name, place in pose.places.items()}


poses = st.tuples(st.floats(-58, 58), st.floats(-58, 58), st.floats(-4.8, 4.8))


@settings(max_examples=25)
@given(poses, st.integers(0, 2**32), st.floats(-8, 8))
def test_any_pose_in_range_is_found_to_the_millimetre(
    pack: PackFile, pose: tuple[float, float, float], seed: int, height_mm: float
) -> None:
    view = kit.overview()
    seen = kit.scene(pack, view, np.random.default_rng(seed), pose, height_mm=height_mm)
    found = register_pack(seen.spots, None, pack, view, center_sigma_px=0.5)
    assert found.status is PoseStatus.OK
    assert math.dist(found.shift_mm, pose[:2]) < 1.5
    assert found.turn_deg == pytest.approx(pose[2], abs=0.1)
    assert found.height_mm == pytest.approx(height_mm, abs=3)
    errors = errors_mm(found, seen)
    assert np.median(list(errors.values())) <= 1.0
    assert all(seen.source[name] == place.detection or errors[name] < 8 for name, place in found.places.items())


@pytest.mark.parametrize(("geometry", "build_mm"), [("taught", 0.4), ("approximate", 2.0)])
def test_the_stated_circle_holds_about_95_of_100(pack: PackFile, geometry: str, build_mm: float) -> None:
    view = kit.overview()
    pack = pack.model_copy(update={"geometry": geometry})
    rng = np.random.default_rng(3)
    inside: dict[bool, list[bool]] = {True: [], False: []}
    errors = []
    for _ in range(40):
        pose = (rng.uniform(-55, 55), rng.uniform(-55, 55), rng.uniform(-4.5, 4.5))
        seen = kit.scene(pack, view, rng, pose, build_mm=build_mm, height_mm=rng.normal(0, 3))
        found = register_pack(seen.spots, None, pack, view, center_sigma_px=0.5)
        for name, error in errors_mm(found, seen).items():
            inside[found.places[name].detection is not None].append(error <= found.places[name].uncertainty_mm)
            errors.append(error)
    assert 0.92 <= np.mean(inside[True]) <= 0.99
    assert 0.92 <= np.mean(inside[False]) <= 1.0
    assert np.median(errors) <= 1.0 if build_mm < 1 else np.median(errors) <= 1.5


def test_lens_distortion_is_taken_out_before(pack: PackFile) -> None:
    lens = [-0.22, 0.06, 0.001, -0.0008, 0.0]
    view = kit.overview(distortion=lens)
    seen = kit.scene(pack, view, np.random.default_rng(1), (20, -30, 2), noise_px=0.05, missing=0.1)
    found = register_pack(seen.spots, None, pack, view)
    blind = register_pack(seen.spots, None, pack, kit.overview())
    assert np.median(list(errors_mm(found, seen).values())) < 0.15
    assert np.median(list(errors_mm(blind, seen).values())) > 5


def test_a_fixture_that_is_turned_itself(pack: PackFile) -> None:
    view = kit.overview(rotation_deg=30)
    seen = kit.scene(pack, view, np.random.default_rng(1), (40, 10, 3), noise_px=0.1)
    found = register_pack(seen.spots, None, pack, view)
    x, y = kit.moved([(40, 10)], 0, 0, 30)[0]
    assert found.shift_mm == pytest.approx((x, y), abs=0.5), "along the robot's axes"
    assert max(errors_mm(found, seen).values()) < 1


def test_a_symmetric_pattern_does_not_tell_which_way_round_it_lies(pack: PackFile) -> None:
    view = kit.overview()
    seen = kit.scene(pack, view, np.random.default_rng(1))
    found = register_pack(seen.spots, None, pack, view)
    assert found.turned is None
    assert "same turned by 180" in found.reason
    lopsided = kit.lopsided(pack)
    seen = kit.scene(lopsided, view, np.random.default_rng(1), false=0.1, missing=0.1)
    assert register_pack(seen.spots, None, lopsided, view).turned is False


def test_a_pack_the_wrong_way_round_fails(pack: PackFile) -> None:
    view, lopsided = kit.overview(), kit.lopsided(pack)
    seen = kit.scene(lopsided, view, np.random.default_rng(1), (5, 5, 181), false=0.1, missing=0.1)
    found = register_pack(seen.spots, None, lopsided, view)
    assert (found.status, found.turned) == (PoseStatus.FAILED, True)
    assert "turned by 180 degrees" in found.reason
    assert all(place.detection is None for place in found.places.values())


def test_a_row_at_even_steps_is_ambiguous_and_its_outline_may_tell(pack: PackFile) -> None:
    view = kit.overview()
    row = kit.with_pattern(pack, [(x, 0.0) for x in range(-400, 401, 50)])
    seen = kit.scene(row, view, np.random.default_rng(2), (0, 4, 0.5), false=0.0)
    found = register_pack(seen.spots, None, row, view)
    assert (found.status, found.ambiguous) == (PoseStatus.FAILED, True)
    assert "another pose" in found.reason
    assert min(place.uncertainty_mm for place in found.places.values()) >= 60
    rim = view.robot_to_px(view.pack_to_robot(kit.moved(row.outline_mm, 0, 4, 0.5).tolist(), row))
    told = register_pack(seen.spots, [(float(x), float(y)) for x, y in rim], row, view)
    assert told.status is PoseStatus.OK
    assert max(errors_mm(told, seen).values()) < 2


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_detections_keep_the_nominal_places_and_say_why(pack: PackFile, count: int) -> None:
    view = kit.overview()
    seen = kit.scene(pack, view, np.random.default_rng(1), missing=0, false=0)
    spots = seen.spots[:count]
    found = register_pack(spots, None, pack, view)
    assert found.status is PoseStatus.FAILED
    assert f"{count} fastener" in found.reason
    assert found.shift_mm == (0.0, 0.0)
    nominal = view.pack_to_robot(pack.fastener_places().values(), pack)
    for place, (x, y, _) in zip(found.places.values(), nominal, strict=True):
        assert place.center_mm == pytest.approx((x, y), abs=0.01)
        assert place.uncertainty_mm >= 60
    assert sorted(p.detection for p in found.places.values() if p.detection is not None) == list(range(count))


def test_few_fasteners_make_a_weak_pose(pack: PackFile) -> None:
    view = kit.overview()
    seen = kit.scene(pack, view, np.random.default_rng(1), (20, 10, 1), missing=0, false=0)
    found = register_pack(seen.spots[:5], None, pack, view)
    assert found.status is PoseStatus.WEAK
    assert "only 5 of 28" in found.reason


def test_the_outline_places_a_pack_without_fasteners_roughly(pack: PackFile) -> None:
    view = kit.overview()
    rim = view.robot_to_px(view.pack_to_robot(kit.moved(pack.outline_mm, 25, -18, 2).tolist(), pack))
    found = register_pack([], [(float(x), float(y)) for x, y in rim if x > -500], pack, view)
    assert found.status is PoseStatus.WEAK
    assert "by the outline" in found.reason
    assert found.shift_mm == pytest.approx((25, -18), abs=6)
    assert found.turn_deg == pytest.approx(2, abs=0.5)
    assert min(p.uncertainty_mm for p in found.places.values()) > 5, "never as sure as seen fasteners"


def test_an_outline_elsewhere_speaks_against_the_fasteners(pack: PackFile) -> None:
    view = kit.overview()
    seen = kit.scene(pack, view, np.random.default_rng(1), noise_px=0.1, missing=0)
    rim = view.robot_to_px(view.pack_to_robot(kit.moved(np.array(pack.outline_mm) * 0.9, 0, 0, 0).tolist(), pack))
    found = register_pack(seen.spots, [(float(x), float(y)) for x, y in rim], pack, view)
    assert found.status is PoseStatus.WEAK
    assert "outline" in found.reason


def test_a_lid_at_another_height_is_said(pack: PackFile) -> None:
    view = kit.overview()
    seen = kit.scene(pack, view, np.random.default_rng(1), height_mm=25, noise_px=0.3, missing=0.1)
    found = register_pack(seen.spots, None, pack, view)
    assert found.status is PoseStatus.WEAK
    assert "height" in found.reason
    assert found.height_mm == pytest.approx(25, abs=3)


def test_a_bolt_that_stands_out_keeps_its_own_place(pack: PackFile) -> None:
    view = kit.overview()
    seen = kit.scene(pack, view, np.random.default_rng(1), noise_px=0.1, missing=0, false=0)
    index = seen.source["lid.05"]
    assert index is not None
    x, y = seen.spots[index].center_px
    seen.spots[index] = kit.Spot((x + 4, y))
    place = register_pack(seen.spots, None, pack, view).places["lid.05"]
    assert place.detection == index
    assert math.dist(place.center_mm, seen.truth_mm["lid.05"]) > 5


def test_the_same_picture_gives_the_same_pose_in_whatever_order(pack: PackFile) -> None:
    view = kit.overview()
    seen = kit.scene(pack, view, np.random.default_rng(1), (3, 50, -4))
    one, again = (register_pack(seen.spots, None, pack, view) for _ in range(2))
    backwards = register_pack(seen.spots[::-1], None, pack, view)
    assert one.places == again.places
    assert np.array([p.center_mm for p in backwards.places.values()]) == pytest.approx(
        np.array([p.center_mm for p in one.places.values()]), abs=0.02
    )


def test_a_worse_calibration_makes_every_place_less_sure(pack: PackFile) -> None:
    good, poor = kit.overview(uncertainty_mm=0.1), kit.overview(uncertainty_mm=5.0)
    seen = kit.scene(pack, good, np.random.default_rng(1))
    sure, unsure = (register_pack(seen.spots, None, pack, view).places for view in (good, poor))
    assert all(unsure[name].uncertainty_mm > 5 > sure[name].uncertainty_mm for name in sure)


def test_fasteners_take_kind_and_confidence_of_their_detection(pack: PackFile) -> None:
    view = kit.overview()
    seen = kit.scene(pack, view, np.random.default_rng(1))
    hit = next(name for name, index in seen.source.items() if index is not None)
    miss = next(name for name, index in seen.source.items() if index is None)
    index = seen.source[hit]
    assert index is not None
    seen.spots[index] = kit.Spot(seen.spots[index].center_px, FastenerKind.STRIPPED, 0.77)
    pose, fasteners = locate_fasteners(seen.spots, pack, view)
    found = {f.id: f for f in fasteners}
    assert list(found) == list(pose.places)
    assert (found[hit].kind, found[hit].confidence) == (FastenerKind.STRIPPED, 0.77)
    assert found[hit].center_px == pytest.approx(seen.spots[index].center_px, abs=0.01)
    assert (found[miss].kind, found[miss].confidence) == (FastenerKind.BOLT, 0.0), "nobody saw it"
    assert found[miss].uncertainty_mm == pose.places[miss].uncertainty_mm


@pytest.mark.parametrize("sides", [(1.0, 1.0), (1.0, 0.5), (2.0, 0.1)])
def test_the_95_percent_circle_against_drawn_points(sides: tuple[float, float]) -> None:
    points = np.random.default_rng(0).normal(0, 1, (100_000, 2)) * sides
    inside = np.hypot(*points.T) <= circle_95(np.diag(np.square(sides))[None])[0]
    assert inside.mean() == pytest.approx(0.95, abs=0.003)
