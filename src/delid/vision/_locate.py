"""The fine look: one fastener in the middle of a picture that a camera at the tool took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from delid.config import Camera, Fixture
from delid.core import FastenerKind, Frame, PointPx, PoseMm, Sighting

from ._geometry import Projection
from ._quality import QualityLimits, check_quality


class Found(Protocol):
    """What a fine look needs of a detection."""

    @property
    def center_px(self) -> PointPx: ...

    @property
    def kind(self) -> FastenerKind: ...

    @property
    def confidence(self) -> float: ...


class ToolView:
    """A camera at the tool: where it looks follows from where the flange stands."""

    def __init__(self, camera: Camera, fixture: Fixture) -> None:
        """Raises ConfigError when the calibration is no rigid motion or no pinhole camera."""
        self.size_px = camera.size_px
        self._calibration, self._fixture = camera.calibration, fixture
        self.at((0.0, 0.0, 0.0))

    def at(self, flange_mm: PoseMm) -> Projection:
        """The view while the flange stands there."""
        return Projection(self._calibration.at(flange_mm), self._fixture, self.size_px)


def picture_fault(frame: Frame, view: ToolView) -> str:
    """Why a picture cannot be judged, or nothing. A plain surface without an edge is no fault: nothing is there."""
    quality = check_quality(frame, size_px=view.size_px, limits=QualityLimits(blur_variance=0.0))
    return "" if quality.ok else f"the fine look cannot be judged: {quality.reasons[0]}"


def locate_fastener(
    view: Projection, at_mm: PoseMm, detections: Sequence[Found], min_confidence: float = 0.0
) -> Sighting | None:
    """The detection nearest to where ``at_mm`` is seen, in the robot's frame at the height of ``at_mm``.

    Detections below ``min_confidence`` count only where there is no other. None where nothing was detected.
    """
    sure = [d for d in detections if d.confidence >= min_confidence] or list(detections)
    if not sure:
        return None
    expected = view.robot_to_px(np.array([at_mm]))[0]
    nearest = min(sure, key=lambda d: float(np.hypot(d.center_px[0] - expected[0], d.center_px[1] - expected[1])))
    x, y, _ = view.px_to_robot([nearest.center_px], at_mm[2])[0]
    center = (round(nearest.center_px[0], 2), round(nearest.center_px[1], 2))
    return Sighting(nearest.kind, center, (round(float(x), 3), round(float(y), 3)), round(nearest.confidence, 4))
