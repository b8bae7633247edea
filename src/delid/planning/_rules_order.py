"""Rules about order: the graph must be one, and a part is moved when it is free and carried to its place."""

from __future__ import annotations

from delid.config import Lift, Pick, Place, Unfasten

from ._context import Context, Found, listed
from ._graph import find_loop, never_ready


def unknown_after(c: Context) -> Found:
    known = {o.id for o in c.spec.operations}
    for n, o in c.operations():
        for k, name in enumerate(o.after):
            if name not in known:
                near = listed(known, name).partition("; ")[2]
                yield (
                    ("operations", n, "after", k),
                    f"{o.id!r} comes after {name!r}, which is no operation of the recipe" + (near and f"; {near}"),
                )


def cycle(c: Context) -> Found:
    loop = find_loop(c.spec)
    if loop:
        n = next(n for n, o in c.operations() if o.id == loop[0])
        yield ("operations", n, "after"), f"the operations wait for each other: {' -> '.join(loop)}"


def unreachable(c: Context) -> Found:
    stuck = never_ready(c.spec)
    if not stuck:
        return
    known = {p.id for p in c.spec.operations}
    named_elsewhere = set(find_loop(c.spec)) | {o.id for o in c.spec.operations if not known.issuperset(o.after)}
    for n, o in c.operations():
        if o.id in stuck and o.id not in named_elsewhere:
            waits = ", ".join(name for name in o.after if name in stuck)
            yield ("operations", n, "id"), f"{o.id!r} can never begin: it waits for {waits}"


def still_fastened(c: Context) -> Found:
    """Every group that holds the part is out before it is moved."""
    for n, o in c.operations():
        if not isinstance(o, Lift | Pick):
            continue
        before = c.before(o.id)
        out = {p.targets.group for p in c.spec.operations if isinstance(p, Unfasten) and p.id in before}
        for pack in c.served_packs:
            for name, group in pack.groups.items():
                if group.holds == o.part and name not in out:
                    yield (
                        ("operations", n, "after"),
                        f"{o.id!r} lifts the {o.part} before the fasteners {pack.pack}/{name} are out",
                    )


def nothing_held(c: Context) -> Found:
    for n, o in c.operations():
        if isinstance(o, Place):
            before = c.before(o.id)
            if not any(isinstance(p, Lift) and p.id in before and p.part == o.part for p in c.spec.operations):
                yield ("operations", n, "after"), f"{o.id!r} sets the {o.part} down, but nothing lifts it before"


def never_set_down(c: Context) -> Found:
    for n, o in c.operations():
        if isinstance(o, Lift):
            places = [p for p in c.spec.operations if isinstance(p, Place) and p.part == o.part and p.tool == o.tool]
            if not any(o.id in c.before(p.id) for p in places):
                yield ("operations", n, "id"), f"{o.id!r} lifts the {o.part}, but no 'place' with {o.tool!r} follows it"


def under_the_lid(c: Context) -> Found:
    for n, o in c.operations():
        if isinstance(o, Pick):
            before = c.before(o.id)
            if not any(isinstance(p, Place) and p.part == "lid" and p.id in before for p in c.spec.operations):
                yield ("operations", n, "after"), f"{o.id!r} picks modules before the lid is lifted and set down"


def change_while_carrying(c: Context) -> Found:
    """Between lifting and setting down, nothing needs another tool."""
    lifts = [o for o in c.spec.operations if isinstance(o, Lift)]
    places = [o for o in c.spec.operations if isinstance(o, Place)]
    for n, o in c.operations():
        tool = getattr(o, "tool", None)
        for lift in lifts:
            between = lift.id in c.before(o.id) and any(o.id in c.before(p.id) for p in places)
            if tool is not None and tool != lift.tool and between:
                yield (
                    ("operations", n, "tool"),
                    f"{o.id!r} needs the tool {tool!r} while the {lift.part} hangs at {lift.tool!r}",
                )
