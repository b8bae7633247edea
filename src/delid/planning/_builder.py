"""Writes steps: knows where the robot will stand and which tool it will carry, and refuses what it cannot reach."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from delid.config import Cell, Operation, Tool
from delid.core import (
    Act,
    CommandAct,
    KeepOutArea,
    MoveAct,
    PackState,
    PlanningError,
    PointMm,
    PoseMm,
    Step,
    Verb,
)

from ._times import COMMAND_S, acts_time
from ._ways import CLEARANCE_MM, Held, Ways, with_corners

SWOLLEN_CLEARANCE_MM = 80.0
"""The same where swelling was seen: the lid may stand higher than its drawing."""


@dataclass(slots=True)
class Builder:
    """The state of writing a plan. A plan begins at the park position with the tool that the PLC reports."""

    cell: Cell
    recipe: str
    tool: str | None
    clearance_mm: float = CLEARANCE_MM
    sure_confidence: float = 0.0
    """Below it a fastener's kind does not count, only its place."""
    position_mm: PoseMm = field(init=False)
    carrying: str | None = None
    carried: PackState | None = None
    """What runs before did to this very pack."""
    steps: list[Step] = field(default_factory=list)
    areas: tuple[KeepOutArea, ...] = ()
    held: Held | None = None
    """The part that hangs at the tool while it is carried from one step to the next."""
    next_mm: PointMm | None = None
    """Where the robot has to go after the operation being written, if that is known."""
    ways: Ways = field(init=False)

    def __post_init__(self) -> None:
        motion = self.cell.spec.motion
        self.position_mm = motion.park_mm
        self.ways = Ways(self.areas, motion.safe_z_mm, self.clearance_mm)

    # --- acts ---------------------------------------------------------------------------------------------------

    def move(self, key: str, x: float, y: float, z: float, *, slow: bool = False, feed_mm_s: float = 0.0) -> MoveAct:
        """A move of the flange; raises PlanningError when the axes do not reach, or are not that fast."""
        motion = self.cell.spec.motion
        feed = feed_mm_s or (motion.approach_feed_mm_s if slow else motion.travel_feed_mm_s)
        limits = motion.limits
        ranges = (
            ("x", x, limits.x_mm),
            ("y", y, limits.y_mm),
            ("z", z, limits.z_mm),
            ("feed", feed, (0.0, limits.feed_mm_s)),
        )
        for name, value, (low, high) in ranges:
            if not low <= value <= high:
                unit = "mm/s" if name == "feed" else "mm"
                raise PlanningError(
                    f"Step {key} needs {name} = {value:.1f} {unit}, outside the limits {low:g}..{high:g}.",
                    hint="Check the pack file, the fixture and the places and limits of the cell file.",
                    code="planning.reach",
                )
        return MoveAct((_mm(x), _mm(y), _mm(z)), feed)

    def above(self, key: str, at_mm: PointMm) -> MoveAct:
        """A move at travel height."""
        return self.move(key, *at_mm, self.cell.spec.motion.safe_z_mm)

    def command(self, key: str, name: str, deadline_s: float = 0.0, **params: float) -> CommandAct:
        """A PLC command of the register map; raises PlanningError when the map lacks it or one of ``params``."""
        spec = self.cell.plc_map.commands.get(name)
        if spec is None or not set(params) <= set(spec.params):
            lacking = (
                f"command {name!r}"
                if spec is None
                else f"a parameter of {name!r}: {sorted(set(params) - set(spec.params))}"
            )
            raise PlanningError(
                f"Step {key} needs {lacking}, which the register map {self.cell.plc_map.map!r} lacks.",
                hint="Take the operation out of the recipe, or add the command to PLC program and register map.",
                code="planning.command",
            )
        return CommandAct(name, params, deadline_s or COMMAND_S[name][1])

    # --- the way to the pack ------------------------------------------------------------------------------------

    def tool_spec(self, key: str, name: str) -> Tool:
        """The tool of the cell file; raises PlanningError."""
        tool = self.cell.spec.tools.get(name)
        if tool is None:
            raise PlanningError(
                f"Step {key} needs the tool {name!r}; the cell has {', '.join(self.cell.spec.tools)}.",
                hint="Correct the recipe, or add the tool to the cell file.",
                code="planning.tool",
            )
        return tool

    def check_travel(self, key: str, tool: Tool, highest_z_mm: float) -> None:
        """Raise PlanningError if the tool point at travel height would not pass over ``highest_z_mm``."""
        point_z = self.cell.spec.motion.safe_z_mm - tool.length_mm
        if point_z < highest_z_mm + self.clearance_mm:
            raise PlanningError(
                f"Step {key}: at travel height the tool point passes at z = {point_z:.1f} mm, less than "
                f"{self.clearance_mm:g} mm above {highest_z_mm:.1f} mm.",
                hint="Raise safe_z_mm in the cell file, or use a shorter tool.",
                code="planning.clearance",
            )

    def change_acts(self, key: str, tool: Tool) -> tuple[Act, ...]:
        """Dock, change to ``tool`` and rise again, all at the tool's dock."""
        if tool.dock_mm is None:
            raise PlanningError(
                f"Step {key} changes to the tool {tool.number}, which has no dock.",
                hint="Add dock_mm to the tool in the cell file, or fit it by hand before the run.",
                code="planning.dock",
            )
        x, y, z = tool.dock_mm
        return (
            self.above(key, (x, y)),
            self.move(key, x, y, z, slow=True),
            self.command(key, "fit_tool", tool_number=float(tool.number)),
            self.above(key, (x, y)),
        )

    def fit(self, operation: Operation, name: str) -> Tool:
        """See that the tool is at the flange: a step of its own where it is not."""
        key = self.key(operation, "fit_tool")
        tool = self.tool_spec(key, name)
        if self.tool == name:
            return tool
        if self.carrying:
            raise PlanningError(
                f"Step {key} would change the tool while it carries the {self.carrying}.",
                hint="Put a 'place' operation with the same tool right after the 'lift'.",
                code="planning.carrying",
            )
        self.add(
            Step(
                key=key, do=Verb(operation.do), operation=operation.id, title=f"Fit {name}", tool=name, contact=False,
                acts=self.change_acts(key, tool), at_mm=tool.dock_mm,
            )
        )  # fmt: skip
        self.tool = name
        return tool

    def park(self, key: str) -> tuple[Act, ...]:
        """The move out of the way; nothing if the robot already stands there."""
        park = self.cell.spec.motion.park_mm
        return () if self.position_mm == park else (self.move(key, *park),)

    # --- steps --------------------------------------------------------------------------------------------------

    def key(self, operation: Operation, target: str = "") -> str:
        return f"{self.recipe}/{operation.id}" + (f"/{target}" if target else "")

    def add(self, step: Step, held: Held | None = None) -> None:
        """Append a step, with its ways around keep-out zones and its estimated time, and stand where it ends.

        ``held`` is the part that the step takes up; it stays at the tool if the step does not let go of it.
        """
        tools = list(self.cell.spec.tools.values())
        tool = self.cell.spec.tools.get(self.tool or "")
        begin, held = self.position_mm, held or self.held
        try:
            acts, self.position_mm = with_corners(step.acts, begin, self.ways, tools, tool, held)
            aside = [
                with_corners(part, self.position_mm, self.ways, tools, tool)[0]
                for part in (step.alternative, step.refit)
            ]
        except PlanningError as error:
            raise PlanningError(f"Step {step.key}: {error.message}", hint=error.hint, code=error.code) from error
        self._check_ways_down(step.key, acts, tool)
        took = acts_time(acts, begin, self.cell.times)
        estimate, spread = round(took.mean_s, 2), round(math.sqrt(took.variance_s2), 2)
        done = replace(step, acts=acts, alternative=aside[0], refit=aside[1], estimate_s=estimate, spread_s=spread)
        self.steps.append(done)

    def _check_ways_down(self, key: str, acts: Sequence[Act], tool: Tool | None) -> None:
        """Raise PlanningError where the tool would come down inside a keep-out zone."""
        for act in acts:
            if tool is None or not isinstance(act, MoveAct) or act.to_mm[2] >= self.cell.spec.motion.safe_z_mm:
                continue
            x, y, z = act.to_mm
            if zone := self.ways.zone_above((x, y), z - tool.length_mm, tool):
                raise PlanningError(
                    f"Step {key} would bring the tool down at ({x:.0f}, {y:.0f}) mm, inside the keep-out zone {zone}.",
                    hint="Check the zone in the cell file or the pack file, and the place that the step works at.",
                    code="planning.zone",
                )

    def mark_checkpoint(self, operation: Operation, since: int) -> None:
        """Mark the last step written for ``operation`` since index ``since``, if the recipe asks for it."""
        written = [n for n in range(since, len(self.steps)) if self.steps[n].operation == operation.id]
        if operation.checkpoint and written:
            self.steps[written[-1]] = replace(self.steps[written[-1]], checkpoint=True)


def total_s(steps: Sequence[Step]) -> float:
    """How long the steps take in all, those that wait beside the robot's work at the same time as it."""
    if not any(s.beside for s in steps):
        return round(sum(s.estimate_s for s in steps), 2)
    now_s, ends_s = 0.0, dict[str, float]()
    for step in steps:
        begin_s = max([now_s, *(ends_s[key] for key in step.waits_for)])
        if step.beside:
            ends_s[step.key] = begin_s + step.estimate_s
        else:
            now_s = begin_s + step.estimate_s
    return round(max(now_s, *ends_s.values()), 2)


def total_spread_s(steps: Sequence[Step]) -> float:
    """Standard deviation of the sum; the steps' durations are taken as independent of each other."""
    return round(math.sqrt(sum(s.spread_s**2 for s in steps)), 2)


def _mm(value: float) -> float:
    """Micrometres are enough, and minus zero is zero."""
    return round(value, 3) + 0.0
