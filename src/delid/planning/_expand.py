"""A recipe, a pack and an assessment to an ordered plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from delid.config import (
    Ask,
    Cell,
    Cut,
    Disconnect,
    Drain,
    Inspect,
    Lift,
    Measure,
    Operation,
    PackFile,
    Pick,
    Place,
    Quarantine,
    Recipe,
    Seal,
    Unfasten,
)
from delid.core import Assessment, DamageKind, PackState, Plan, PlanningError, PoseMm, Scalar

from . import _operations as write
from ._beside import linked
from ._builder import SWOLLEN_CLEARANCE_MM, Builder, total_s, total_spread_s
from ._carried import left_to_do
from ._place import PackPlace
from ._sequence import best_order, next_place
from ._unfasten import together, unfasten
from ._ways import CLEARANCE_MM, keep_out_areas


@dataclass(frozen=True, slots=True)
class Start:
    """What a plan begins with besides what was seen.

    Attributes:
        exclude: fasteners that were given up; a person takes them out.
        sure_confidence: below it a fastener's kind does not count, only its place.
        carried: what was done to the pack before.
        stands_mm: where the robot stands; at the park position if not given.
    """

    exclude: Collection[str] = ()
    sure_confidence: float = 0.0
    carried: PackState | None = None
    stands_mm: PoseMm | None = None


def make_plan(
    recipe: Recipe,
    cell: Cell,
    pack: PackFile | None,
    assessment: Assessment,
    readings: Mapping[str, Scalar],
    start: Start = Start(),
) -> Plan:
    """The steps of a recipe; ``pack`` is None where the pack is not known. Raises PlanningError."""
    place = PackPlace(pack, cell.spec.fixture) if pack else None
    b = _builder(recipe, cell, place, assessment, readings, start)
    ordered, why = best_order(recipe.spec, cell, place, b.tool)
    runs = together(left_to_do(b, ordered), recipe.spec)
    for n, run in enumerate(runs):
        before = len(b.steps)
        b.next_mm = next_place(cell, place, run[0], runs[n + 1][0]) if n + 1 < len(runs) else None
        _write(b, run, place, assessment, start.exclude)
        for operation in run:
            b.mark_checkpoint(operation, before)
    _check_set_down(b, recipe)
    b.steps = list(linked(recipe.spec, b.steps))
    return Plan(
        recipe=recipe.spec.recipe,
        recipe_sha256=recipe.sha256,
        pack=pack.pack if pack else None,
        hazard_class=assessment.hazard_class,
        steps=tuple(b.steps),
        permissives=tuple(write.condition(p) for p in recipe.spec.permissives),
        estimate_s=total_s(b.steps),
        variant=recipe.variant.name if recipe.variant else None,
        keep_out=b.areas,
        order_why=why,
        spread_s=total_spread_s(b.steps),
    )


def _builder(
    recipe: Recipe,
    cell: Cell,
    place: PackPlace | None,
    assessment: Assessment,
    readings: Mapping[str, Scalar],
    start: Start,
) -> Builder:
    """Where the writing of a plan begins."""
    swollen = any(d.kind is DamageKind.SWELLING for d in assessment.damage)
    b = Builder(
        cell,
        recipe.spec.recipe,
        fitted_tool(cell, readings),
        SWOLLEN_CLEARANCE_MM if swollen else CLEARANCE_MM,
        start.sure_confidence,
        areas=keep_out_areas(cell.spec, place),
    )
    if start.stands_mm is not None:
        b.position_mm = start.stands_mm
    if start.carried is not None and place is not None and start.carried.pack == place.pack.pack:
        b.carried = start.carried
    return b


def _check_set_down(b: Builder, recipe: Recipe) -> None:
    if b.carrying:
        raise PlanningError(
            f"{recipe.spec.recipe} ends while the robot carries the {b.carrying}.",
            hint="Put a 'place' operation after the 'lift'.",
            code="planning.carrying",
        )


def fitted_tool(cell: Cell, readings: Mapping[str, Scalar]) -> str | None:
    """The name of the tool that the PLC reports at the flange; None if there is none, or none known."""
    number = readings.get("tool_number")
    return next((name for name, tool in cell.spec.tools.items() if tool.number == number), None)


def _write(
    b: Builder, run: list[Operation], place: PackPlace | None, assessment: Assessment, exclude: Collection[str]
) -> None:
    operation = run[0]
    match operation:
        case Inspect():
            write.inspect(b, operation)
        case Measure():
            write.measure(b, operation)
        case Ask():
            write.ask(b, operation)
        case Quarantine():
            write.quarantine(b, operation)
        case Place():
            write.place_part(b, operation)
        case _ if place is None:
            raise PlanningError(
                f"{b.key(operation)} needs to know the pack, and the pack is not known.",
                hint="A recipe for any pack may inspect, measure, ask and quarantine only.",
                code="planning.no_pack",
            )
        case Unfasten():
            unfasten(b, [o for o in run if isinstance(o, Unfasten)], place, assessment, exclude)
        case _:
            _write_on_pack(b, operation, place)


def _write_on_pack(b: Builder, operation: Operation, place: PackPlace) -> None:
    match operation:
        case Lift():
            write.lift(b, operation, place)
        case Pick():
            write.pick(b, operation, place)
        case Cut():
            write.cut(b, operation, place)
        case Disconnect():
            write.disconnect(b, operation, place)
        case Drain():
            write.drain(b, operation, place)
        case Seal():
            write.seal(b, operation, place)
