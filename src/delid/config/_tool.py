"""The tools at the robot's tool changer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ._calibration import XyzMm
from ._pack import Positive
from ._yaml import StrictModel

CAPTURE_MM = 2.0
"""How far off a head may be for a nutrunner of which the cell file does not say it: cautious, not measured."""


class Tool(StrictModel):
    number: Annotated[int, Field(ge=1, le=99)]
    kind: Literal["nutrunner", "vacuum", "gripper", "cutter", "drain"]
    length_mm: Positive
    """From the robot's flange to the tool point."""
    dock_mm: XyzMm | None = None
    """Flange position at the tool changer; without one the tool is fitted by hand and cannot be changed by the cell."""
    socket_mm: Positive | None = None
    capture_range_mm: Positive | None = None
    """How far from a fastener's middle the tool still takes it; 2 mm for a nutrunner if not given."""
    max_torque_nm: Positive | None = None
    impact: bool = False
    reach_mm: Positive = 40.0
    """How far tool and holder reach sideways from the tool's axis; so far they stay away from keep-out zones."""

    @property
    def capture_mm(self) -> float | None:
        """The capture range; None for a tool that need not meet a fastener."""
        return self.capture_range_mm or (CAPTURE_MM if self.kind == "nutrunner" else None)
