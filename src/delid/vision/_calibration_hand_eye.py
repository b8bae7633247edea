"""Where a camera sits on the flange, from robot poses and the pictures of a board that were taken there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from delid.config import Board, Lens
from delid.core import Frame

from ._calibration_board import Corners, board_corners_mm, find_corners
from ._geometry import Points

FEWEST_POSES = 6
FEWEST_CORNERS = 8
LEAST_TURN_DEG = 15.0
METHODS = {"park": cv2.CALIB_HAND_EYE_PARK, "daniilidis": cv2.CALIB_HAND_EYE_DANIILIDIS}
FAR_APART_MM, FAR_APART_DEG = 2.0, 0.5
SPACE_TO_95 = 2.4477 / np.sqrt(3)
"""From the root mean square distance in space to the radius in a plane that holds 95 of 100."""
LEAST_UNCERTAINTY_MM = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class FlangePose:
    """Robot from flange, 4 x 4, mm, while a picture was taken."""

    frame: Frame
    robot_from_flange: Points


@dataclass(frozen=True, slots=True)
class MethodResult:
    """How well the board stands still in the robot's frame, seen from all poses."""

    method: str
    scatter_mm: float
    tool_from_camera: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class HandEyeReport:
    """``tool_from_camera`` is the better method's; None when the pictures were refused."""

    tool_from_camera: tuple[tuple[float, float, float, float], ...] | None
    methods: tuple[MethodResult, ...]
    used: int
    rms_px: float
    scatter_mm: float
    apart_mm: float
    apart_deg: float
    """Between the two methods."""
    uncertainty_mm: float
    refusals: tuple[str, ...]
    remarks: tuple[str, ...]


def robot_from_flange(at_mm: Sequence[float], turn_deg: Sequence[float]) -> Points:
    """A flange's pose, 4 x 4, from its place and its turns about the robot's fixed x, then y, then z axis."""
    pose = np.eye(4)
    for axis, degrees in enumerate(turn_deg):
        vector = np.zeros(3)
        vector[axis] = np.deg2rad(degrees)
        pose[:3, :3] = cv2.Rodrigues(vector)[0] @ pose[:3, :3]
    pose[:3, 3] = at_mm
    return pose


def calibrate_hand_eye(poses: Sequence[FlangePose], lens: Lens, board: Board) -> HandEyeReport:
    """Flange from camera, by two methods that must agree."""
    used, boards, errors, remarks = _views(poses, lens, board)
    refusals = _refusals(used)
    if refusals:
        return HandEyeReport(None, (), len(used), 0, 0, 0, 0, 0, tuple(refusals), tuple(remarks))
    results = sorted((_solve(name, used, boards, board) for name in METHODS), key=lambda r: r.scatter_mm)
    first, second = (np.array(r.tool_from_camera) for r in results)
    apart_mm = float(np.linalg.norm(first[:3, 3] - second[:3, 3]))
    apart_deg = _angle_deg(first[:3, :3].T @ second[:3, :3])
    if apart_mm > FAR_APART_MM or apart_deg > FAR_APART_DEG:
        remarks.append(
            f"the two methods differ by {apart_mm:.1f} mm and {apart_deg:.2f} degrees: add poses that turn about "
            "other axes"
        )
    scatter = results[0].scatter_mm
    return HandEyeReport(
        tool_from_camera=results[0].tool_from_camera,
        methods=tuple(results),
        used=len(used),
        rms_px=float(np.sqrt(np.mean(np.square(errors)))),
        scatter_mm=scatter,
        apart_mm=apart_mm,
        apart_deg=apart_deg,
        uncertainty_mm=max(SPACE_TO_95 * scatter, LEAST_UNCERTAINTY_MM),
        refusals=(),
        remarks=tuple(remarks),
    )


def _views(
    poses: Sequence[FlangePose], lens: Lens, board: Board
) -> tuple[list[FlangePose], list[Points], list[float], list[str]]:
    """Poses whose picture shows the board, camera from board for each, pixel errors, and remarks on the others."""
    used: list[FlangePose] = []
    boards: list[Points] = []
    errors: list[float] = []
    remarks = []
    for pose in poses:
        corners = find_corners(pose.frame.image, board)
        if len(corners.numbers) < FEWEST_CORNERS:
            remarks.append(f"{pose.frame.source}: left out, {len(corners.numbers)} corners found")
            continue
        placed, error = _camera_from_board(corners, lens)
        used.append(pose)
        boards.append(placed)
        errors.append(error)
    return used, boards, errors, remarks


def _camera_from_board(corners: Corners, lens: Lens) -> tuple[Points, float]:
    matrix, distortion = np.array(lens.matrix), np.array(lens.distortion or [0.0] * 4)
    _, turn, shift = cv2.solvePnP(
        corners.board_mm, corners.pixels, matrix, distortion, flags=cv2.SOLVEPNP_ITERATIVE
    )  # fmt: skip
    seen, _ = cv2.projectPoints(corners.board_mm, turn, shift, matrix, distortion)
    away = np.asarray(seen, np.float64).reshape(-1, 2) - corners.pixels
    placed = np.eye(4)
    placed[:3, :3] = cv2.Rodrigues(turn)[0]
    placed[:3, 3] = np.ravel(shift)
    return placed, float(np.sqrt((away**2).sum(axis=1).mean()))


def _refusals(used: Sequence[FlangePose]) -> list[str]:
    if len(used) < FEWEST_POSES:
        return [f"{len(used)} usable poses, {FEWEST_POSES} needed; 12 to 15 are good"]
    first = used[0].robot_from_flange[:3, :3]
    vectors = [np.ravel(cv2.Rodrigues(first.T @ p.robot_from_flange[:3, :3])[0]) for p in used[1:]]
    angles = np.rad2deg(np.linalg.norm(vectors, axis=1))
    if angles.max() < LEAST_TURN_DEG:
        return [
            f"the flange turns by {angles.max():.0f} degrees at most, {LEAST_TURN_DEG:g} needed; for a machine that "
            "cannot turn its flange use `delid calibrate plane --flange`"
        ]
    if np.linalg.matrix_rank(np.array(vectors), tol=np.deg2rad(LEAST_TURN_DEG) / 2) < 2:
        return ["the flange turns about one axis only: add poses that turn about another"]
    return []


def _solve(name: str, used: Sequence[FlangePose], boards: Sequence[Points], board: Board) -> MethodResult:
    turn, shift = cv2.calibrateHandEye(
        [p.robot_from_flange[:3, :3] for p in used], [p.robot_from_flange[:3, 3] for p in used],
        [b[:3, :3] for b in boards], [b[:3, 3] for b in boards], method=METHODS[name],
    )  # fmt: skip
    found = np.eye(4)
    found[:3, :3], found[:3, 3] = turn, np.ravel(shift)
    corners = np.column_stack([board_corners_mm(board), np.ones(len(board_corners_mm(board)))])
    standing = np.array([corners @ (p.robot_from_flange @ found @ b).T for p, b in zip(used, boards, strict=True)])
    scatter = float(np.sqrt(((standing - standing.mean(axis=0)) ** 2)[..., :3].sum(axis=2).mean()))
    return MethodResult(name, scatter, tuple((a, b, c, d) for a, b, c, d in np.round(found, 9).tolist()))


def _angle_deg(turn: Points) -> float:
    return float(np.rad2deg(np.linalg.norm(cv2.Rodrigues(turn)[0])))
