"""Pack frame to robot frame to pixel and back."""

from __future__ import annotations

import numpy as np
import pytest
import vision_kit as kit
from hypothesis import given
from hypothesis import strategies as st

from delid.config import Calibration, Cell, Fixture, LabelPlace, PackFile
from delid.core import ConfigError
from delid.vision import Projection

DOWN = ((1, 0, 0, 1000), (0, -1, 0, 800), (0, 0, -1, 1500), (0, 0, 0, 1))
PINHOLE = ((1000, 0, 500), (0, 1000, 400), (0, 0, 1))
SIZE = (1001, 801)


def looking_down(rotation_deg: float = 0.0, distortion: list[float] | None = None) -> Projection:
    calibration = Calibration(matrix=PINHOLE, distortion=distortion or [], robot_from_camera=DOWN)
    return Projection(calibration, Fixture(origin_mm=(1000, 800, 0), rotation_deg=rotation_deg), SIZE)


@pytest.fixture
def pack(cell: Cell) -> PackFile:
    """500 mm high, so that the lid lies 1000 mm below the camera: one pixel is one millimetre."""
    return cell.packs["vw-meb-82"].model_copy(update={"height_mm": 500.0})


def test_the_lid_stands_on_the_fixture_by_the_packs_height(pack: PackFile) -> None:
    found = looking_down().pack_to_robot([(0, 0), (10, 20)], pack)
    assert found.tolist() == [[1000, 800, 500], [1010, 820, 500]]


def test_the_pack_turns_with_the_fixture(pack: PackFile) -> None:
    found = looking_down(rotation_deg=90).pack_to_robot([(10, 0), (0, 10)], pack)
    assert found == pytest.approx(np.array([[1000, 810, 500], [990, 800, 500]]))


def test_one_pixel_is_one_millimetre_here_and_y_points_down_in_the_picture(pack: PackFile) -> None:
    view = looking_down()
    robot = view.pack_to_robot([(0, 0), (100, 0), (0, 100)], pack)
    assert view.robot_to_px(robot) == pytest.approx(np.array([[500, 400], [600, 400], [500, 300]]))
    assert view.mm_per_px(robot) == pytest.approx([1.0, 1.0, 1.0])


def test_outline_and_label_place_in_the_frame(pack: PackFile) -> None:
    small = pack.model_copy(
        update={
            "outline_mm": [(-100, -50), (100, -50), (0, 50)],
            "labels": [LabelPlace(id="code", at_mm=(0, 0), size_mm=(100, 40))],
        }
    )
    view = looking_down()
    assert view.outline_px(small) == ((400, 450), (600, 450), (500, 350))
    (box,) = view.label_boxes_px(small, margin=0.5)
    assert box == pytest.approx((400, 360, 601, 441), abs=1)
    far = small.model_copy(update={"labels": [LabelPlace(id="code", at_mm=(5000, 0), size_mm=(10, 10))]})
    assert view.label_boxes_px(far, margin=0.5) == []


@given(
    st.floats(0, 1000), st.floats(0, 800), st.floats(-400, 1200), st.floats(-180, 180),
    st.sampled_from([[], [-0.08, 0.02, 0.0005, -0.0004, 0.0]]),
)  # fmt: skip
def test_a_pixel_goes_to_the_plane_and_comes_back(
    x: float, y: float, z_mm: float, turn: float, distortion: list[float]
) -> None:
    view = looking_down(turn, distortion)
    robot = view.px_to_robot([(x, y)], z_mm)
    assert robot[0, 2] == pytest.approx(z_mm)
    assert view.robot_to_px(robot) == pytest.approx(np.array([[x, y]]), abs=0.02)


def test_the_demonstration_cell_sees_every_fastener_of_every_pack(cell: Cell) -> None:
    camera = cell.spec.cameras[0]
    view = Projection(camera.calibration, cell.spec.fixture, camera.size_px)
    for pack in cell.packs.values():
        ids, robot, pixels = kit.nominal_places(pack, view)
        assert len(ids) == len(pack.fastener_places())
        back = view.px_to_robot(pixels, view.lid_z_mm(pack))
        assert back == pytest.approx(robot, abs=1e-3)
        scale = view.mm_per_px(robot)
        assert ((scale > 1.2) & (scale < 1.6)).all()


def test_what_is_behind_the_camera_has_no_pixel_and_no_place(pack: PackFile) -> None:
    view = looking_down()
    assert np.isnan(view.robot_to_px(np.array([[1000.0, 800.0, 2000.0]]))).all()
    assert np.isnan(view.px_to_robot([(500, 400)], 2000.0)).all()
    assert view.outline_px(pack.model_copy(update={"height_mm": 2000.0})) == ()


def test_nothing_in_nothing_out() -> None:
    view = looking_down()
    assert view.robot_to_px(np.empty((0, 3))).shape == (0, 2)
    assert view.px_to_robot([], 0.0).shape == (0, 3)


@pytest.mark.parametrize(
    ("matrix", "pose", "word"),
    [
        (PINHOLE, ((2, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)), "robot_from_camera"),
        (PINHOLE, ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, -1, 0), (0, 0, 0, 1)), "robot_from_camera"),
        (PINHOLE, ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (1, 0, 0, 1)), "robot_from_camera"),
        (((0, 0, 1), (0, 1, 1), (0, 0, 1)), DOWN, "matrix"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused(matrix: object, pose: object, word: str) -> None:
    calibration = Calibration.model_validate({"matrix": matrix, "robot_from_camera": pose})
    with pytest.raises(ConfigError) as caught:
        Projection(calibration, Fixture(origin_mm=(0, 0, 0)), SIZE)
    assert word in caught.value.findings[0]


def test_a_strong_lens_comes_out_again_to_a_thousandth_of_a_pixel(pack: PackFile) -> None:
    view = looking_down(distortion=[-0.35, 0.15, 0.002, -0.001, -0.02])
    corners = [(0.0, 0.0), (1000.0, 0.0), (0.0, 800.0), (1000.0, 800.0), (333.0, 444.0)]
    assert view.robot_to_px(view.px_to_robot(corners, 500.0)) == pytest.approx(np.array(corners), abs=1e-3)


def test_a_point_that_the_lens_model_would_fold_back_is_not_projected() -> None:
    barrel = [-0.35, 0.0, 0.0, 0.0]
    straight = looking_down().robot_to_px(np.array([[1000 + 2200.0, 800, 500]]))
    assert straight[0, 0] == pytest.approx(2700), "far outside without a lens"
    assert np.isnan(looking_down(distortion=barrel).robot_to_px(np.array([[1000 + 2200.0, 800, 500]]))).all()
    assert np.isfinite(looking_down(distortion=barrel).robot_to_px(np.array([[1000 + 500.0, 800, 500]]))).all()


@pytest.mark.parametrize("rotation_deg", [0.0, 40.0])
def test_slopes_say_how_far_a_point_walks_along_its_ray(rotation_deg: float) -> None:
    view = looking_down(rotation_deg=rotation_deg)
    pixels = [(100.0, 200.0), (500.0, 400.0), (900.0, 700.0)]
    low, high = (view.robot_to_pack(view.px_to_robot(pixels, z)) for z in (500.0, 501.0))
    assert view.slopes(view.px_to_robot(pixels, 500.0)) == pytest.approx(high - low, abs=1e-9)


def test_back_from_the_robot_to_the_pack(pack: PackFile) -> None:
    view = looking_down(rotation_deg=25)
    points = [(0.0, 0.0), (100.0, -40.0)]
    assert view.robot_to_pack(view.pack_to_robot(points, pack)) == pytest.approx(np.array(points))


def test_what_a_calibration_does_not_say_is_taken_to_be_a_millimetre() -> None:
    assert looking_down().calibration_sigma_mm == pytest.approx(1 / 2.4477)
