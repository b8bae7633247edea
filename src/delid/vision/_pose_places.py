"""Where each fastener is, by its own detection and by what the others say, and how surely.

A fitted pose that rests on thirty fasteners knows the place of each better than its own detection does, if the pack
is built as its file says. Whether it is, the residuals tell: their spread beyond that of the detector is the pattern's
own. Each detected centre is drawn towards its place by that much and no more, and one that stands out is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._geometry import Points
from ._pose_fit import DOUBT, Fit, Sight
from ._pose_search import turned

STANDS_OUT = 3.0
"""A detection so many sigmas from its place is taken to be right about itself."""
LEAST_PATTERN_MM = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Centres in the pack's frame, n x 2, and the radii that hold the true ones 95 times of 100, for every place."""

    centers: Points
    radii_mm: Points


def place_fasteners(
    sight: Sight, fit: Fit, center_sigma_mm: Points, pattern_sigma_mm: float, calibration_sigma_mm: float
) -> Placed:
    """All places of the pattern under a fitted pose; ``center_sigma_mm`` is one figure for each detection."""
    centers = fit.places(sight.pattern)
    pattern_var = _pattern_variance(sight, fit, center_sigma_mm, pattern_sigma_mm)
    levers = np.zeros((len(centers), 2, 4))
    levers[:, 0, 0] = levers[:, 1, 1] = 1.0
    levers[:, :, 2] = turned(sight.pattern, fit.pose[2] + np.pi / 2)
    spreads = levers @ fit.covariance @ levers.transpose(0, 2, 1) + np.eye(2) * pattern_var
    places, detections = list(fit.pairs), list(fit.pairs.values())
    slopes = sight.slopes[detections]
    seen = sight.found[detections] + fit.pose[3] * slopes
    own_var = (center_sigma_mm[detections] * fit.spread) ** 2
    own = np.eye(2) * own_var[:, None, None] + slopes[:, :, None] * slopes[:, None, :] * fit.covariance[3, 3]
    away = centers[places] - seen
    share = own @ np.linalg.inv(own + spreads[places])
    share[np.linalg.norm(away, axis=1) > STANDS_OUT * np.sqrt(own_var + pattern_var)] = 0.0
    centers[places] = seen + (share @ away[:, :, None])[:, :, 0]
    spreads[places] = own - share @ own
    return Placed(centers, circle_95(spreads + np.eye(2) * calibration_sigma_mm**2))


def _pattern_variance(sight: Sight, fit: Fit, center_sigma_mm: Points, assumed_mm: float) -> float:
    """Of a fastener's true place about the pattern's, along one axis: what the detector's error leaves to explain."""
    detections = list(fit.pairs.values())
    freedom = max(2 * len(detections) - 4, 0)
    if not freedom:
        return assumed_mm**2
    places = fit.places(sight.pattern)[list(fit.pairs)]
    seen = sight.found[detections] + fit.pose[3] * sight.slopes[detections]
    total = float(((places - seen) ** 2).sum()) / freedom
    left = max(total - float((center_sigma_mm[detections] ** 2).mean()), 0.0)
    return max((DOUBT * assumed_mm**2 + freedom * left) / (DOUBT + freedom), LEAST_PATTERN_MM**2)


def circle_95(covariances: NDArray[np.float64]) -> Points:
    """Radii of the circles that hold 95 of 100 points, one for each 2 x 2 covariance.

    Source: A. A. Hoover, Algorithms for Confidence Circles and Ellipses, NOAA technical report NOS 107 C&GS 3, 1984.
    """
    low, high = np.sqrt(np.maximum(np.linalg.eigvalsh(covariances), 1e-12)).T
    part = low / high
    return np.asarray(high * (1.960790 + part * (0.004071 + part * (0.114276 + part * 0.371625))))
