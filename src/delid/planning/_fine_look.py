"""The fine look: which fasteners need one before the tool meets them, and the acts that take it."""

from __future__ import annotations

import dataclasses

from delid.config import Camera, Tool
from delid.core import Act, LocateAct, MoveAct, PlanningError, PointMm, PoseMm

from ._builder import Builder


def is_needed(tool: Tool | None, uncertainty_mm: float | None) -> bool:
    """True where the tool may miss a fastener whose place is known no better."""
    capture_mm = tool.capture_mm if tool else None
    return uncertainty_mm is not None and capture_mm is not None and uncertainty_mm > capture_mm


def fine_look_acts(b: Builder, key: str, tool: Tool, camera: Camera, name: str, at: PointMm, z_mm: float) -> list[Act]:
    """From travel height down over the fastener, the look, and back up; ``z_mm`` is the height of the lid's face.

    Raises PlanningError where the axes do not reach, or the tool would come too near to the pack.
    """
    spec = camera.fine_look
    assert spec is not None, "the cell file asks for it at a camera at the tool"
    x, y, z = flange_over(camera, (at[0], at[1], z_mm))
    if z - tool.length_mm < z_mm + b.clearance_mm:
        raise PlanningError(
            f"Step {key}: while camera {camera.id} looks, the tool point would be {z - tool.length_mm - z_mm:.0f} mm "
            f"above the lid, less than {b.clearance_mm:g} mm.",
            hint="Raise the camera's standoff_mm in the cell file.",
            code="planning.clearance",
        )
    locate = LocateAct(name, (*at, z_mm), spec.limit_mm, spec.settle_ms / 1000)
    return [b.above(key, (x, y)), b.move(key, x, y, z), locate, b.above(key, (x, y))]


def following(acts: tuple[Act, ...], name: str, at: PointMm) -> tuple[Act, ...]:
    """The acts with every move over ``at`` bound to what the fine look finds."""
    return tuple(
        dataclasses.replace(act, target=name) if isinstance(act, MoveAct) and _over(act, at) else act for act in acts
    )


def flange_over(camera: Camera, at_mm: PoseMm) -> PoseMm:
    """Where the flange stands so that the camera's axis meets ``at_mm`` at the stand-off distance."""
    rows, spec = camera.calibration.tool_from_camera, camera.fine_look
    assert rows is not None, "the cell file asks for it at a camera at the tool"
    assert spec is not None, "the cell file asks for it at a camera at the tool"
    x, y, z = (a - (row[3] + row[2] * spec.standoff_mm) for a, row in zip(at_mm, rows[:3], strict=True))
    return x, y, z


def _over(act: MoveAct, at: PointMm) -> bool:
    return abs(act.to_mm[0] - at[0]) < 1e-3 and abs(act.to_mm[1] - at[1]) < 1e-3
