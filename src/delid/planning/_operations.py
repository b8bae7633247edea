"""From operations to steps: what each verb does with robot, PLC, camera and person."""

from __future__ import annotations

from dataclasses import replace

from delid.config import (
    Ask,
    Cut,
    Disconnect,
    Drain,
    Inspect,
    Lift,
    Measure,
    Operation,
    Pick,
    Place,
    Quarantine,
    Seal,
    TagCondition,
    Tool,
)
from delid.core import (
    Act,
    AskAct,
    Condition,
    FailureKind,
    LookAct,
    PlanningError,
    PointMm,
    PoseMm,
    Step,
    Verb,
    WaitAct,
)

from ._builder import Builder
from ._place import PackPlace
from ._unfasten import reactions_of
from ._ways import Held

HELD_WITHIN_S = 5.0
"""How long vacuum or gripper may take to hold or let go."""

CARRIED_SHARE = 0.5
"""A part counts as carried when the load cell shows more than this share of its mass."""

DONE_OR_STOP = ("done", "stop")


def condition(tag: TagCondition) -> Condition:
    """A recipe's condition as the plan holds it."""
    return Condition(tag.tag, tag.below, tag.above, tag.equals, tag.max_age_s)


def inspect(b: Builder, operation: Inspect) -> None:
    key = b.key(operation)
    acts = (*b.park(key), LookAct("inspect", operation.frames))
    b.add(_step(b, operation, "Look at the pack", acts))


def measure(b: Builder, operation: Measure) -> None:
    wanted = condition(operation.check)
    step = _step(b, operation, f"Check {wanted.describe()}", (WaitAct(wanted, operation.within_s),))
    b.add(replace(step, beside=operation.beside))


def ask(b: Builder, operation: Ask) -> None:
    acts = (*b.park(b.key(operation)), AskAct(operation.text, tuple(operation.answers), tuple(operation.go_on)))
    b.add(_step(b, operation, "Ask", acts))


def disconnect(b: Builder, operation: Disconnect, place: PackPlace) -> None:
    kind, at = _connector(b, operation, operation.connector, place)
    text = f"Pull the {kind} ({operation.connector}) of the pack and secure it. Answer 'done' when it is out."
    acts = (*b.park(b.key(operation)), AskAct(text, DONE_OR_STOP, DONE_OR_STOP[:1]))
    b.add(_step(b, operation, f"Pull the {kind}", acts, at_mm=at))


def drain(b: Builder, operation: Drain, place: PackPlace) -> None:
    key = b.key(operation)
    kind, at = _connector(b, operation, operation.connector, place)
    text = f"Connect the suction hose to the {kind} connector ({operation.connector}). Answer 'done' when it is tight."
    acts = (
        *b.park(key),
        AskAct(text, DONE_OR_STOP, DONE_OR_STOP[:1]),
        b.command(key, "drain", deadline_s=operation.within_s),
    )
    b.add(_step(b, operation, "Drain the coolant", acts, at_mm=at, contact=True))


def seal(b: Builder, operation: Seal, place: PackPlace) -> None:
    kind, at = _connector(b, operation, operation.connector, place)
    text = f"Close the {kind} connector ({operation.connector}) with a cap. Answer 'done' when it is closed."
    acts = (*b.park(b.key(operation)), AskAct(text, DONE_OR_STOP, DONE_OR_STOP[:1]))
    b.add(_step(b, operation, f"Seal {operation.connector}", acts, at_mm=at))


def quarantine(b: Builder, operation: Quarantine) -> None:
    key = b.key(operation)
    text = f"Do not open this pack. Bring it to quarantine: {operation.to}. Answer 'done' when it is there."
    acts = (
        b.command(key, "signal_quarantine"),
        *b.park(key),
        b.command(key, "open_clamp"),
        AskAct(text, DONE_OR_STOP, DONE_OR_STOP[:1]),
    )
    b.add(_step(b, operation, "Bring the pack to quarantine", acts))


def cut(b: Builder, operation: Cut, place: PackPlace) -> None:
    key = b.key(operation)
    tool = _tool_of_kind(b, operation, operation.tool, ("cutter",))
    b.check_travel(key, tool, place.lid_z_mm)
    points = [place.to_robot(p) for p in operation.path_mm]
    face_z = place.lid_z_mm + tool.length_mm
    deep_z = face_z - operation.depth_mm
    feed = operation.feed_mm_s
    acts = (
        b.above(key, points[0]),
        b.move(key, *points[0], face_z + b.clearance_mm),
        b.move(key, *points[0], face_z, slow=True),
        b.move(key, *points[0], deep_z, feed_mm_s=feed),
        *(b.move(key, *p, deep_z, feed_mm_s=feed) for p in points[1:]),
        b.move(key, *points[-1], face_z + b.clearance_mm, slow=True),
        b.above(key, points[-1]),
    )
    at = b.move(key, *points[0], face_z).to_mm
    b.add(_step(b, operation, f"Cut {operation.id}", acts, tool=operation.tool, contact=True, at_mm=at))


def lift(b: Builder, operation: Lift, place: PackPlace) -> None:
    key = b.key(operation)
    tool = _tool_of_kind(b, operation, operation.tool, ("vacuum", "gripper"))
    b.check_travel(key, tool, place.lid_z_mm)
    at = place.to_robot(place.pack.lid.grip_mm)
    weight = place.pack.lid.mass_kg if "weight_carried" in operation.verify else None
    acts = _take(b, key, at, place.lid_z_mm, tool, "vacuum_ok" in operation.verify, weight)
    at_mm = b.move(key, *at, place.lid_z_mm + tool.length_mm).to_mm
    b.add(_step(b, operation, "Lift the lid", acts, tool=operation.tool, contact=True, at_mm=at_mm))
    b.carrying, b.held = operation.part, Held(place.lid_about_grip())


def place_part(b: Builder, operation: Place) -> None:
    key = b.key(operation)
    tool = _tool_of_kind(b, operation, operation.tool, ("vacuum", "gripper"))
    if b.carrying != operation.part:
        raise PlanningError(
            f"Step {key} sets down the {operation.part}, which nothing has lifted before.",
            hint="Put a 'lift' operation before it and name it in 'after'.",
            code="planning.carrying",
        )
    acts = _set_down(b, key, operation.to, tool)
    b.add(_step(b, operation, f"Set the {operation.part} down on {operation.to}", acts, tool=operation.tool))
    b.carrying = b.held = None


def pick(b: Builder, operation: Pick, place: PackPlace) -> None:
    modules = place.pack.modules
    if modules is None:
        raise PlanningError(
            f"{b.key(operation)} picks modules, but {place.pack.pack} is built cell-to-pack and has none.",
            hint="Let the recipe end when the lid is off.",
            code="planning.modules",
        )
    out = b.carried.parts_out if b.carried else ()
    names = [f"module.{n:02d}" for n in range(1, len(modules.positions_mm) + 1)]
    if set(names) <= set(out):
        return
    tool = _tool_of_kind(b, operation, operation.tool, ("gripper", "vacuum"))
    b.check_travel(b.key(operation), tool, place.lid_z_mm)
    weight = modules.mass_kg if "weight_carried" in operation.verify else None
    for name, at_mm in zip(names, modules.positions_mm, strict=True):
        if name in out:
            continue
        key, at = b.key(operation, name), place.to_robot(at_mm)
        acts = (
            *_take(b, key, at, place.module_z_mm, tool, "grip_ok" in operation.verify, weight),
            *_set_down(b, key, operation.to, tool),
        )
        where = b.move(key, *at, place.module_z_mm + tool.length_mm).to_mm
        b.add(
            _step(b, operation, f"Take out {name}", acts, key=key, tool=operation.tool, contact=True, at_mm=where,
                  targets=(name,)),
            Held(place.module_about_grip(), modules.size_mm[2]),
        )  # fmt: skip


def _take(
    b: Builder, key: str, at: PointMm, face_z: float, tool: Tool, held: bool, mass_kg: float | None
) -> tuple[Act, ...]:
    """Go down on a part, hold it, see that it is held, raise it a little, see that its weight came along, go up."""
    contact_z = face_z + tool.length_mm
    acts: list[Act] = [
        b.above(key, at),
        b.move(key, *at, contact_z + b.clearance_mm),
        b.move(key, *at, contact_z, slow=True),
        b.command(key, "hold_part"),
    ]
    if held:
        acts.append(WaitAct(Condition(_held_tag(tool), equals=True), HELD_WITHIN_S))
    acts.append(b.move(key, *at, contact_z + b.clearance_mm, slow=True))
    if mass_kg is not None:
        carried = Condition("carried_kg", above=round(CARRIED_SHARE * mass_kg, 2))
        acts.append(WaitAct(carried, HELD_WITHIN_S, FailureKind.DROPPED))
    acts.append(b.above(key, at))
    return tuple(acts)


def _set_down(b: Builder, key: str, to: str, tool: Tool) -> tuple[Act, ...]:
    """Bring what is held to a place of the cell file, let go, see that it is let go, rise."""
    if to not in b.cell.spec.places:
        raise PlanningError(
            f"Step {key} sets a part down at {to!r}; the cell has {', '.join(b.cell.spec.places)}.",
            hint="Correct the recipe, or add the place to the cell file.",
            code="planning.place",
        )
    x, y, z = b.cell.spec.places[to]
    down_z = z + tool.length_mm
    return (
        b.above(key, (x, y)),
        b.move(key, x, y, down_z + b.clearance_mm),
        b.move(key, x, y, down_z, slow=True),
        b.command(key, "release_part"),
        WaitAct(Condition(_held_tag(tool), equals=False), HELD_WITHIN_S),
        b.move(key, x, y, down_z + b.clearance_mm, slow=True),
        b.above(key, (x, y)),
    )


def _held_tag(tool: Tool) -> str:
    return "vacuum_ok" if tool.kind == "vacuum" else "grip_ok"


def _tool_of_kind(b: Builder, operation: Operation, name: str, kinds: tuple[str, ...]) -> Tool:
    """The tool, fitted; raises PlanningError when it is not one of ``kinds``."""
    tool = b.tool_spec(b.key(operation), name)
    if tool.kind not in kinds:
        raise PlanningError(
            f"{b.key(operation)} needs a tool of the kind {' or '.join(kinds)}; {name!r} is a {tool.kind}.",
            hint="Name another tool in the recipe.",
            code="planning.tool",
        )
    return b.fit(operation, name)


def _connector(b: Builder, operation: Operation, name: str, place: PackPlace) -> tuple[str, PoseMm]:
    """Kind of a connector in words and its place (robot frame, mm, height of the lid)."""
    for connector in place.pack.connectors:
        if connector.id == name:
            return connector.kind.replace("_", " "), (*place.to_robot(connector.at_mm), place.lid_z_mm)
    raise PlanningError(
        f"{b.key(operation)} names the connector {name!r}, which {place.pack.pack} does not have.",
        hint="Correct the recipe or the pack file.",
        code="planning.connector",
    )


def _step(
    b: Builder, operation: Operation, title: str, acts: tuple[Act, ...], *, key: str = "", tool: str | None = None,
    contact: bool = False, at_mm: PoseMm | None = None, targets: tuple[str, ...] = (),
) -> Step:  # fmt: skip
    return Step(
        key=key or b.key(operation), do=Verb(operation.do), operation=operation.id, title=title, acts=acts,
        targets=targets, tool=tool, contact=contact, at_mm=at_mm, on_failure=reactions_of(operation.on_failure),
    )  # fmt: skip
