"""Where a fixed camera stands, from points that the robot touched and a person or a mark names in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.config import Calibration, Fixture, Lens

from ._geometry import Points, Projection

FEWEST = 6
LEAST_SPREAD = 0.15
"""Part of the picture's area that the touched points must enclose."""
SUBSETS = 120
OUTLIER_SIGMAS, OUTLIER_PX = 4.0, 3.0
"""A point that is off by more than both is named and left out."""
MEAN_TO_95 = 2.4477 / np.sqrt(2)
"""From the root mean square distance in a plane to the radius that holds 95 of 100."""
LEAST_UNCERTAINTY_MM = 0.05


@dataclass(frozen=True, slots=True)
class Pair:
    """One point: its pixel and where the robot touched it, mm."""

    name: str
    px: tuple[float, float]
    robot_mm: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class PointError:
    """``error_mm`` with the point in the fit, ``left_out_mm`` with the fit made without it; on the point's height."""

    name: str
    error_px: float
    error_mm: float
    left_out_mm: float
    outlier: bool


@dataclass(frozen=True, slots=True)
class StandingReport:
    """``robot_from_camera`` is None when the points were refused. Uncertainty: the radius for 95 of 100 points."""

    robot_from_camera: tuple[tuple[float, float, float, float], ...] | None
    points: tuple[PointError, ...]
    rms_px: float
    rms_mm: float
    left_out_rms_mm: float
    uncertainty_mm: float
    refusals: tuple[str, ...]
    remarks: tuple[str, ...]


def place_camera(pairs: Sequence[Pair], lens: Lens, size_px: tuple[int, int]) -> StandingReport:
    """Pose of a fixed camera: robust start from small subsets, then least squares over all points that fit."""
    refusals = _refusals(pairs, size_px)
    if len(pairs) < 4:
        return StandingReport(None, (), 0, 0, 0, 0, tuple(refusals), ())
    fit = _Fit(pairs, lens)
    good = fit.good()
    pose = fit.solve(good)
    if pose is None or len(good) < FEWEST:
        refusals.append(f"only {len(good)} points agree with each other, {FEWEST} needed: touch and mark them again")
    if pose is None or refusals:
        return StandingReport(None, (), 0, 0, 0, 0, tuple(refusals), ())
    points = fit.errors(pose, good)
    kept = [p for p in points if not p.outlier]
    left_out = _rms([p.left_out_mm for p in kept])
    remarks = [f"{p.name}: {p.error_mm:.1f} mm off, left out; touch and mark it again" for p in points if p.outlier]
    heights = {round(p.robot_mm[2], 1) for p in pairs}
    if len(heights) == 1:
        remarks.append("all points have one height: errors at other heights are not seen here; add points on a block")
    return StandingReport(
        robot_from_camera=tuple((a, b, c, d) for a, b, c, d in np.round(pose, 9).tolist()),
        points=tuple(points),
        rms_px=_rms([p.error_px for p in kept]),
        rms_mm=_rms([p.error_mm for p in kept]),
        left_out_rms_mm=left_out,
        uncertainty_mm=max(MEAN_TO_95 * left_out, LEAST_UNCERTAINTY_MM),
        refusals=(),
        remarks=tuple(remarks),
    )


def check_points(pairs: Sequence[Pair], projection: Projection) -> list[PointError]:
    """How far a finished calibration is off at known points; none of them is left out."""
    errors = _off(pairs, projection)
    return [
        PointError(pair.name, round(px, 3), round(mm, 3), round(mm, 3), False)
        for pair, (px, mm) in zip(pairs, errors, strict=True)
    ]


class _Fit:
    def __init__(self, pairs: Sequence[Pair], lens: Lens) -> None:
        self._pairs, self._lens = pairs, lens
        self._matrix = np.array(lens.matrix, np.float64)
        self._distortion = np.array(lens.distortion or [0.0] * 4, np.float64)
        self._robot = np.array([p.robot_mm for p in pairs], np.float64)
        self._pixels = np.array([p.px for p in pairs], np.float64)

    def good(self) -> list[int]:
        """Points that agree with the subset of four that most points agree with."""
        numbers = range(len(self._pairs))
        every = list(islice(combinations(numbers, 4), 20_000))
        subsets = every[:: max(1, len(every) // SUBSETS)]
        best: NDArray[np.float64] | None = None
        for subset in subsets:
            pose = self._start(list(subset))
            errors = self._errors_px(pose) if pose is not None else None
            if errors is not None and (best is None or np.median(errors) < np.median(best)):
                best = errors
        if best is None:
            return []
        good = list(numbers)
        for _ in range(3):
            limit = max(OUTLIER_PX, OUTLIER_SIGMAS * 1.4826 * float(np.median(best)))
            good = [n for n in numbers if best[n] <= limit]
            pose = self.solve(good)
            if pose is None:
                return good
            best = self._errors_px(pose)
        return good

    def solve(self, numbers: list[int]) -> Points | None:
        """Robot from camera by least squares over the pixel errors; None where the points do not allow it."""
        start = self._start(numbers)
        if start is None:
            return None
        from_robot = start[:3, :3].T
        turn, shift = cv2.solvePnPRefineLM(
            self._robot[numbers], self._pixels[numbers], self._matrix, self._distortion,
            cv2.Rodrigues(from_robot)[0], -from_robot @ start[:3, 3],
        )  # fmt: skip
        return _inverse(turn, shift)

    def errors(self, pose: Points, good: list[int]) -> list[PointError]:
        found = []
        full = _off(self._pairs, standing_projection(self._lens, pose))
        for n, (pair, (px, mm)) in enumerate(zip(self._pairs, full, strict=True)):
            without = self.solve([m for m in good if m != n]) if n in good else pose
            left_out = (
                _off([pair], standing_projection(self._lens, without))[0][1] if without is not None else float("inf")
            )
            found.append(PointError(pair.name, round(px, 3), round(mm, 3), round(left_out, 3), n not in good))
        return found

    def _start(self, numbers: list[int]) -> Points | None:
        if len(numbers) < 4:
            return None
        try:
            found, turn, shift = cv2.solvePnP(
                self._robot[numbers], self._pixels[numbers], self._matrix, self._distortion, flags=cv2.SOLVEPNP_SQPNP
            )
        except cv2.error:
            return None
        return _inverse(turn, shift) if found else None

    def _errors_px(self, pose: Points) -> NDArray[np.float64]:
        turn = pose[:3, :3].T
        shift = -turn @ pose[:3, 3]
        seen, _ = cv2.projectPoints(self._robot, cv2.Rodrigues(turn)[0], shift, self._matrix, self._distortion)
        return np.asarray(np.linalg.norm(np.asarray(seen).reshape(-1, 2) - self._pixels, axis=1))


def standing_projection(lens: Lens, robot_from_camera: Points) -> Projection:
    """A camera that stands there, above no fixture in particular."""
    rows = tuple((a, b, c, d) for a, b, c, d in robot_from_camera.tolist())
    r0, r1, r2, r3 = rows
    calibration = Calibration(matrix=lens.matrix, distortion=lens.distortion, robot_from_camera=(r0, r1, r2, r3))
    return Projection(calibration, Fixture(origin_mm=(0, 0, 0)), (1, 1))


def _off(pairs: Sequence[Pair], projection: Projection) -> list[tuple[float, float]]:
    """Pixel error, and millimetres between the point and its pixel's ray on the plane of the point's height."""
    robot = np.array([p.robot_mm for p in pairs], np.float64)
    pixels = np.array([p.px for p in pairs], np.float64)
    off_px = np.linalg.norm(projection.robot_to_px(robot) - pixels, axis=1)
    off_mm = [
        float(np.linalg.norm(projection.px_to_robot([pixel.tolist()], float(at[2]))[0, :2] - at[:2]))
        for pixel, at in zip(pixels, robot, strict=True)
    ]
    both = np.nan_to_num(np.column_stack([off_px, off_mm]), nan=1e6)
    return [(px, mm) for px, mm in both.tolist()]


def _refusals(pairs: Sequence[Pair], size_px: tuple[int, int]) -> list[str]:
    refusals = []
    if len(pairs) < FEWEST:
        refusals.append(f"{len(pairs)} points, {FEWEST} needed; 12 to 20 are good")
    elif (spread := _spread(pairs, size_px)) < LEAST_SPREAD:
        refusals.append(
            f"the points enclose {spread:.0%} of the picture, {LEAST_SPREAD:.0%} needed: touch points near the corners"
        )
    return refusals


def _spread(pairs: Sequence[Pair], size_px: tuple[int, int]) -> float:
    hull = cv2.convexHull(np.array([p.px for p in pairs], np.float32))
    return float(cv2.contourArea(hull)) / (size_px[0] * size_px[1])


def _inverse(turn: object, shift: object) -> Points:
    """Robot from camera, of OpenCV's rotation vector and shift from robot to camera."""
    pose = np.eye(4)
    pose[:3, :3] = cv2.Rodrigues(np.asarray(turn, np.float64))[0].T
    pose[:3, 3] = -pose[:3, :3] @ np.ravel(np.asarray(shift, np.float64))
    return pose


def _rms(values: Sequence[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if len(values) else 0.0
