"""Recipe files to findings: what is wrong with the reading, with each recipe, and with all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from delid.config import Cell, PackFile, Recipe, read_document, read_recipe, recipe_in_part
from delid.core import ConfigError
from delid.planning import Finding, as_findings, check_recipe, check_set, in_order


def check_files(files: Sequence[Path], cell: Cell | None, packs: Mapping[str, PackFile]) -> list[Finding]:
    """Every fault of recipe files, in order. A recipe takes the place of the cell's of the same name."""
    recipes: list[Recipe] = []
    findings: list[Finding] = []
    for file in files:
        recipe, faults = read_as_far_as_it_goes(file)
        findings += faults
        recipes += [recipe] if recipe else []
    for recipe in recipes:
        findings += check_recipe(recipe, cell, packs)
    if cell is not None and len(recipes) == len(files) and all(r.whole for r in recipes):
        findings += _together(recipes, cell)
    return in_order(findings)


def read_as_far_as_it_goes(file: Path) -> tuple[Recipe | None, list[Finding]]:
    """The recipe, or what of it can be read, and what is wrong with the rest."""
    try:
        document = read_document(file)
    except ConfigError as error:
        return None, as_findings(error.details)
    try:
        return read_recipe(document), []
    except ConfigError as error:
        return recipe_in_part(document), as_findings(error.details)


def _together(recipes: Sequence[Recipe], cell: Cell) -> list[Finding]:
    names = {r.spec.recipe for r in recipes}
    others = tuple(r for r in cell.recipes if r.spec.recipe not in names)
    merged = replace(cell, recipes=(*recipes, *others))
    return check_set(merged.recipes, merged, recipes)
