"""Loosening a group of fasteners: which, in what order, over which way, and what a person must do."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from delid.config import Operation, RecipeFile, Tool, Unfasten
from delid.core import (
    Act,
    AskAct,
    Assessment,
    FailureKind,
    Fastener,
    FastenerKind,
    LookAct,
    PlanningError,
    PointMm,
    Reaction,
    Step,
    Verb,
)

from ._builder import Builder
from ._fine_look import fine_look_acts, following, is_needed
from ._graph import ancestors
from ._order import order_targets
from ._place import PackPlace

MISPLACED_MM = 50.0
"""A fastener seen farther from its place than this was taken for another one; a person takes it out."""

IMPACT_TORQUE_FACTOR = 2.0
"""The impact tool may turn this many times harder than the recipe's torque, up to its own limit."""

BY_HAND = ("done", "stop")


@dataclass(frozen=True, slots=True)
class Sorted:
    """Fasteners of a group: for the nutrunner with places (robot frame, mm), and for a person with reasons."""

    places: dict[str, PointMm]
    by_hand: dict[str, str]
    look_first: set[str]
    """Those whose place is known too roughly for the tool, and those that seem to be out already."""


def sort_targets(
    b: Builder, operation: Unfasten, place: PackPlace, assessment: Assessment, exclude: Collection[str]
) -> Sorted:
    """What goes where. What is loosened already is left out; what was not seen is taken at its nominal place.

    A hole seen empty is left out too, unless the cell has a camera at the tool: then it is looked at closely first,
    because from above a nut on a stud and a bare stud are hard to tell apart.
    """
    group = operation.targets.group
    nominal = dict(zip(place.pack.fastener_ids(group), place.pack.groups[group].positions_mm, strict=True))
    seen = {f.id: f for f in assessment.fasteners} if assessment.pack.model in (None, place.pack.pack) else {}
    found = Sorted({}, {}, set())
    over = {*b.carried.removed, *b.carried.loosened} if b.carried else set[str]()
    for name, at_mm in nominal.items():
        if name not in over:
            _sort(
                b,
                operation,
                found,
                name,
                seen.get(name),
                place.to_robot(at_mm),
                place.lid_z_mm,
                given_up=name in exclude,
            )
    return found


def _sort(
    b: Builder,
    operation: Unfasten,
    found: Sorted,
    name: str,
    fastener: Fastener | None,
    nominal: PointMm,
    lid_z_mm: float,
    *,
    given_up: bool,
) -> None:
    """One fastener, to where it belongs."""
    tool, camera = b.cell.spec.tools.get(operation.tool), b.cell.spec.tool_camera
    sure = fastener is not None and fastener.confidence >= b.sure_confidence
    gone = fastener is not None and sure and fastener.kind is FastenerKind.EMPTY
    if gone and camera is None:
        return
    at = fastener.center_mm if fastener is not None and fastener.center_mm is not None else nominal
    if given_up:
        found.by_hand[name] = "given up"
    elif tool is not None and (zone := b.ways.zone_above(at, lid_z_mm, tool)):
        found.by_hand[name] = f"inside the keep-out zone {zone}"
    elif fastener is None:
        found.places[name] = nominal
    elif sure and not gone and fastener.kind not in operation.targets.kinds:
        found.by_hand[name] = fastener.kind.value
    elif fastener.center_mm is None:
        found.places[name] = nominal
        if gone:
            found.look_first.add(name)
    elif (off := math.dist(fastener.center_mm, nominal)) > MISPLACED_MM:
        found.by_hand[name] = f"seen {off:.0f} mm from its place"
    elif not gone and not is_needed(tool, fastener.uncertainty_mm):
        found.places[name] = fastener.center_mm
    elif camera is None:
        found.by_hand[name] = f"its place is known to {fastener.uncertainty_mm:.1f} mm only"
    else:
        found.places[name] = fastener.center_mm
        found.look_first.add(name)


def unfasten(
    b: Builder,
    operations: Sequence[Unfasten],
    place: PackPlace,
    assessment: Assessment,
    exclude: Collection[str],
) -> None:
    """Steps of one unfasten operation, or of several that one way leads through; see ``together``."""
    sorted_by = [_targets_of(b, operation, place, assessment, exclude) for operation in operations]
    owner = {name: n for n, found in enumerate(sorted_by) for name in found.places}
    places = {name: at for found in sorted_by for name, at in found.places.items()}
    if places:
        tool = b.fit(operations[0], operations[0].tool)
        b.check_travel(b.key(operations[0]), tool, place.lid_z_mm)
        parks = any(found.by_hand or "seen_empty" in o.verify for o, found in zip(operations, sorted_by, strict=True))
        end = b.cell.spec.motion.park_mm[:2] if parks else b.next_mm
        begin = (b.position_mm[0], b.position_mm[1])
        for name in order_targets(operations[0].order, places, begin, end, b.ways.level(tool)):
            n = owner[name]
            first = name in sorted_by[n].look_first
            _loosen(b, operations[n], place, tool, name, places[name], look_first=first)
    for operation, found in zip(operations, sorted_by, strict=True):
        if found.by_hand:
            _ask_by_hand(b, operation, found.by_hand)
    for operation in operations:
        if "seen_empty" in operation.verify:
            gone = b.carried.removed if b.carried else ()
            names = place.pack.fastener_ids(operation.targets.group)
            _look_empty(b, operation, tuple(name for name in names if name not in gone))


def together(operations: Sequence[Operation], recipe: RecipeFile) -> list[list[Operation]]:
    """Operations in order, neighbours in one list where one way may lead through the fasteners of all of them.

    They have the same tool and the order ``shortest``, work on different groups, and none waits for another.
    """
    runs: list[list[Operation]] = []
    for operation in operations:
        if runs and all(_go_together(earlier, operation, recipe) for earlier in runs[-1]):
            runs[-1].append(operation)
        else:
            runs.append([operation])
    return runs


def _go_together(earlier: Operation, later: Operation, recipe: RecipeFile) -> bool:
    if not (isinstance(earlier, Unfasten) and isinstance(later, Unfasten)):
        return False
    alike = earlier.tool == later.tool and earlier.order == later.order == "shortest"
    apart = earlier.targets.group != later.targets.group and earlier.id not in ancestors(recipe, later.id)
    return alike and apart and not (earlier.checkpoint or later.checkpoint)


def _targets_of(
    b: Builder, operation: Unfasten, place: PackPlace, assessment: Assessment, exclude: Collection[str]
) -> Sorted:
    group = operation.targets.group
    if group not in place.pack.groups:
        raise PlanningError(
            f"{b.key(operation)} names the group {group!r}; {place.pack.pack} has {', '.join(place.pack.groups)}.",
            hint="Correct the recipe or the pack file.",
            code="planning.group",
        )
    return sort_targets(b, operation, place, assessment, exclude)


def _loosen(
    b: Builder, operation: Unfasten, place: PackPlace, tool: Tool, name: str, at: PointMm, *, look_first: bool
) -> None:
    """One fastener. The step begins and ends at travel height, so that it may be repeated, left out or done later."""
    key = b.key(operation, name)
    contact_z = place.lid_z_mm + tool.length_mm
    contact = b.move(key, *at, contact_z, slow=True)
    acts: tuple[Act, ...] = (
        b.above(key, at),
        b.move(key, *at, contact_z + b.clearance_mm),
        contact,
        b.command(key, "unfasten", torque_nm=operation.torque_nm, impact=0.0),
        b.above(key, at),
    )
    wants_impact = any(Reaction.IMPACT in reactions for reactions in operation.on_failure.values())
    alternative, refit = _impact_acts(b, operation, place, tool, key, at) if wants_impact else ((), ())
    camera = b.cell.spec.tool_camera
    if look_first and camera is not None:
        look = fine_look_acts(b, key, tool, camera, name, at, place.lid_z_mm)
        acts = (*look, *following(acts, name, at))
        alternative, refit = following(alternative, name, at), following(refit, name, at)
    b.add(
        Step(
            key=key, do=Verb.UNFASTEN, operation=operation.id, title=f"Loosen {name}", acts=acts, targets=(name,),
            tool=operation.tool, contact=True, at_mm=contact.to_mm, on_failure=reactions_of(operation.on_failure),
            alternative=alternative, refit=refit,
        )
    )  # fmt: skip


def _impact_acts(
    b: Builder, operation: Unfasten, place: PackPlace, tool: Tool, key: str, at: PointMm
) -> tuple[tuple[Act, ...], tuple[Act, ...]]:
    """Acts that fetch the impact tool and loosen with it, then the usual tool's return; the second part also alone.

    Both begin at travel height and end there, above the fastener.
    """
    name, impact = impact_tool(b.cell.spec.tools, operation.tool)
    if impact is None:
        raise PlanningError(
            f"Step {key} may react with impact, but the cell has no impact tool with a {tool.socket_mm} mm socket.",
            hint="Take 'impact' out of on_failure, or add such a tool to the cell file.",
            code="planning.impact",
        )
    torque = operation.torque_nm * IMPACT_TORQUE_FACTOR
    contact_z = place.lid_z_mm + impact.length_mm
    change = name != operation.tool
    if change:
        b.check_travel(key, impact, place.lid_z_mm)
    work: tuple[Act, ...] = (
        b.above(key, at),
        b.move(key, *at, contact_z + b.clearance_mm),
        b.move(key, *at, contact_z, slow=True),
        b.command(key, "unfasten", torque_nm=min(torque, impact.max_torque_nm or torque), impact=1.0),
        b.above(key, at),
    )
    if not change:
        return work, ()
    refit = (*b.change_acts(key, tool), b.above(key, at))
    return (*b.change_acts(key, impact), *work, *refit), refit


def impact_tool(tools: dict[str, Tool], usual: str) -> tuple[str, Tool | None]:
    """The usual tool if it can hit, else the first nutrunner (by name) with impact and the same socket."""
    own = tools[usual]
    if own.impact:
        return usual, own
    for name in sorted(tools):
        tool = tools[name]
        if tool.kind == "nutrunner" and tool.impact and tool.socket_mm == own.socket_mm:
            return name, tool
    return "", None


def _ask_by_hand(b: Builder, operation: Unfasten, by_hand: dict[str, str]) -> None:
    key = b.key(operation, "by_hand")
    listed = ", ".join(f"{name} ({reason})" for name, reason in by_hand.items())
    text = f"Take out by hand: {listed}. Answer 'done' when they are out."
    b.add(
        Step(
            key=key, do=Verb.UNFASTEN, operation=operation.id, title=f"{len(by_hand)} by hand", contact=False,
            targets=tuple(by_hand), acts=(*b.park(key), AskAct(text, BY_HAND, BY_HAND[:1])),
        )
    )  # fmt: skip


def _look_empty(b: Builder, operation: Unfasten, names: tuple[str, ...]) -> None:
    if not names:
        return  # a run before has seen them all
    key = b.key(operation, "seen_empty")
    frames = b.cell.spec.cameras[0].frames
    look = LookAct("seen_empty", frames, names)
    b.add(
        Step(
            key=key, do=Verb.UNFASTEN, operation=operation.id, title=f"See that {operation.targets.group} is free",
            acts=(*b.park(key), look), targets=names, contact=False, checkpoint=True,
            on_failure=reactions_of(operation.on_failure),
        )
    )  # fmt: skip


def reactions_of(on_failure: dict[FailureKind, list[Reaction]]) -> dict[str, tuple[Reaction, ...]]:
    """As the plan holds it: plain keys, tuples."""
    return {str(kind): tuple(reactions) for kind, reactions in on_failure.items()}
