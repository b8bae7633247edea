"""What registration says: how a pack lies, and where each of its fasteners is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from delid.core import PointMm, PointPx


class PoseStatus(StrEnum):
    OK = "ok"
    WEAK = "weak"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Place:
    """One fastener of the pack file as the camera should see it or did. ``detection`` is an index, None if unseen.

    ``uncertainty_mm`` is the radius around ``center_mm`` that holds the true centre 95 times of 100.
    """

    center_mm: PointMm
    center_px: PointPx
    uncertainty_mm: float
    detection: int | None


@dataclass(frozen=True, slots=True, eq=False)
class PackPose:
    """How the pack lies, against where fixture, pack file and calibration say it does.

    Attributes:
        reason: one sentence where the status is not ok; also a remark where it is.
        shift_mm: of the pack's centre, along the robot's axes. Zero when failed.
        turn_deg: about the pack's centre, counter-clockwise from above. Zero when failed.
        height_mm: of the fasteners above the nominal lid.
        inliers: fasteners that support the pose.
        rms_mm: their distance from their places, root mean square.
        covariance: of shift x, shift y (mm), turn (rad) and height (mm); the prior's when failed.
        ambiguous: another pose within the search range explains the detections as well.
        turned: the pack lies turned by 180 degrees; None when its pattern looks the same both ways.
        places: every fastener in view, by id.
    """

    status: PoseStatus
    reason: str
    shift_mm: PointMm
    turn_deg: float
    height_mm: float
    inliers: int
    rms_mm: float
    covariance: NDArray[np.float64]
    ambiguous: bool
    turned: bool | None
    places: Mapping[str, Place]
