"""Detections and a pack file to the pack's fasteners: each with a kind, a place and how surely it is there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from delid.config import PackFile
from delid.core import Fastener, PointPx

from ._geometry import Projection
from ._locate import Found
from ._pose import PackPose, PoseStatus
from ._pose_search import turned
from ._registration import CENTER_SIGMA_PX, register_pack


def locate_fasteners(
    detections: Sequence[Found],
    pack: PackFile,
    projection: Projection,
    *,
    outline_px: Sequence[PointPx] | None = None,
    center_sigma_px: float = CENTER_SIGMA_PX,
) -> tuple[PackPose, tuple[Fastener, ...]]:
    """Register the pack, then give each of its places in view the detection that belongs there.

    A place without one keeps the kind of its group, with confidence 0: nobody saw it. Detections that belong to no
    place are left out.
    """
    pose = register_pack(detections, outline_px, pack, projection, center_sigma_px=center_sigma_px)
    expected = {name: group.kind for key, group in pack.groups.items() for name in pack.fastener_ids(key)}
    fasteners = []
    for name, place in pose.places.items():
        seen = None if place.detection is None else detections[place.detection]
        fasteners.append(
            Fastener(
                id=name,
                kind=seen.kind if seen else expected[name],
                center_px=place.center_px,
                center_mm=place.center_mm,
                confidence=round(min(max(seen.confidence, 0.0), 1.0), 4) if seen else 0.0,
                uncertainty_mm=place.uncertainty_mm,
            )
        )
    return pose, tuple(fasteners)


def outline_px(pose: PackPose, pack: PackFile, projection: Projection) -> tuple[PointPx, ...]:
    """The pack's outline as the camera should see it under this pose; where the fixture has it without one."""
    if pose.status is PoseStatus.FAILED:
        return projection.outline_px(pack)
    outline = turned(np.array(pack.outline_mm, np.float64), np.deg2rad(pose.turn_deg))
    robot = projection.pack_to_robot(outline.tolist(), pack) + np.array([*pose.shift_mm, pose.height_mm])
    pixels = projection.robot_to_px(robot)
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in pixels if np.isfinite(x + y))
