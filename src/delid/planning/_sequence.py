"""The order of a recipe's operations: what ``after`` leaves open is used to change tools less often and to go less far.

Only operations in which the robot works are put in order; the others (measuring, looking, asking) come where the file
has them, as soon as what they wait for is done. Between lifting a part and setting it down the robot does nothing but
what the recipe puts there. Where no order is better than the file's, the file decides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from delid.config import (
    Ask,
    Cell,
    Cut,
    Disconnect,
    Drain,
    Inspect,
    Lift,
    Operation,
    Pick,
    Place,
    Quarantine,
    RecipeFile,
    Seal,
    Unfasten,
)
from delid.core import PointMm

from ._graph import ancestors, in_order
from ._place import PackPlace
from ._solver import Job, solve_order
from ._times import SETTLE_S, command_s

PARKING = (Ask, Inspect, Disconnect, Drain, Seal, Quarantine)
"""Operations for which the robot stands aside."""

GAIN_S = 0.5
"""A different order is taken only if it saves more than this."""


@dataclass(frozen=True, slots=True)
class Block:
    """Operations that the robot does in one go, and where it begins and ends them (robot frame, mm)."""

    operations: tuple[Operation, ...]
    tool: str
    begins: PointMm
    ends: PointMm


def best_order(
    recipe: RecipeFile, cell: Cell, place: PackPlace | None, fitted: str | None
) -> tuple[list[Operation], str]:
    """The operations in the order of work, and in words why, where it is not the file's. Raises PlanningError."""
    blocks = _possible(recipe, _blocks(recipe, in_order(recipe), cell, place))
    before = _waits_for(recipe, blocks)
    file_order = list(range(len(blocks)))
    given = in_order(recipe, _chain(blocks, file_order))
    if all(m in before[n] for n in file_order for m in range(n)):
        return given, ""  # ``after`` leaves one order only
    costs = _costs_ms(cell, blocks, fitted)
    found = solve_order([Job(frozenset(before[n])) for n in file_order], costs)
    saved_s = (_sum_ms(costs, file_order) - _sum_ms(costs, found)) / 1000
    if saved_s <= GAIN_S:
        return given, ""
    ordered = in_order(recipe, _chain(blocks, found))
    changes = [_changes(blocks, order, fitted) for order in (file_order, found)]
    tools = f"{changes[1]} tool changes instead of {changes[0]}"
    return ordered, f"about {saved_s:.0f} s shorter than in the order of the file, {tools}"


def next_place(cell: Cell, place: PackPlace | None, done: Operation, following: Operation) -> PointMm | None:
    """Where the robot has to go after ``done``; None if that is left open."""
    tool = getattr(following, "tool", "")
    spec = cell.spec.tools.get(tool)
    if spec is not None and spec.dock_mm is not None and tool != getattr(done, "tool", ""):
        return spec.dock_mm[0], spec.dock_mm[1]
    if isinstance(following, PARKING):
        park = cell.spec.motion.park_mm
        return park[0], park[1]
    if isinstance(following, Lift) and place is not None:
        return place.to_robot(place.pack.lid.grip_mm)
    return None


def _blocks(recipe: RecipeFile, given: Sequence[Operation], cell: Cell, place: PackPlace | None) -> list[Block]:
    """The robot's operations; a lift with everything up to the place that ends it is one block."""
    blocks, taken = [], set[str]()
    for operation in given:
        if operation.id in taken or not isinstance(operation, (Unfasten, Cut, Lift, Pick, Place)):
            continue
        members: tuple[Operation, ...] = (operation,)
        if isinstance(operation, Lift):
            members = _until_set_down(recipe, given, operation)
        taken.update(member.id for member in members)
        begins = _where(operation, cell, place)[0]
        blocks.append(Block(members, operation.tool, begins, _where(members[-1], cell, place)[1]))
    return blocks


def _possible(recipe: RecipeFile, blocks: Sequence[Block]) -> list[Block]:
    """The blocks so that each stands behind those it waits for, else in the order of the file."""
    before, order = _waits_for(recipe, blocks), list[int]()
    while len(order) < len(blocks):
        order.append(next(n for n in range(len(blocks)) if n not in order and before[n] <= set(order)))
    return [blocks[n] for n in order]


def _chain(blocks: Sequence[Block], order: Sequence[int]) -> list[str]:
    return [operation.id for n in order for operation in blocks[n].operations]


def _until_set_down(recipe: RecipeFile, given: Sequence[Operation], lift: Lift) -> tuple[Operation, ...]:
    def follows(o: Operation) -> bool:
        return lift.id in ancestors(recipe, o.id)

    down = next((o for o in given if isinstance(o, Place) and o.part == lift.part and follows(o)), None)
    if down is None:
        return (lift,)
    before = ancestors(recipe, down.id)
    return (lift, *(o for o in given if o.id in before and follows(o)), down)


def _where(operation: Operation, cell: Cell, place: PackPlace | None) -> tuple[PointMm, PointMm]:
    """Where the robot begins an operation and where it ends it; as good as it can be said before it is planned."""
    park = cell.spec.motion.park_mm[:2]
    spot = cell.spec.places.get(getattr(operation, "to", ""), cell.spec.motion.park_mm)
    down = (spot[0], spot[1])
    if place is None:
        return park, down
    pack = place.pack
    if isinstance(operation, Unfasten) and operation.targets.group in pack.groups:
        middle = place.to_robot(_middle(pack.groups[operation.targets.group].positions_mm))
        return middle, park if "seen_empty" in operation.verify else middle
    if isinstance(operation, Cut):
        return place.to_robot(operation.path_mm[0]), place.to_robot(operation.path_mm[-1])
    if isinstance(operation, Lift):
        return place.to_robot(pack.lid.grip_mm), place.to_robot(pack.lid.grip_mm)
    if isinstance(operation, Pick) and pack.modules is not None:
        return place.to_robot(_middle(pack.modules.positions_mm)), down
    return park, down


def _middle(places: Sequence[PointMm]) -> PointMm:
    return sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places)


def _waits_for(recipe: RecipeFile, blocks: Sequence[Block]) -> list[set[int]]:
    """For each block the numbers of those that come before it."""
    number = {o.id: n for n, block in enumerate(blocks) for o in block.operations}
    found = []
    for n, block in enumerate(blocks):
        earlier = {number[name] for o in block.operations for name in ancestors(recipe, o.id) if name in number}
        found.append(earlier - {n})
    return found


def _costs_ms(cell: Cell, blocks: Sequence[Block], fitted: str | None) -> list[list[int]]:
    """Milliseconds from the start (row 0) or block n (row n + 1) to each block, a tool change on the way counted."""
    park = cell.spec.motion.park_mm[:2]
    rows = [(fitted, park), *((block.tool, block.ends) for block in blocks)]
    return [[_between_ms(cell, tool, at, block) for block in blocks] for tool, at in rows]


def _between_ms(cell: Cell, tool: str | None, at: PointMm, block: Block) -> int:
    motion, spec = cell.spec.motion, cell.spec.tools.get(block.tool)
    if tool == block.tool or spec is None or spec.dock_mm is None:
        return round(1000 * math.dist(at, block.begins) / motion.travel_feed_mm_s)
    dock = spec.dock_mm[:2]
    travel_s = (math.dist(at, dock) + math.dist(dock, block.begins)) / motion.travel_feed_mm_s
    down_up_s = (motion.safe_z_mm - spec.dock_mm[2]) * (1 / motion.approach_feed_mm_s + 1 / motion.travel_feed_mm_s)
    return round(1000 * (travel_s + down_up_s + command_s("fit_tool", cell.times) + 3 * SETTLE_S))


def _sum_ms(costs: Sequence[Sequence[int]], order: Sequence[int]) -> int:
    rows = [0, *(n + 1 for n in order)]
    return sum(costs[row][n] for row, n in zip(rows, order, strict=False))


def _changes(blocks: Sequence[Block], order: Sequence[int], fitted: str | None) -> int:
    return sum(a != b for a, b in pairwise([fitted, *(blocks[n].tool for n in order)]))
