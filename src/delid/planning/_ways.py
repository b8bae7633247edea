"""The robot's ways at travel height: straight where it is free, else along corners around keep-out zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from delid.config import CellFile, KeepOut, Tool
from delid.core import Act, CommandAct, KeepOutArea, MoveAct, PlanningError, PointMm, PoseMm

from ._place import PackPlace
from ._zones import Level, square, standing

CLEARANCE_MM = 30.0
"""Height of the tool point above a face for travel near it, and where the slow approach begins."""

BARE_REACH_MM = 40.0
"""How far the flange reaches sideways while no tool is known to be fitted."""


@dataclass(frozen=True, slots=True)
class Held:
    """A part at the tool: its corners about the tool's axis, and how far it hangs below the tool point."""

    shape: tuple[PointMm, ...]
    hangs_mm: float = 0.0


def keep_out_areas(cell: CellFile, place: PackPlace | None) -> tuple[KeepOutArea, ...]:
    """The zones of cell file and pack file in the robot's frame."""
    own = [KeepOutArea(zone.id, tuple(zone.outline_mm), zone.top_mm, zone.why) for zone in cell.keep_out]
    return (*own, *(_of_pack(zone, place) for zone in (place.pack.keep_out if place else ()) if place))


def _of_pack(zone: KeepOut, place: PackPlace) -> KeepOutArea:
    outline = tuple(place.to_robot(corner) for corner in zone.outline_mm)
    top = None if zone.top_mm is None else place.lid_z_mm + zone.top_mm
    return KeepOutArea(zone.id, outline, top, zone.why, of_pack=True)


@dataclass(slots=True)
class Ways:
    """Ways among the zones of one plan."""

    areas: tuple[KeepOutArea, ...]
    safe_z_mm: float
    clearance_mm: float = CLEARANCE_MM
    _levels: dict[tuple[object, ...], Level] = field(default_factory=dict)

    def level(self, tool: Tool | None, held: Held | None = None) -> Level:
        """What stands in the way of a tool at travel height."""
        length, reach = (tool.length_mm, tool.reach_mm) if tool else (0.0, BARE_REACH_MM)
        lowest = self.safe_z_mm - length - (held.hangs_mm if held else 0.0)
        shape = (*square(reach), *(held.shape if held else ()))
        key = (lowest, shape)
        if key not in self._levels:
            areas = standing(self.areas, lowest - self.clearance_mm)
            self._levels[key] = Level([a for a in areas if not (held and a.of_pack)], shape)
        return self._levels[key]

    def zone_above(self, at_mm: PointMm, point_z_mm: float, tool: Tool) -> str:
        """Name of a zone that the tool would meet on its way straight down to ``point_z_mm``; empty where free."""
        if not self.areas:
            return ""
        shape = square(tool.reach_mm)
        key = ("down", point_z_mm, shape)
        if key not in self._levels:
            self._levels[key] = Level(standing(self.areas, point_z_mm), shape)
        return self._levels[key].zone_at(at_mm)

    def around(self, begin: PoseMm, move: MoveAct, tool: Tool | None, held: Held | None = None) -> list[MoveAct]:
        """The move, behind moves to the corners on its way where zones stand there; raises PlanningError."""
        if not self.areas or min(begin[2], move.to_mm[2]) < self.safe_z_mm or begin[:2] == move.to_mm[:2]:
            return [move]
        corners = self.level(tool, held).way(begin[:2], move.to_mm[:2])
        if corners is None:
            raise PlanningError(
                f"There is no way for the tool from ({begin[0]:.0f}, {begin[1]:.0f}) to ({move.to_mm[0]:.0f}, "
                f"{move.to_mm[1]:.0f}) mm beside the keep-out zones {', '.join(a.name for a in self.areas)}.",
                hint="Check the zones' outlines and tops in the cell file and the pack file, and reach_mm of the tool.",
                code="planning.zone",
            )
        return [*(MoveAct((x, y, self.safe_z_mm), move.feed_mm_s, via=True) for x, y in corners), move]


def with_corners(
    acts: Sequence[Act], begin: PoseMm, ways: Ways, tools: Sequence[Tool], tool: Tool | None, held: Held | None = None
) -> tuple[tuple[Act, ...], PoseMm]:
    """Acts with their ways around the zones, and where they end; a tool change on the way counts."""
    found: list[Act] = []
    for act in acts:
        if isinstance(act, MoveAct):
            if not act.via:
                found.extend(ways.around(begin, act, tool, held))
                begin = act.to_mm
            continue
        if isinstance(act, CommandAct) and act.name == "fit_tool":
            tool = next((t for t in tools if t.number == act.params.get("tool_number")), tool)
        if isinstance(act, CommandAct) and act.name == "release_part":
            held = None
        found.append(act)
    return tuple(found), begin


def any_tool_level(cell: CellFile) -> Level:
    """What stands in the way of whichever tool may be fitted: the longest one, and the one that reaches farthest."""
    longest = max((tool.length_mm for tool in cell.tools.values()), default=0.0)
    reach = max((tool.reach_mm for tool in cell.tools.values()), default=BARE_REACH_MM)
    lowest = cell.motion.safe_z_mm - longest - CLEARANCE_MM
    return Level(standing(keep_out_areas(cell, None), lowest), square(reach))
