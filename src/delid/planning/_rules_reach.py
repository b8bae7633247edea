"""Rules about the cell's room: axes, feeds, travel height, docks. The figures are the planner's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from delid.config import Cell, Cut, Lift, Operation, PackFile, Pick, Place, Tool, Unfasten
from delid.core import PointMm, PoseMm, Reaction

from ._context import Context, Found, Location
from ._place import PackPlace, turned
from ._unfasten import impact_tool
from ._ways import CLEARANCE_MM


def out_of_reach(c: Context) -> Found:
    """Every place where the flange must stand lies within the axes. One finding for each operation and pack."""
    if c.cell is None:
        return
    limits = c.cell.spec.motion.limits
    for n, o in c.operations():
        told: set[str] = set()
        for location, what, pose in _poses(c, c.cell, n, o):
            for axis, value, (low, high) in zip("xyz", pose, (limits.x_mm, limits.y_mm, limits.z_mm), strict=True):
                if not low <= round(value, 3) <= high and what not in told:
                    told.add(what)
                    words = f"{what} needs {axis} = {value:.1f} mm, outside the limits {low:g}..{high:g}"
                    yield location, f"{o.id!r}: {words}"


def _poses(c: Context, cell: Cell, n: int, o: Operation) -> Iterator[tuple[Location, str, PoseMm]]:
    """Where the flange must stand for an operation, the outermost places only (robot frame, mm)."""
    if isinstance(o, Place | Pick) and o.to in cell.spec.places and (tool := c.tool_of(o)):
        x, y, z = cell.spec.places[o.to]
        yield ("operations", n, "to"), f"the place {o.to!r}", (x, y, z + tool.length_mm)
        yield ("operations", n, "to"), f"the place {o.to!r}", (x, y, z + tool.length_mm + CLEARANCE_MM)
    for tool, key in _tools(c, o):
        for place in c.places:
            points, face_z, depth = _points(o, place)
            for x, y in points:
                name = f"{place.pack.pack} with the tool {key!r}"
                for z in (face_z + tool.length_mm - depth, face_z + tool.length_mm + CLEARANCE_MM):
                    yield ("operations", n, "id"), name, (x, y, z)


def _tools(c: Context, o: Operation) -> list[tuple[Tool, str]]:
    """The tool of an operation, and the impact nutrunner where a reaction takes it."""
    name, tool = getattr(o, "tool", ""), c.tool_of(o)
    found = [(tool, name)] if tool else []
    if isinstance(o, Unfasten) and tool and any(Reaction.IMPACT in r for r in o.on_failure.values()):
        other, impact = impact_tool(dict(c.tools), name)
        found += [(impact, other)] if impact else []
    return found


def _points(o: Operation, place: PackPlace) -> tuple[Sequence[PointMm], float, float]:
    """Places on the pack that an operation works at (robot frame, mm), height of the face, depth below it."""
    pack = place.pack
    if isinstance(o, Unfasten) and o.targets.group in pack.groups:
        return corners(tuple(pack.groups[o.targets.group].positions_mm), place), place.lid_z_mm, 0.0
    if isinstance(o, Lift):
        return [place.to_robot(pack.lid.grip_mm)], place.lid_z_mm, 0.0
    if isinstance(o, Pick) and pack.modules is not None:
        return corners(tuple(pack.modules.positions_mm), place), place.module_z_mm, 0.0
    if isinstance(o, Cut):
        return [place.to_robot(p) for p in o.path_mm], place.lid_z_mm, o.depth_mm
    return [], 0.0, 0.0


@lru_cache(maxsize=4096)
def _extremes(points: tuple[PointMm, ...], turn_deg: float) -> tuple[int, ...]:
    """Indices of the points that lie farthest out along each axis of the robot, the pack being turned."""
    at = [turned(p, turn_deg) for p in points]
    ways = [min(range(len(at)), key=lambda k, a=a, s=s: s * at[k][a]) for a in (0, 1) for s in (1, -1)]  # type: ignore[misc]
    return tuple(sorted(set(ways)))


def corners(points: tuple[PointMm, ...], place: PackPlace) -> list[PointMm]:
    """Of many places those that lie farthest out (robot frame, mm): if these are in reach, all are."""
    return [place.to_robot(points[k]) for k in _extremes(points, place.fixture.rotation_deg)]


def too_fast(c: Context) -> Found:
    for n, o in c.operations():
        if c.cell and isinstance(o, Cut) and o.feed_mm_s > c.cell.spec.motion.limits.feed_mm_s:
            most = c.cell.spec.motion.limits.feed_mm_s
            yield ("operations", n, "feed_mm_s"), f"{o.feed_mm_s:g} mm/s is faster than the axes go, {most:g} mm/s"


def travel_too_low(c: Context) -> Found:
    for n, o in c.operations():
        if c.cell is None or isinstance(o, Place):
            continue
        for tool, name in _tools(c, o):
            point_z = c.cell.spec.motion.safe_z_mm - tool.length_mm
            for place in c.places:
                if point_z < place.lid_z_mm + CLEARANCE_MM:
                    yield (
                        ("operations", n, "tool"),
                        f"at travel height the point of {name!r} passes at z = {point_z:.1f} mm, less than "
                        f"{CLEARANCE_MM:g} mm above the lid of {place.pack.pack} at {place.lid_z_mm:.1f} mm",
                    )


def no_dock(c: Context) -> Found:
    """A recipe that needs several tools needs a dock, within the axes, for each of them."""
    used: dict[str, tuple[int, Tool]] = {}
    for n, o in c.operations():
        for tool, name in _tools(c, o):
            used.setdefault(name, (n, tool))
    if c.cell is None:
        return
    limits = c.cell.spec.motion.limits
    for name, (n, tool) in used.items():
        if tool.dock_mm is None:
            if len(used) > 1:
                yield ("operations", n, "tool"), f"the tool {name!r} has no dock, and the recipe changes tools"
            continue
        axes = zip(tool.dock_mm, (limits.x_mm, limits.y_mm, limits.z_mm), strict=True)
        if any(not low <= value <= high for value, (low, high) in axes):
            yield ("operations", n, "tool"), f"the dock of the tool {name!r} lies outside the limits of the axes"


def cut_outside(c: Context) -> Found:
    for n, o in c.operations():
        if not isinstance(o, Cut):
            continue
        for pack in c.served_packs:
            for k, point in enumerate(o.path_mm):
                if not _inside(point, pack):
                    yield (
                        ("operations", n, "path_mm", k),
                        f"({point[0]:g}, {point[1]:g}) lies outside the outline of {pack.pack}",
                    )


def _inside(point: PointMm, pack: PackFile) -> bool:
    """True inside the outline or on its edge: a ray along x crosses it an odd number of times."""
    x, y = point
    inside, corners_mm = False, pack.outline_mm
    for (x0, y0), (x1, y1) in zip(corners_mm, [*corners_mm[1:], corners_mm[0]], strict=True):
        across = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)
        if across == 0 and min(x0, x1) <= x <= max(x0, x1) and min(y0, y1) <= y <= max(y0, y1):
            return True
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside
