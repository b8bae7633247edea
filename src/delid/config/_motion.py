"""What each motion driver can do: one table, read by engine, drivers and tests."""

from __future__ import annotations

from dataclasses import replace

from delid.core import MotionCapabilities

from ._cell import MotionLimits
from ._program import ProgramMap

CAPABILITIES: dict[str, MotionCapabilities] = {
    "grbl": MotionCapabilities(targets=("move",), hold=True, needs_homing=True, reports_position="always", jog=True),
    "klipper": MotionCapabilities(targets=("move",), hold=False, needs_homing=True, reports_position="standing"),
    "program": MotionCapabilities(targets=("move", "program"), hold=True, needs_homing=True, reports_position="always"),
}


def motion_capabilities(driver: str, limits: MotionLimits, program_map: ProgramMap | None = None) -> MotionCapabilities:
    """What ``driver`` can do with a machine of these limits; a program robot's map says whether it must be homed."""
    known = replace(CAPABILITIES[driver], axes_mm={"x": limits.x_mm, "y": limits.y_mm, "z": limits.z_mm})
    if program_map is None:
        return known
    return replace(known, needs_homing=program_map.needs_homing, programs=tuple(sorted(program_map.programs)))
