"""Writes steps: knows where the robot will stand and which tool it will carry, and refuses what it cannot reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from delid.config import Cell, Operation, Tool
from delid.core import Act, CommandAct, MoveAct, PackState, PlanningError, PointMm, PoseMm, Step, Verb

from ._times import COMMAND_S, act_s

CLEARANCE_MM = 30.0
"""Height of the tool point above a face for travel near it, and where the slow approach begins."""

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

    def __post_init__(self) -> None:
        self.position_mm = self.cell.spec.motion.park_mm

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

    def add(self, step: Step) -> None:
        """Append a step, with its estimated time, and stand where it ends."""
        total = 0.0
        for act in step.acts:
            total += act_s(act, self.position_mm)
            if isinstance(act, MoveAct):
                self.position_mm = act.to_mm
        self.steps.append(replace(step, estimate_s=round(total, 2)))

    def mark_checkpoint(self, operation: Operation, since: int) -> None:
        """Mark the last step written for ``operation`` since index ``since``, if the recipe asks for it."""
        if operation.checkpoint and len(self.steps) > since:
            self.steps[-1] = replace(self.steps[-1], checkpoint=True)


def total_s(steps: Sequence[Step]) -> float:
    return round(sum(s.estimate_s for s in steps), 2)


def _mm(value: float) -> float:
    """Micrometres are enough, and minus zero is zero."""
    return round(value, 3) + 0.0
