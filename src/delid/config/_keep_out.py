"""Places that the robot's tool stays out of, in the cell file (robot frame) and in the pack file (pack frame)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field, field_validator

from ._yaml import StrictModel

XyMm = tuple[float, float]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]

SMALLEST_MM2 = 1.0


class KeepOut(StrictModel):
    """One zone: a convex outline from the floor up to ``top_mm``. A part that is not convex is several zones."""

    id: Name
    """Name of the zone, as messages use it."""
    outline_mm: Annotated[list[XyMm], Field(min_length=3)]
    """Corners in order, x and y."""
    top_mm: float | None = None
    """Its upper end: in the cell file the height in the robot's frame, in the pack file above the lid's face. Without
    it the zone is as high as the robot."""
    why: str = ""
    """What stands there, in words for the operator."""

    @field_validator("outline_mm")
    @classmethod
    def _is_convex(cls, outline: list[XyMm]) -> list[XyMm]:
        """Corners counter-clockwise; ValueError where they are no convex area."""
        ring = [*outline, outline[0]]
        area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2
        if abs(area) < SMALLEST_MM2:
            raise ValueError("the outline has no area")
        turned = outline if area > 0 else [outline[0], *outline[:0:-1]]
        ring = [*turned, *turned[:2]]
        bends = [
            (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
            for a, b, c in zip(ring, ring[1:], ring[2:], strict=False)
        ]
        if min(bends) < -1e-6:
            raise ValueError("the outline is not convex; write it as several zones")
        return turned
