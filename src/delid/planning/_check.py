"""The table of rules for recipes, and the check that reports all findings at once."""

from __future__ import annotations

from collections.abc import Mapping

from delid.config import Cell, PackFile, Recipe

from . import _rules_names as names
from . import _rules_order as order
from ._context import Context, Finding, Rule

RULES: tuple[Rule, ...] = (
    # code, what must hold, what to do, where it is looked for
    Rule("unknown_pack", "Packs that a recipe serves have a pack file in the cell.",
         "correct the name, or add the pack file to the cell", names.unknown_pack),
    Rule("pack_needed", "A recipe for any pack uses only inspect, measure, ask and quarantine.",
         "name the packs in serves, or take the operation out", names.pack_needed),
    Rule("unknown_tool", "Tools are tools of the cell.",
         "correct the name, or add the tool to the cell file", names.unknown_tool),
    Rule("wrong_tool", "An operation uses a tool of a kind that can do it.",
         "name another tool", names.wrong_tool),
    Rule("wrong_socket", "A nutrunner's socket fits the fasteners.",
         "name a tool with the right socket", names.wrong_socket),
    Rule("too_much_torque", "The torque is within the tool's.",
         "lower torque_nm, or name a stronger tool", names.too_much_torque),
    Rule("no_impact_tool", "The reaction 'impact' has an impact nutrunner with the same socket.",
         "take 'impact' out, or add such a tool to the cell file", names.no_impact_tool),
    Rule("misplaced_impact", "The reaction 'impact' stands at unfasten only.",
         "take 'impact' out", names.misplaced_impact),
    Rule("unknown_group", "Fastener groups are groups of every pack served.",
         "correct the group, or add it to the pack file", names.unknown_group),
    Rule("unknown_connector", "Connectors are connectors of every pack served.",
         "correct the connector, or add it to the pack file", names.unknown_connector),
    Rule("unknown_place", "Places are places of the cell.",
         "correct the name, or add the place to the cell file", names.unknown_place),
    Rule("unknown_tag", "Conditions name status tags of the register map.",
         "correct the tag, or add it to PLC program and register map", names.unknown_tag),
    Rule("wrong_condition", "Flags are compared with 'equals', numbers with 'below' and 'above'.",
         "write the condition for this kind of tag", names.wrong_condition),
    Rule("missing_command", "The register map has every PLC command that an operation needs.",
         "take the operation out, or add the command to PLC program and register map", names.missing_command),
    Rule("no_modules", "Modules are picked only from packs that have some.",
         "let the recipe end when the lid is off", names.no_modules),
    Rule("contact_in_quarantine", "A recipe for hazard class C touches nothing.",
         "take C out of serves.hazard, or take the operation out", names.contact_in_quarantine),
    Rule("unknown_after", "'after' names operations of the recipe.",
         "correct the name", order.unknown_after),
    Rule("cycle", "No operation waits for itself.",
         "take one 'after' out of the loop", order.cycle),
    Rule("unreachable", "Every operation can begin some time.",
         "mend the loop or the name it waits for", order.unreachable),
    Rule("voltage_unchecked", "Before anything touches the pack, its voltage is known to be low.",
         "add a permissive or an earlier measure on the pack's voltage", order.voltage_unchecked),
    Rule("still_fastened", "A part is lifted after its fasteners are out.",
         "name the unfasten operation in 'after'", order.still_fastened),
    Rule("nothing_held", "A part is set down after it was lifted.",
         "name the lift operation in 'after'", order.nothing_held),
    Rule("never_set_down", "A part that is lifted is set down with the same tool.",
         "add a place operation after it", order.never_set_down),
    Rule("under_the_lid", "Modules are picked after the lid is off.",
         "name the lid's place operation in 'after'", order.under_the_lid),
)  # fmt: skip
"""Every rule of ``delid recipe check``."""

PLANNABLE = Rule(
    "cannot_be_planned",
    "The cell can carry the recipe out on every pack it serves: all places are in reach.",
    "change the recipe, the pack file or the cell file",
    order.cannot_be_planned,
)
"""Asked only when all other rules are content."""


def check_recipe(recipe: Recipe, cell: Cell | None, packs: Mapping[str, PackFile]) -> list[Finding]:
    """Every fault of a recipe, by line. Without a cell, tools, places, tags and commands are not looked at."""
    context = Context(recipe, cell, packs)
    findings = [f for rule in RULES for f in _apply(rule, context)] or _apply(PLANNABLE, context)
    return sorted(dict.fromkeys(findings), key=lambda f: (f.line, f.code, f.message))


def check_cell(cell: Cell) -> list[Finding]:
    """Every fault of every recipe of a cell, and recipe names that stand twice."""
    findings: list[Finding] = []
    seen: dict[str, Recipe] = {}
    for recipe in cell.recipes:
        findings.extend(check_recipe(recipe, cell, cell.packs))
        name = recipe.spec.recipe
        if name in seen:
            findings.append(
                Finding(
                    recipe.document.path,
                    recipe.document.line(("recipe",)),
                    "duplicate_recipe",
                    f"{name!r} is also the name of {seen[name].document.path}",
                    "give each recipe its own name",
                )
            )
        seen.setdefault(name, recipe)
    return findings


def _apply(rule: Rule, context: Context) -> list[Finding]:
    document = context.recipe.document
    return [
        Finding(document.path, document.line(location), rule.code, message, rule.hint)
        for location, message in rule.find(context)
    ]
