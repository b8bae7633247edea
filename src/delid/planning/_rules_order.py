"""Rules about order: the graph must be one, and nothing may be touched before it is safe and free."""

from __future__ import annotations

import re

from delid.config import Cut, Drain, Lift, Measure, Operation, PackFile, Pick, Place, TagCondition, Unfasten
from delid.core import Assessment, HazardClass, PackStatus, PackVerdict, PlanningError

from ._context import Context, Found
from ._expand import make_plan
from ._graph import ancestors, find_loop, never_ready

CONTACT_VOLTAGE_V = 60.0
"""Limit where no cell is given (ISO 6469-4: 60 V DC)."""


def unknown_after(c: Context) -> Found:
    known = {o.id for o in c.spec.operations}
    for n, o in c.operations():
        for k, name in enumerate(o.after):
            if name not in known:
                yield (
                    ("operations", n, "after", k),
                    f"{o.id!r} comes after {name!r}, which is no operation of the recipe",
                )


def cycle(c: Context) -> Found:
    loop = find_loop(c.spec)
    if loop:
        n = next(n for n, o in c.operations() if o.id == loop[0])
        yield ("operations", n, "after"), f"the operations wait for each other: {' -> '.join(loop)}"


def unreachable(c: Context) -> Found:
    stuck = never_ready(c.spec)
    named_elsewhere = set(find_loop(c.spec)) | {
        o.id for o in c.spec.operations if not {p.id for p in c.spec.operations}.issuperset(o.after)
    }
    for n, o in c.operations():
        if o.id in stuck and o.id not in named_elsewhere:
            waits = ", ".join(name for name in o.after if name in stuck)
            yield ("operations", n, "id"), f"{o.id!r} can never begin: it waits for {waits}"


def voltage_unchecked(c: Context) -> Found:
    if any(_limits_voltage(c, p) for p in c.spec.permissives):
        return
    limit = _limit_v(c)
    for n, o in c.operations():
        if isinstance(o, Unfasten | Cut | Lift | Pick | Drain) and not _measured_before(c, o):
            yield (
                ("operations", n, "do"),
                f"{o.id!r} touches the pack, but nothing checks that its voltage is below {limit:g} V",
            )


def _measured_before(c: Context, operation: Operation) -> bool:
    before = ancestors(c.spec, operation.id)
    return any(isinstance(o, Measure) and o.id in before and _limits_voltage(c, o.check) for o in c.spec.operations)


def _limits_voltage(c: Context, condition: TagCondition) -> bool:
    tag = c.cell.plc_map.status.tags.get(condition.tag) if c.cell else None
    is_voltage = tag.unit == "V" if tag else condition.tag.endswith("_v")
    return is_voltage and condition.below is not None and condition.below <= _limit_v(c)


def _limit_v(c: Context) -> float:
    return c.cell.spec.limits.contact_voltage_v if c.cell else CONTACT_VOLTAGE_V


def still_fastened(c: Context) -> Found:
    for n, o in c.operations():
        if not isinstance(o, Lift):
            continue
        before = ancestors(c.spec, o.id)
        loosened = {
            p.targets.group for p in c.spec.operations if isinstance(p, Unfasten) and p.id in before
        }  # fmt: skip
        for pack in c.served_packs():
            for group in pack.groups:
                if group == o.part and group not in loosened:
                    yield (
                        ("operations", n, "after"),
                        f"{o.id!r} lifts the {o.part} before the fasteners {pack.pack}/{group} are out",
                    )


def nothing_held(c: Context) -> Found:
    for n, o in c.operations():
        if isinstance(o, Place):
            before = ancestors(c.spec, o.id)
            if not any(isinstance(p, Lift) and p.id in before and p.part == o.part for p in c.spec.operations):
                yield ("operations", n, "after"), f"{o.id!r} sets the {o.part} down, but nothing lifts it before"


def never_set_down(c: Context) -> Found:
    for n, o in c.operations():
        if isinstance(o, Lift):
            places = [p for p in c.spec.operations if isinstance(p, Place) and p.part == o.part and p.tool == o.tool]
            if not any(o.id in ancestors(c.spec, p.id) for p in places):
                yield ("operations", n, "id"), f"{o.id!r} lifts the {o.part}, but no 'place' with {o.tool!r} follows it"


def under_the_lid(c: Context) -> Found:
    for n, o in c.operations():
        if isinstance(o, Pick):
            before = ancestors(c.spec, o.id)
            if not any(isinstance(p, Place) and p.part == "lid" and p.id in before for p in c.spec.operations):
                yield ("operations", n, "after"), f"{o.id!r} picks modules before the lid is lifted and set down"


def cannot_be_planned(c: Context) -> Found:
    """Try it on every pack served; asked last, and only when all other rules are content."""
    if c.cell is None:
        return
    packs: list[PackFile | None] = [*c.served_packs()] or [None]
    for pack in packs:
        verdict = PackVerdict(PackStatus.KNOWN if pack else PackStatus.UNKNOWN, pack.pack if pack else None, 1.0)
        try:
            make_plan(c.recipe, c.cell, pack, Assessment(verdict, (), HazardClass.A, ()), {})
        except PlanningError as error:
            named = re.search(re.escape(c.spec.recipe) + r"/([a-z][a-z0-9_]*)", error.message)
            index = next((n for n, o in c.operations() if named and o.id == named.group(1)), None)
            yield ("operations",) if index is None else ("operations", index, "id"), error.message
