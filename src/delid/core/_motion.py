"""What a motion controller can do, as data, so that nobody has to ask which one it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class MotionCapabilities:
    """Capabilities of one driver with its machine.

    Attributes:
        targets: what it can be sent to: a straight move to a pose, or a stored program by name.
        axes_mm: lowest and highest position of each axis, in the robot's frame.
        hold: a motion can be held and resumed. Where it cannot, holding a run means stopping it.
        needs_homing: the position is trusted only after homing; otherwise enabling is enough.
        reports_position: always, or only while it stands.
        programs: names of the stored programs.
        jog: it can creep along an axis while somebody holds on, and stands when nobody does.
    """

    targets: tuple[Literal["move", "program"], ...] = ("move",)
    axes_mm: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    hold: bool = True
    needs_homing: bool = True
    reports_position: Literal["always", "standing"] = "always"
    programs: tuple[str, ...] = ()
    jog: bool = False
