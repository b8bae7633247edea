"""Board, lens, standing and hand-eye, against cameras that are known exactly."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import calibration_kit as kit
import cv2
import numpy as np
import pytest

from delid.config import Board, Lens
from delid.core import Frame
from delid.vision import calibrate_hand_eye, calibrate_lens, check_points, place_camera, print_board
from delid.vision._calibration_board import board_corners_mm, draw_board, find_corners
from delid.vision._calibration_hand_eye import FlangePose
from delid.vision._calibration_plane import Pair, standing_projection

LENS = Lens(
    matrix=kit.MATRIX.tolist(), distortion=kit.LENS.tolist(), rms_px=0.1, coverage=1.0, board=kit.BOARD, images=[]
)
A3 = Board(squares=(11, 8), square_mm=35.0)


def test_the_printed_board_has_its_true_size() -> None:
    svg = print_board(A3, "svg").decode()
    assert 'width="385" height="280"' in svg
    assert 'width="409mm" height="304mm"' in svg
    pdf = print_board(A3, "pdf")
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    drawn = re.search(rb"q ([\d.]+) 0 0 ([\d.]+) [\d.]+ [\d.]+ cm", _streams(pdf)[0])
    assert box
    assert drawn
    assert [float(x) * 25.4 / 72 for x in box.groups()] == pytest.approx([409, 304], abs=0.01)
    assert [float(x) * 25.4 / 72 for x in drawn.groups()] == pytest.approx([385, 280], abs=0.01)
    assert b"11 squares must measure 385 mm" in _streams(pdf)[0]
    png = print_board(A3, "png")
    per_metre = int.from_bytes(png[png.index(b"pHYs") + 4 :][:4], "big")
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image.shape[1] / per_metre * 1000 == pytest.approx(385, abs=0.1)
    with pytest.raises(ValueError, match="gif"):
        print_board(A3, "gif")


def test_the_pdf_holds_the_board_and_its_table_is_right() -> None:
    pdf = print_board(kit.BOARD, "pdf")
    bits = np.unpackbits(np.frombuffer(zlib.decompress(_streams(pdf)[1]), np.uint8)).reshape(1400, -1)[:, :1800]
    assert (bits * 255 == draw_board(kit.BOARD)).all()
    offsets = [int(line[:10]) for line in pdf[pdf.index(b"xref") :].splitlines() if line.endswith(b" n ")]
    assert [pdf[o : o + 7] for o in offsets] == [b"%d 0 obj" % n for n in range(1, 7)]
    assert int(pdf.split(b"startxref\n")[1].split()[0]) == pdf.index(b"xref\n0 7")


def _streams(pdf: bytes) -> list[bytes]:
    return re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)


def test_corners_are_found_where_they_are() -> None:
    placed = kit.pose(20, 15, 10, (5, -5), 260)
    found = find_corners(kit.picture(placed, "one.png").image, kit.BOARD)
    true, _ = cv2.projectPoints(
        found.board_mm, cv2.Rodrigues(placed[:3, :3])[0], placed[:3, 3], kit.MATRIX, kit.LENS
    )  # fmt: skip
    assert len(found.numbers) == len(board_corners_mm(kit.BOARD)) == 48
    assert np.median(np.linalg.norm(found.pixels - true.reshape(-1, 2), axis=1)) < 0.1
    assert len(find_corners(np.full((480, 640, 3), 128, np.uint8), kit.BOARD).numbers) == 0


def test_the_lens_is_recovered() -> None:
    report = calibrate_lens(kit.good_set(), kit.BOARD)
    assert (report.refusals, report.remarks, report.used) == ((), (), 12)
    assert report.lens is not None
    matrix = np.array(report.lens.matrix)
    assert matrix[[0, 1], [0, 1]] == pytest.approx([620, 618], rel=0.002)
    assert matrix[:2, 2] == pytest.approx([325, 236], abs=1.0)
    assert report.lens.rms_px < 0.15
    assert report.coverage >= 0.9
    assert max(i.rms_px for i in report.lens.images) < 0.2
    corners = np.array([[x, y] for x in (20.0, 320, 620) for y in (20.0, 240, 460)])[:, None]
    true, found = (
        cv2.undistortPoints(corners, m, d).reshape(-1, 2) * 620
        for m, d in ((kit.MATRIX, kit.LENS), (matrix, np.array(report.lens.distortion)))
    )
    assert np.linalg.norm(true - found, axis=1).max() < 0.8, "rays of the whole picture, pixels"


def test_too_few_alike_and_onesided_views_are_refused_with_advice() -> None:
    good = kit.good_set()
    few = calibrate_lens(good[:4], kit.BOARD)
    assert few.lens is None
    assert any("4 usable views, 8 needed" in r for r in few.refusals)
    twins = calibrate_lens([good[1]] * 9, kit.BOARD)
    assert any("1 usable views" in r for r in twins.refusals)
    assert sum("too much like 02.png" in r for r in twins.remarks) == 8


def test_flat_views_are_refused() -> None:
    flat = [kit.picture(kit.pose(0, 0, roll, shift, away), f"{n}.png", n) for n, (roll, shift, away) in enumerate(
        [(0, (0, 0), 210), (20, (0, 0), 260), (40, (-20, 0), 280), (90, (0, 0), 300), (180, (10, 10), 210),
         (200, (0, 0), 300), (270, (0, 20), 260), (300, (20, 0), 280), (10, (-30, -20), 330)])]  # fmt: skip
    report = calibrate_lens(flat, kit.BOARD)
    assert report.lens is None
    assert any("tilted by 20 to 45 degrees" in r for r in report.refusals)


def test_a_corner_of_the_picture_without_board_is_named() -> None:
    left = [kit.picture(kit.pose(tx, ty, 0, (-55, 0), 330), f"{n}.png", n) for n, (tx, ty) in enumerate(
        [(0, 0), (25, 0), (-25, 0), (0, 25), (0, -25), (20, 20), (-20, 20), (20, -20), (-20, -20)])]  # fmt: skip
    report = calibrate_lens(left, kit.BOARD)
    assert report.lens is None
    (advice,) = [r for r in report.refusals if "covers" in r]
    assert "right" in advice


def test_pictures_that_cannot_be_used_are_said() -> None:
    blank = Frame(np.full((480, 640, 3), 128, np.uint8), "blank.png", "0" * 64)
    report = calibrate_lens([*kit.good_set(), blank], kit.BOARD)
    assert any("blank.png: left out, 0 corners" in r for r in report.remarks)
    other = Frame(np.zeros((48, 64, 3), np.uint8), "small.png", "0" * 64)
    assert calibrate_lens([blank, other], kit.BOARD).refusals == ("the pictures are of different sizes",)
    assert calibrate_lens([], kit.BOARD).refusals == ("there are no pictures",)


STANDING = np.array([[1, 0, 0, 500.0], [0, -0.9962, 0.0872, 420.0], [0, -0.0872, -0.9962, 900.0], [0, 0, 0, 1]])
STANDING[:3, :3] = cv2.Rodrigues(cv2.Rodrigues(STANDING[:3, :3])[0])[0]


def touched(rng: np.random.Generator, count: int = 15, noise_px: float = 0.4, noise_mm: float = 0.2) -> list[Pair]:
    view = standing_projection(LENS, STANDING)
    pixels = rng.uniform((30, 30), (610, 450), (count, 2))
    pixels[:4] = [(30, 30), (610, 30), (30, 450), (610, 450)]
    robot = np.vstack([view.px_to_robot([p], float(z)) for p, z in zip(pixels, rng.choice([0.0, 60.0], count))])  # noqa: B905
    pixels = pixels + rng.normal(0, noise_px, pixels.shape)
    robot = robot + rng.normal(0, noise_mm, robot.shape)
    return [Pair(f"p{n}", (float(u), float(v)), (float(x), float(y), float(z)))
            for n, ((u, v), (x, y, z)) in enumerate(zip(pixels, robot, strict=True))]  # fmt: skip


def test_the_standing_of_a_camera_is_recovered_and_its_uncertainty_is_honest() -> None:
    rng = np.random.default_rng(4)
    truth = standing_projection(LENS, STANDING)
    grid = [[x, y] for x in range(60, 600, 90) for y in range(60, 440, 90)]
    right = truth.px_to_robot(grid, 30.0)
    inside = []
    for _ in range(4):
        report = place_camera(touched(rng), LENS, kit.SIZE)
        assert report.refusals == ()
        assert report.robot_from_camera is not None
        assert not any(p.outlier for p in report.points)
        off = standing_projection(LENS, np.array(report.robot_from_camera)).px_to_robot(grid, 30.0) - right
        errors = np.linalg.norm(off, axis=1)
        assert errors.max() < 1.5
        inside.append((errors <= report.uncertainty_mm).mean())
        assert 0.3 < report.left_out_rms_mm < 1.5
    assert np.mean(inside) >= 0.9


def test_a_point_that_was_marked_wrongly_is_named_and_left_out() -> None:
    pairs = touched(np.random.default_rng(1))
    bad = pairs[7]
    pairs[7] = Pair("smudge", (bad.px[0] + 25, bad.px[1]), bad.robot_mm)
    report = place_camera(pairs, LENS, kit.SIZE)
    assert [p.name for p in report.points if p.outlier] == ["smudge"]
    assert any(r.startswith("smudge:") for r in report.remarks)
    assert report.robot_from_camera is not None
    assert np.array(report.robot_from_camera)[:3, 3] == pytest.approx(STANDING[:3, 3], abs=4)


def test_points_of_one_height_do_and_are_said() -> None:
    view = standing_projection(LENS, STANDING)
    pixels = [[x, y] for x in (40, 320, 600) for y in (40, 240, 440)]
    robot = view.px_to_robot(pixels, 0.0)
    pairs = [
        Pair(str(n), (float(u), float(v)), tuple(r))
        for n, ((u, v), r) in enumerate(zip(pixels, robot.tolist(), strict=True))
    ]
    report = place_camera(pairs, LENS, kit.SIZE)
    assert np.array(report.robot_from_camera) == pytest.approx(STANDING, abs=1e-3)
    assert any("one height" in r for r in report.remarks)
    wrong = standing_projection(LENS, STANDING + np.array([[0, 0, 0, 3.0], [0] * 4, [0] * 4, [0] * 4]))
    assert [e.error_mm for e in check_points(pairs, wrong)] == pytest.approx([3.0] * 9)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (lambda: touched(np.random.default_rng(0), 5), "5 points, 6 needed"),
        (lambda: [p for p in touched(np.random.default_rng(0), 60) if p.px[0] < 150], "enclose"),
        (lambda: touched(np.random.default_rng(0), 8, noise_px=120), "agree with each other"),
        (list, "0 points"),
    ],
)
def test_points_that_cannot_be_used_are_refused(pairs: object, words: str) -> None:
    report = place_camera(pairs(), LENS, kit.SIZE)  # type: ignore[operator]
    assert report.robot_from_camera is None
    assert words in report.refusals[0]


ON_FLANGE = np.eye(4)
ON_FLANGE[:3, :3] = cv2.Rodrigues(np.array([0.05, -0.1, 1.5]))[0]
ON_FLANGE[:3, 3] = (60.0, -25.0, 40.0)
BOARD_STANDS = np.eye(4)
BOARD_STANDS[:3, 3] = (300.0, 200.0, 10.0)


def flange_poses(looks: list[tuple[float, float, float]]) -> list[FlangePose]:
    found = []
    for n, (tilt_x, tilt_y, roll) in enumerate(looks):
        camera_from_board = kit.pose(tilt_x, tilt_y, roll, (n * 3.0 - 10, 5.0), 250 + 5 * n)
        robot_from_flange = BOARD_STANDS @ np.linalg.inv(camera_from_board) @ np.linalg.inv(ON_FLANGE)
        found.append(FlangePose(kit.picture(camera_from_board, f"h{n}.png", n), robot_from_flange))
    return found


def test_hand_eye_by_two_methods_that_agree() -> None:
    poses = flange_poses(
        [(0, 0, 0), (25, 0, 20), (-25, 0, -20), (0, 25, 40), (0, -25, 10), (20, 20, -30), (-20, 15, 60)]
    )
    report = calibrate_hand_eye(poses, LENS, kit.BOARD)
    assert report.refusals == ()
    assert np.array(report.tool_from_camera)[:3, 3] == pytest.approx(ON_FLANGE[:3, 3], abs=0.5)
    assert np.array(report.tool_from_camera)[:3, :3] == pytest.approx(ON_FLANGE[:3, :3], abs=0.003)
    assert {m.method for m in report.methods} == {"park", "daniilidis"}
    assert report.apart_mm < 0.5
    assert report.scatter_mm < 0.5
    assert report.rms_px < 0.2
    still = calibrate_hand_eye([FlangePose(p.frame, np.eye(4)) for p in poses], LENS, kit.BOARD)
    assert still.tool_from_camera is None
    assert "calibrate plane --flange" in still.refusals[0]
    assert "3 usable poses" in calibrate_hand_eye(poses[:3], LENS, kit.BOARD).refusals[0]


def test_turns_about_one_axis_are_not_enough() -> None:
    report = calibrate_hand_eye(flange_poses([(0, 0, r) for r in (0, 20, 40, 60, 80, 100)]), LENS, kit.BOARD)
    assert "one axis" in report.refusals[0]


def test_the_board_of_the_documentation_is_the_default() -> None:
    docs = (Path(__file__).resolve().parents[3] / "docs/calibration.md").read_text(encoding="utf-8")
    board = Board()
    assert f"{board.squares[0]} x {board.squares[1]} squares of {board.square_mm:g} mm" in docs
