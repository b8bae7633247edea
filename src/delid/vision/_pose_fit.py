"""One pose, refined: iteratively reweighted least squares of shift, turn and height, with covariance.

The unknowns are shift x and y (mm), turn (radians) and height (mm), all measured from where the fixture, the pack file
and the calibration say the lid is. All points are in the pack's frame, as the fixture has it. Height is an unknown
because a lid that stands higher, or heads that stand above it, move every detection outwards along its ray: at the
rim of a large pack by four millimetres for ten of height.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ._geometry import Points
from ._pose_search import turned

GATES_MM = (24.0, 14.0, 7.0, 7.0, 7.0, 7.0)
"""Greatest distance of a detection from its place, round by round, until nothing changes."""
GATE_SIGMAS = 4.0
BIWEIGHT_SIGMAS = 4.7
"""Tukey's constant: a detection farther off than this has no say."""
DOUBT = 4.0
"""The assumed centre error counts as if it came from so many measurements."""
OUTLINE_SIGMA_MM = 16.0
"""One point of a seen outline against its edge; neighbours err together, so that each is trusted little."""


@dataclass(frozen=True, slots=True)
class Range:
    """What is known before looking: standard deviations of shift (mm), turn (rad) and height (mm)."""

    shift_mm: float
    turn_rad: float
    height_mm: float
    about_rad: float = 0.0

    def information(self) -> NDArray[np.float64]:
        return np.diag([self.shift_mm**-2, self.shift_mm**-2, self.turn_rad**-2, self.height_mm**-2])


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What was seen, on the nominal plane of the lid: centres, walk for 1 mm of height, standard deviations in mm."""

    pattern: Points
    found: Points
    slopes: Points
    sigma_mm: Points
    """Of a detection against its place: centre error and pattern error together, one figure for each detection."""
    outline: Points = field(default_factory=lambda: np.empty((0, 2)))
    outline_slopes: Points = field(default_factory=lambda: np.empty((0, 2)))
    nominal_outline: Points = field(default_factory=lambda: np.empty((0, 2)))


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A refined pose. ``pairs`` maps a place's index to its detection's; ``score`` counts good pairs, 0 to 1 each."""

    pose: NDArray[np.float64]
    covariance: NDArray[np.float64]
    pairs: Mapping[int, int]
    score: float
    rms_mm: float
    spread: float
    """How much worse than assumed the residuals are, at least 1."""
    outline_mm: float | None
    """Mean distance of the seen outline from the fitted one."""

    def places(self, pattern: Points) -> Points:
        return turned(pattern, self.pose[2]) + self.pose[:2]


def refine(sight: Sight, start: tuple[float, float, float], prior: Range) -> Fit:
    """Refine from shift x, shift y and turn; pairs, robust weights and pose in turn."""
    pose = np.array([*start, 0.0])
    pairs: dict[int, int] = {}
    for round_, gate in enumerate(GATES_MM):
        before, pairs = pairs, assign(sight, pose, gate)
        if pairs == before and gate == GATES_MM[round_ - 1]:
            break
        for _ in range(2):
            # while the gate is wide, so is the reach of the weights
            pose, _ = _solve(sight, pose, pairs, prior, gate / GATES_MM[-1])
    residual = _residuals(sight, pose, pairs)
    spread = _spread(sight, residual, pairs)
    pose, covariance = _solve(sight, pose, pairs, prior, spread)
    off = np.linalg.norm(_residuals(sight, pose, pairs), axis=1)
    # a pair at its gate explains nothing
    score = float(np.clip(1 - (off / GATES_MM[-1]) ** 2, 0, 1).sum())
    rms = float(np.sqrt((off**2).mean())) if len(off) else 0.0
    return Fit(pose, covariance, pairs, score, rms, spread, _outline_off(sight, pose))


def assign(sight: Sight, pose: NDArray[np.float64], gate_mm: float) -> dict[int, int]:
    """Places to detections, one to one, nearest pairs first, none farther apart than the gate."""
    places = turned(sight.pattern, pose[2]) + pose[:2]
    seen = sight.found + pose[3] * sight.slopes
    apart = np.linalg.norm(places[:, None, :] - seen[None, :, :], axis=2)
    limit = np.maximum(gate_mm, GATE_SIGMAS * sight.sigma_mm)[None, :]
    rows, columns = np.nonzero(apart <= limit)
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for n in np.argsort(apart[rows, columns], kind="stable"):
        place, detection = int(rows[n]), int(columns[n])
        if place not in pairs and detection not in taken:
            pairs[place] = detection
            taken.add(detection)
    return dict(sorted(pairs.items()))


def _residuals(sight: Sight, pose: NDArray[np.float64], pairs: Mapping[int, int]) -> Points:
    i, a = list(pairs), list(pairs.values())
    return np.asarray(turned(sight.pattern[i], pose[2]) + pose[:2] - sight.found[a] - pose[3] * sight.slopes[a])


def _spread(sight: Sight, residual: Points, pairs: Mapping[int, int]) -> float:
    if not pairs:
        return 1.0
    chi2 = float(((residual / sight.sigma_mm[list(pairs.values()), None]) ** 2).sum())
    freedom = max(2 * len(pairs) - 4, 0)
    return float(np.sqrt(max(1.0, (DOUBT + chi2) / (DOUBT + freedom)))) if freedom else 1.0


def _solve(
    sight: Sight, pose: NDArray[np.float64], pairs: Mapping[int, int], prior: Range, spread: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One step of Gauss and Newton: the new pose and its covariance."""
    about = np.array([0.0, 0.0, prior.about_rad, 0.0])
    normal = prior.information()
    right = normal @ (about - pose)
    for jacobian, residual, sigma in (_fastener_rows(sight, pose, pairs), _outline_rows(sight, pose)):
        size = np.linalg.norm(residual, axis=1) / sigma / spread
        weight = np.clip(1 - (size / BIWEIGHT_SIGMAS) ** 2, 0, None) ** 2 / (sigma * spread) ** 2
        weighted = (jacobian * weight[:, None, None]).reshape(-1, 4)
        normal = normal + weighted.T @ jacobian.reshape(-1, 4)
        right = right - weighted.T @ residual.ravel()
    covariance = np.asarray(np.linalg.inv(normal), np.float64)
    return pose + covariance @ right, covariance


def _fastener_rows(
    sight: Sight, pose: NDArray[np.float64], pairs: Mapping[int, int]
) -> tuple[NDArray[np.float64], Points, Points]:
    i, a = list(pairs), list(pairs.values())
    jacobian = np.zeros((len(i), 2, 4))
    jacobian[:, 0, 0] = jacobian[:, 1, 1] = 1.0
    jacobian[:, :, 2] = turned(sight.pattern[i], pose[2] + np.pi / 2)
    jacobian[:, :, 3] = -sight.slopes[a]
    return jacobian, _residuals(sight, pose, pairs), sight.sigma_mm[a]


def _outline_rows(sight: Sight, pose: NDArray[np.float64]) -> tuple[NDArray[np.float64], Points, Points]:
    """A seen outline point stays on its edge but may slide along it: one row for each point."""
    count = len(sight.outline)
    jacobian = np.zeros((count, 1, 4))
    if not count:
        return jacobian, np.empty((0, 1)), np.empty(0)
    inside = turned(sight.outline + pose[3] * sight.outline_slopes - pose[:2], -pose[2])
    distance, normals = _to_edges(inside, sight.nominal_outline)
    outward = turned(normals, pose[2])
    jacobian[:, 0, :2] = -outward
    jacobian[:, 0, 2] = -(normals * turned(inside, np.pi / 2)).sum(axis=1)
    jacobian[:, 0, 3] = (outward * sight.outline_slopes).sum(axis=1)
    return jacobian, distance[:, None], np.full(count, OUTLINE_SIGMA_MM)


def _outline_off(sight: Sight, pose: NDArray[np.float64]) -> float | None:
    if not len(sight.outline):
        return None
    inside = turned(sight.outline + pose[3] * sight.outline_slopes - pose[:2], -pose[2])
    return float(np.abs(_to_edges(inside, sight.nominal_outline)[0]).mean())


def _to_edges(points: Points, polygon: Points) -> tuple[Points, Points]:
    """Signed distance of each point from the nearest edge, and the direction in which it grows."""
    start, along = polygon, np.roll(polygon, -1, axis=0) - polygon
    reach = points[:, None, :] - start[None]
    part = np.clip((reach * along).sum(axis=2) / (along**2).sum(axis=1), 0, 1)
    away = reach - part[:, :, None] * along
    distance = np.linalg.norm(away, axis=2)
    nearest = distance.argmin(axis=1)
    rows = np.arange(len(points))
    edge = along[nearest]
    square = np.column_stack([edge[:, 1], -edge[:, 0]]) / np.linalg.norm(edge, axis=1)[:, None]
    signed = (away[rows, nearest] * square).sum(axis=1)
    ends = np.abs(signed) < 0.999 * distance[rows, nearest]
    # past a corner the way to the outline is the way to the corner
    corner = away[rows, nearest] / np.maximum(distance[rows, nearest], 1e-9)[:, None]
    return np.where(ends, distance[rows, nearest], signed), np.where(ends[:, None], corner, square)
