"""The check of recipes: all findings at once, each with file, line, code and hint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from delid.config import Cell, PackFile, Recipe
from delid.core import ConfigFinding, collector_paused

from ._context import Context, Finding, Location
from ._match import ANY_PACK
from ._rules import BY_CODE, RULES
from ._rules_set import by_pack, duplicate_recipes, unserved_damage


def check_recipe(recipe: Recipe, cell: Cell | None, packs: Mapping[str, PackFile]) -> list[Finding]:
    """Every fault of a recipe and of its variants, by line.

    Without a cell, tools, places, tags and commands are not looked at. Of a recipe that was read in part, because
    something in it is not well formed, each operation is looked at for itself.
    """
    found = _findings(recipe, cell, packs)
    told = {(f.path, f.line, f.code) for f in found}
    for variant in recipe.variants:
        found += [f for f in _findings(variant, cell, packs) if (f.path, f.line, f.code) not in told]
    return in_order(found)


def check_set(recipes: Sequence[Recipe], cell: Cell, new: Sequence[Recipe] | None = None) -> list[Finding]:
    """Faults that show only when all recipes of a cell are seen together; with ``new``, those that concern them."""
    found = [
        _at(
            recipe, ("recipe",), "duplicate_recipe", f"{recipe.spec.recipe!r} is also the name of {other.document.path}"
        )
        for recipe, other in duplicate_recipes(recipes)
    ]
    served = by_pack(recipes)
    for pack in cell.packs:
        mine = [r for r in (recipes if new is None else new) if {pack, ANY_PACK} & set(r.spec.serves.packs)]
        if mine:
            for _, words in unserved_damage(pack, served, cell):
                found.append(_at(mine[0], ("serves", "damage"), "unserved_damage", words))
    return in_order(found)


def check_cell(cell: Cell) -> list[Finding]:
    """Every fault of every recipe of a cell, and of all of them together."""
    with collector_paused():
        found = [f for recipe in cell.recipes for f in check_recipe(recipe, cell, cell.packs)]
        return found + check_set(cell.recipes, cell)


def as_findings(faults: Iterable[ConfigFinding]) -> list[Finding]:
    """What was found while files were read, as findings of the table of rules."""
    named = (replace(f, message=f"{f.key}: {f.message}" if f.key else f.message) for f in faults)
    return [BY_CODE[f.code].finding(f) for f in named if f.code in BY_CODE]


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """By file, line, code; each once."""
    return sorted(dict.fromkeys(findings), key=lambda f: (str(f.path), f.line, f.code, f.message))


def _findings(recipe: Recipe, cell: Cell | None, packs: Mapping[str, PackFile]) -> list[Finding]:
    context = Context(recipe, cell, packs)
    return [
        rule.finding(recipe.fault(location, message, rule.code))
        for rule in RULES
        if rule.find is not None and (rule.alone or recipe.whole)
        for location, message in rule.find(context)
    ]


def _at(recipe: Recipe, location: Location, code: str, message: str) -> Finding:
    return BY_CODE[code].finding(recipe.fault(location, message, code))
