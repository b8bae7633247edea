"""Rules about names and values: everything a recipe names must be there and fit."""

from __future__ import annotations

import re

from delid.config import Disconnect, Drain, Pick, Place, Seal, TagCondition, Unfasten
from delid.core import CONTACT_VERBS, VERBS, Reaction, Verb

from ._context import Context, Found, Location, listed
from ._match import ANY_PACK
from ._unfasten import impact_tool


def unknown_pack(c: Context) -> Found:
    for n, name in enumerate(c.spec.serves.packs):
        if c.packs and name != ANY_PACK and name not in c.packs:
            yield ("serves", "packs", n), f"there is no pack {name!r}; known are {listed(c.packs, name)}"


def unknown_tool(c: Context) -> Found:
    for n, o in c.operations():
        name = getattr(o, "tool", None)
        if c.cell and name is not None and name not in c.tools:
            yield ("operations", n, "tool"), f"the cell has no tool {name!r}; it has {listed(c.tools, name)}"


def wrong_tool(c: Context) -> Found:
    for n, o in c.operations():
        tool = c.tool_of(o)
        kinds = VERBS[Verb(o.do)].tools
        if tool and tool.kind not in kinds:
            wanted = " or ".join(sorted(kinds))
            yield ("operations", n, "tool"), f"{o.do} needs a {wanted}; {getattr(o, 'tool', '')!r} is a {tool.kind}"


def wrong_socket(c: Context) -> Found:
    for n, o in c.operations():
        tool = c.tool_of(o)
        if not isinstance(o, Unfasten) or tool is None or tool.kind != "nutrunner":
            continue
        for pack in c.served_packs:
            group = pack.groups.get(o.targets.group)
            if group and tool.socket_mm != group.socket_mm:
                yield (
                    ("operations", n, "tool"),
                    f"{o.tool!r} has a {tool.socket_mm or 0:g} mm socket; the fasteners of "
                    f"{pack.pack}/{o.targets.group} are {group.socket_mm:g} mm",
                )


def too_much_torque(c: Context) -> Found:
    for n, o in c.operations():
        tool = c.tool_of(o)
        if isinstance(o, Unfasten) and tool and tool.max_torque_nm is not None and o.torque_nm > tool.max_torque_nm:
            yield (
                ("operations", n, "torque_nm"),
                f"{o.torque_nm:g} N m is more than {o.tool!r} can give, {tool.max_torque_nm:g} N m",
            )


def too_little_torque(c: Context) -> Found:
    for n, o in c.operations():
        for pack in c.served_packs if isinstance(o, Unfasten) else ():
            group = pack.groups.get(o.targets.group) if isinstance(o, Unfasten) else None
            if group and isinstance(o, Unfasten) and o.torque_nm < group.torque_nm:
                yield (
                    ("operations", n, "torque_nm"),
                    f"{o.torque_nm:g} N m is less than {pack.pack}/{o.targets.group} is tightened with, "
                    f"{group.torque_nm:g} N m: sound fasteners may count as seized",
                )


def no_impact_tool(c: Context) -> Found:
    for n, o in c.operations():
        tool = c.tool_of(o)
        if not isinstance(o, Unfasten) or tool is None or tool.kind != "nutrunner":
            continue
        for kind, reactions in o.on_failure.items():
            if Reaction.IMPACT in reactions and impact_tool(dict(c.tools), o.tool)[1] is None:
                yield ("operations", n, "on_failure", kind), "the cell has no impact nutrunner with this socket"


def misplaced_impact(c: Context) -> Found:
    for n, o in c.operations():
        for kind, reactions in o.on_failure.items():
            if Reaction.IMPACT in reactions and not isinstance(o, Unfasten):
                yield ("operations", n, "on_failure", kind), f"'impact' has no meaning for {o.do}"


def unknown_group(c: Context) -> Found:
    for n, o in c.operations():
        if isinstance(o, Unfasten):
            name = o.targets.group
            for pack in c.served_packs:
                if name not in pack.groups:
                    yield (
                        ("operations", n, "targets", "group"),
                        f"{pack.pack} has no fastener group {name!r}; it has {listed(pack.groups, name)}",
                    )


def wrong_kinds(c: Context) -> Found:
    for n, o in c.operations():
        for pack in c.served_packs if isinstance(o, Unfasten) else ():
            group = pack.groups.get(o.targets.group) if isinstance(o, Unfasten) else None
            if group and isinstance(o, Unfasten) and group.kind not in o.targets.kinds:
                words = ", ".join(k.value for k in o.targets.kinds) or "nothing"
                yield (
                    ("operations", n, "targets", "kinds"),
                    f"it takes out {words}, but {pack.pack}/{o.targets.group} has the kind {group.kind.value}: "
                    "every fastener would be left to a person",
                )


def unknown_connector(c: Context) -> Found:
    for n, o in c.operations():
        if isinstance(o, Disconnect | Drain | Seal):
            for pack in c.served_packs:
                names = [connector.id for connector in pack.connectors]
                if o.connector not in names:
                    yield (
                        ("operations", n, "connector"),
                        f"{pack.pack} has no connector {o.connector!r}; it has {listed(names, o.connector)}",
                    )


def wrong_connector(c: Context) -> Found:
    for n, o in c.operations():
        for pack in c.served_packs if isinstance(o, Drain) else ():
            for connector in pack.connectors:
                if connector.id == getattr(o, "connector", "") and connector.kind != "coolant":
                    kind = connector.kind.replace("_", " ")
                    yield (
                        ("operations", n, "connector"),
                        f"{connector.id!r} of {pack.pack} is no coolant connector but a {kind}",
                    )


def unknown_place(c: Context) -> Found:
    for n, o in c.operations():
        if c.cell and isinstance(o, Place | Pick) and o.to not in c.cell.spec.places:
            yield ("operations", n, "to"), f"the cell has no place {o.to!r}; it has {listed(c.cell.spec.places, o.to)}"


def conditions(c: Context) -> list[tuple[Location, TagCondition]]:
    """Every condition of the recipe with its place in the file."""
    found: list[tuple[Location, TagCondition]] = [(("permissives", n), p) for n, p in enumerate(c.spec.permissives)]
    for n, o in c.operations():
        if o.do == "measure":
            found.append((("operations", n, "check"), o.check))
    return found


def unknown_tag(c: Context) -> Found:
    for location, condition in conditions(c):
        if c.cell and condition.tag not in c.cell.plc_map.status.tags:
            near = listed(c.cell.plc_map.status.tags, condition.tag).partition("; ")[2]
            yield (
                location,
                f"the register map {c.cell.plc_map.map!r} has no status tag {condition.tag!r}" + (near and f"; {near}"),
            )


def wrong_condition(c: Context) -> Found:
    for location, condition in conditions(c):
        tag = c.cell.plc_map.status.tags.get(condition.tag) if c.cell else None
        if tag is None:
            continue
        if tag.type == "bool" and condition.equals is None:
            yield location, f"{condition.tag!r} is a flag; it can be compared with 'equals' only"
        if tag.type != "bool" and condition.equals is not None:
            yield location, f"{condition.tag!r} is a number; it can be compared with 'below' and 'above' only"


def impossible_condition(c: Context) -> Found:
    for location, condition in conditions(c):
        if condition.below is not None and condition.above is not None and condition.above >= condition.below:
            yield location, f"no number is above {condition.above:g} and below {condition.below:g}"


def missing_command(c: Context) -> Found:
    for n, o in c.operations():
        for name in VERBS[Verb(o.do)].commands:
            if c.cell and name not in c.cell.plc_map.commands:
                yield ("operations", n, "do"), f"{o.do} needs the PLC command {name!r}, which the register map lacks"


def pack_needed(c: Context) -> Found:
    if ANY_PACK not in c.spec.serves.packs:
        return
    for n, o in c.operations():
        if Verb(o.do) in CONTACT_VERBS or isinstance(o, Disconnect | Seal):
            yield ("operations", n, "do"), f"{o.do} needs a known pack, but the recipe serves any pack"


def unused_parameter(c: Context) -> Found:
    for name in c.spec.parameters:
        if not re.search(rf"\$\{{?{name}\b", c.recipe.document.text):
            yield ("parameters", name), f"nothing uses ${name}"


def unapproved_range(c: Context) -> Found:
    for name, parameter in c.spec.parameters.items():
        if parameter.has_range and not parameter.approved_by:
            yield ("parameters", name), f"no engineer has approved the range of {name}"
