"""Intrinsics of a camera from pictures of a ChArUco board, and a plain word on whether they can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.config import Board, CalibrationImage, Lens
from delid.core import Frame

from ._calibration_board import Corners, find_corners

FEWEST_VIEWS = 8
FEWEST_CORNERS = 12
ALIKE_PART = 0.02
"""Two views whose common corners lie nearer together than this part of the picture's width teach nothing new."""
ZONES = (5, 4)
LEAST_COVERAGE = 0.7
TILT_DEG, TILTED_VIEWS = 12.0, 4
"""Without pictures of a tilted board, focal length and distance cannot be told apart."""
WORST_RMS_PX = 1.5
FAIR_RMS_PX = 0.8
STANDS_OUT = 3.0
SURE_FOCAL = 0.01


@dataclass(frozen=True, slots=True)
class LensReport:
    """What came of it. ``lens`` is None when the pictures were refused; ``refusals`` then say which to add."""

    lens: Lens | None
    size_px: tuple[int, int]
    used: int
    coverage: float
    focal_sigma: float
    """Standard deviation of the focal length, as a part of it."""
    refusals: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    name: str
    sha256: str
    corners: Corners


def calibrate_lens(frames: Sequence[Frame], board: Board) -> LensReport:
    """Focal lengths, centre and distortion (k1, k2, p1, p2, k3) from pictures of one camera, all of one size."""
    sizes = sorted({(f.image.shape[1], f.image.shape[0]) for f in frames})
    if len(sizes) != 1:
        refusal = "the pictures are of different sizes" if sizes else "there are no pictures"
        return LensReport(None, sizes[0] if sizes else (0, 0), 0, 0.0, 0.0, (refusal,), ())
    size = sizes[0]
    views, remarks = _usable(frames, board, size)
    coverage, missing = _coverage(views, size)
    refusals = _refusals_before(len(views), coverage, missing)
    if len(views) < 3:
        return LensReport(None, size, len(views), coverage, 0.0, tuple(refusals), tuple(remarks))
    rms, matrix, distortion, turns, _, sigmas, _, per_view = cv2.calibrateCameraExtended(
        [v.corners.board_mm.astype(np.float32) for v in views],
        [v.corners.pixels.astype(np.float32) for v in views],
        size, _first_guess(size), np.zeros(5),
    )  # fmt: skip
    errors = np.asarray(per_view, np.float64).ravel()
    focal_sigma = float(sigmas[0, 0] / matrix[0, 0])
    refusals += _refusals_after(rms, np.array([cv2.Rodrigues(turn)[0][:, 2] for turn in turns], np.float64))
    remarks += _remarks_after(rms, errors, focal_sigma, views)
    images = [
        CalibrationImage(file=v.name, sha256=v.sha256, rms_px=round(float(e), 4))
        for v, e in zip(views, errors, strict=True)
    ]
    lens = Lens(
        matrix=np.round(matrix, 4).tolist(),
        distortion=[round(float(d), 7) for d in np.ravel(distortion)],
        rms_px=round(float(rms), 4),
        coverage=round(coverage, 3),
        board=board,
        images=images,
    )
    return LensReport(
        None if refusals else lens, size, len(views), coverage, focal_sigma, tuple(refusals), tuple(remarks)
    )


def _usable(frames: Sequence[Frame], board: Board, size: tuple[int, int]) -> tuple[list[_View], list[str]]:
    views: list[_View] = []
    remarks = []
    for frame in frames:
        corners = find_corners(frame.image, board)
        if len(corners.numbers) < FEWEST_CORNERS:
            remarks.append(f"{frame.source}: left out, {len(corners.numbers)} corners found, {FEWEST_CORNERS} needed")
            continue
        twin = next((v for v in views if _shift_px(v.corners, corners) < ALIKE_PART * size[0]), None)
        if twin is not None:
            remarks.append(f"{frame.source}: left out, too much like {twin.name}")
            continue
        views.append(_View(frame.source, frame.sha256, corners))
    return views, remarks


def _shift_px(a: Corners, b: Corners) -> float:
    """Mean distance of the corners that both views show; endless when they share too few to say."""
    common, in_a, in_b = np.intersect1d(a.numbers, b.numbers, return_indices=True)
    if len(common) < FEWEST_CORNERS // 2:
        return float("inf")
    return float(np.linalg.norm(a.pixels[in_a] - b.pixels[in_b], axis=1).mean())


def _coverage(views: Sequence[_View], size: tuple[int, int]) -> tuple[float, list[str]]:
    """Part of the picture's zones that hold a corner, and the names of the regions that hold none."""
    seen = np.zeros((ZONES[1], ZONES[0]), bool)
    for view in views:
        zones = np.clip(view.corners.pixels / size * ZONES, 0, np.array(ZONES) - 1).astype(int)
        seen[zones[:, 1], zones[:, 0]] = True
    names = []
    for row, column in np.argwhere(~seen).tolist():
        down = "top" if row == 0 else "bottom" if row == ZONES[1] - 1 else ""
        across = "left" if column == 0 else "right" if column == ZONES[0] - 1 else ""
        names.append(f"{down} {across}".strip() or "middle")
    return float(seen.mean()), sorted(set(names))


def _refusals_before(count: int, coverage: float, missing: list[str]) -> list[str]:
    refusals = []
    if count < FEWEST_VIEWS:
        refusals.append(f"{count} usable views, {FEWEST_VIEWS} needed: add pictures with the board in other places")
    if coverage < LEAST_COVERAGE:
        refusals.append(
            f"the board covers {coverage:.0%} of the picture, {LEAST_COVERAGE:.0%} needed: add pictures with the "
            f"board at the {', '.join(missing)}"
        )
    return refusals


def _refusals_after(rms: float, normals: NDArray[np.float64]) -> list[str]:
    tilts = np.rad2deg(np.arccos(np.clip(np.abs(normals[:, 2]), 0, 1)))
    tilted = normals[tilts >= TILT_DEG]
    refusals = []
    if len(tilted) < TILTED_VIEWS:
        refusals.append(
            f"{len(tilted)} views show the board tilted by {TILT_DEG:g} degrees or more, {TILTED_VIEWS} needed: add "
            "pictures with the board tilted by 20 to 45 degrees to the left, right, front and back"
        )
    elif np.linalg.matrix_rank(tilted[:, :2], tol=0.2) < 2:
        refusals.append("all tilted views are tilted about one axis: tilt the board about the other one too")
    if rms > WORST_RMS_PX:
        refusals.append(
            f"reprojection error {rms:.2f} px, at most {WORST_RMS_PX:g} allowed: is the board flat, its size right, "
            "the focus fixed?"
        )
    return refusals


def _remarks_after(rms: float, errors: NDArray[np.float64], focal_sigma: float, views: Sequence[_View]) -> list[str]:
    remarks = []
    for view, error in zip(views, errors, strict=True):
        if error > STANDS_OUT * float(np.median(errors)) and error > 0.3:
            remarks.append(f"{view.name}: reprojection error {error:.2f} px stands out; take it again or leave it out")
    if FAIR_RMS_PX < rms <= WORST_RMS_PX:
        remarks.append(f"reprojection error {rms:.2f} px is high; {FAIR_RMS_PX:g} or less is usual")
    if focal_sigma > SURE_FOCAL:
        remarks.append(f"focal length known to {focal_sigma:.1%} only: add pictures with the board tilted and nearer")
    return remarks


def _first_guess(size: tuple[int, int]) -> NDArray[np.float64]:
    """Not used as a start by OpenCV without its flag, but the argument must be a matrix."""
    return np.array([[size[0], 0, size[0] / 2], [0, size[0], size[1] / 2], [0, 0, 1]], np.float64)
