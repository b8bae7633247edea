"""From the pack's frame to the robot's frame to a pixel, and back from a pixel to a plane.

The pack's frame has its origin at the centre of the lid's upper face, z up. The fixture says where the centre of
the pack's base stands in the robot's frame, and how the pack is turned about z. Pixel centres follow OpenCV.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.config import Calibration, Fixture, PackFile
from delid.core import ConfigError, PointPx

Points = NDArray[np.float64]

CIRCLE_95 = 2.4477
"""Radius of the circle that holds 95 of 100 points of a round two-dimensional normal distribution, in sigmas."""

ASSUMED_CALIBRATION_MM = 1.0
"""What a calibration that states no ``uncertainty_mm`` is taken to be good for (95 of 100 points)."""

_UNDISTORT = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 100, 1e-10)


class Projection:
    """One calibrated camera above one fixture."""

    def __init__(self, calibration: Calibration, fixture: Fixture, size_px: tuple[int, int]) -> None:
        """Raises ConfigError when ``robot_from_camera`` is no rigid motion or the matrix no pinhole camera."""
        self.size_px = size_px
        self._matrix = np.array(calibration.matrix, np.float64)
        self._distortion = np.array(calibration.distortion or [0.0] * 4, np.float64)
        self._robot_from_camera = np.array(calibration.robot_from_camera, np.float64)
        _check_rigid(self._robot_from_camera)
        if self._matrix[0, 0] <= 0 or self._matrix[1, 1] <= 0:
            raise ConfigError(["calibration.matrix: focal lengths must be positive"], code="config.calibration")
        self._camera_from_robot = np.linalg.inv(self._robot_from_camera)
        self._reach = _reach(self._distortion)
        stated_mm = calibration.uncertainty_mm
        self.calibration_sigma_mm = (ASSUMED_CALIBRATION_MM if stated_mm is None else stated_mm) / CIRCLE_95
        self.fixture = fixture
        self._origin = np.array(fixture.origin_mm, np.float64)
        angle = np.deg2rad(fixture.rotation_deg)
        self._turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def lid_z_mm(self, pack: PackFile) -> float:
        """Height of the lid's upper face in the robot's frame, mm."""
        return float(self._origin[2] + pack.height_mm)

    def pack_to_robot(self, points_mm: Iterable[Sequence[float]], pack: PackFile) -> Points:
        """Points of the lid's upper face, n x 2 in the pack's frame, to n x 3 in the robot's frame."""
        plane = np.asarray(list(points_mm), np.float64).reshape(-1, 2) @ self._turn.T + self._origin[:2]
        return np.column_stack([plane, np.full(len(plane), self.lid_z_mm(pack))])

    def robot_to_pack(self, points_mm: Points) -> Points:
        """Robot points, n x 3, to n x 2 in the pack's frame, for a pack that stands as the fixture has it."""
        points = np.asarray(points_mm, np.float64).reshape(-1, 3)
        return np.asarray((points[:, :2] - self._origin[:2]) @ self._turn)

    def slopes(self, points_mm: Points) -> Points:
        """How far each robot point, n x 3, walks along its ray for a millimetre of height, n x 2, pack's axes."""
        points = np.asarray(points_mm, np.float64).reshape(-1, 3)
        ray = points - self._robot_from_camera[:3, 3]
        return np.asarray((ray[:, :2] / ray[:, 2:]) @ self._turn)

    def robot_to_px(self, points_mm: Points) -> Points:
        """Robot points, n x 3, to pixels, n x 2; NaN behind the camera and where the lens model no longer holds."""
        points = np.asarray(points_mm, np.float64).reshape(-1, 3)
        if not len(points):
            return np.empty((0, 2))
        turn, shift = self._camera_from_robot[:3, :3], self._camera_from_robot[:3, 3]
        pixels, _ = cv2.projectPoints(points, cv2.Rodrigues(turn)[0], shift, self._matrix, self._distortion)
        pixels = np.asarray(pixels, np.float64).reshape(-1, 2)
        seen = points @ turn.T + shift
        with np.errstate(divide="ignore", invalid="ignore"):
            off_axis = np.hypot(seen[:, 0], seen[:, 1]) / seen[:, 2]
        pixels[(seen[:, 2] <= 0) | ~(off_axis < self._reach)] = np.nan
        return pixels

    def px_to_robot(self, points_px: Iterable[Sequence[float]], z_mm: float) -> Points:
        """Pixels, n x 2, to robot points on the plane ``z_mm``, n x 3; NaN where the ray never meets it."""
        pixels = np.asarray(list(points_px), np.float64).reshape(-1, 1, 2)
        if not len(pixels):
            return np.empty((0, 3))
        flat = self._flatten(pixels)
        rays = np.column_stack([flat, np.ones(len(flat))]) @ self._robot_from_camera[:3, :3].T
        eye = self._robot_from_camera[:3, 3]
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = (z_mm - eye[2]) / rays[:, 2]
            meets = np.isfinite(distance) & (distance > 0)
            return np.where(meets[:, None], eye + distance[:, None] * rays, np.nan)

    def _flatten(self, pixels: Points) -> Points:
        """Pixels to normalised pinhole coordinates, n x 2, free of the lens's distortion."""
        eye = np.eye(3)
        flat = cv2.undistortPointsIter(pixels, self._matrix, self._distortion, eye, eye, _UNDISTORT)
        return np.asarray(flat, np.float64).reshape(-1, 2)

    def mm_per_px(self, points_mm: Points) -> Points:
        """Ground resolution on the horizontal plane through each robot point, n figures."""
        points = np.asarray(points_mm, np.float64).reshape(-1, 3)
        half_x, half_y = np.array([0.5, 0.0, 0.0]), np.array([0.0, 0.5, 0.0])
        step_x = self.robot_to_px(points + half_x) - self.robot_to_px(points - half_x)
        step_y = self.robot_to_px(points + half_y) - self.robot_to_px(points - half_y)
        px2_per_mm2 = np.abs(step_x[:, 0] * step_y[:, 1] - step_x[:, 1] * step_y[:, 0])
        return np.asarray(1.0 / np.sqrt(np.maximum(px2_per_mm2, 1e-12)))

    def outline_px(self, pack: PackFile) -> tuple[PointPx, ...]:
        """The pack's outline as the camera sees it."""
        pixels = self.robot_to_px(self.pack_to_robot(pack.outline_mm, pack))
        return tuple((round(float(x), 1), round(float(y), 1)) for x, y in pixels if np.isfinite(x + y))

    def label_boxes_px(self, pack: PackFile, margin: float) -> list[tuple[int, int, int, int]]:
        """x0, y0, x1, y1 of each label's place, wider by ``margin`` of its size on every side, inside the frame."""
        boxes = []
        for label in pack.labels:
            half_x, half_y = (side * (0.5 + margin) for side in label.size_mm)
            x, y = label.at_mm
            corners = [(x + a * half_x, y + b * half_y) for a in (-1, 1) for b in (-1, 1)]
            pixels = self.robot_to_px(self.pack_to_robot(corners, pack))
            if np.isfinite(pixels).all():
                low = np.clip(np.floor(pixels.min(axis=0)), 0, self.size_px).astype(int)
                high = np.clip(np.ceil(pixels.max(axis=0)) + 1, 0, self.size_px).astype(int)
                if (high > low).all():
                    boxes.append((int(low[0]), int(low[1]), int(high[0]), int(high[1])))
        return boxes


def in_frame(pixels: Points, size_px: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels, n x 2, lie inside the picture; NaN does not."""
    with np.errstate(invalid="ignore"):
        inside = (pixels >= -0.5) & (pixels < np.array(size_px) - 0.5)
    return np.asarray(inside.all(axis=1))


def _reach(distortion: NDArray[np.float64]) -> float:
    """Tangent of the angle off the optical axis up to which the radial model keeps apart what it should.

    Beyond it a point far outside the picture would be folded back into it.
    """
    k = np.zeros(8)
    k[: min(len(distortion.ravel()), 8)] = distortion.ravel()[:8]
    radius = np.linspace(0.0, 5.0, 2001)
    s = radius**2
    bent = radius * (1 + s * (k[0] + s * (k[1] + s * k[4]))) / (1 + s * (k[5] + s * (k[6] + s * k[7])))
    turns = np.flatnonzero(np.diff(bent) <= 0)
    return float(radius[turns[0]]) if len(turns) else float("inf")


def _check_rigid(matrix: NDArray[np.float64]) -> None:
    turn = matrix[:3, :3]
    good = np.allclose(turn @ turn.T, np.eye(3), atol=1e-3) and np.linalg.det(turn) > 0
    if not good or not np.allclose(matrix[3], [0, 0, 0, 1]):
        raise ConfigError(
            ["calibration.robot_from_camera: not a rotation and a shift"],
            code="config.calibration",
            hint="Calibrate the camera again.",
        )
