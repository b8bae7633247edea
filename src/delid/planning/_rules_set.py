"""Rules over all recipes of a cell: every damage of every pack is served, and names are given once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from delid.config import Cell, Recipe
from delid.core import Damage, DamageKind, HazardClass, HazardLimits, PackStatus, hazard_class

from ._match import ANY_PACK

SLIGHT = 1e-6
"""Just above a limit."""


def duplicate_recipes(recipes: Sequence[Recipe]) -> Iterator[tuple[Recipe, Recipe]]:
    """Recipes with the name of another, each with that other one."""
    seen: dict[str, Recipe] = {}
    for recipe in recipes:
        if recipe.spec.recipe in seen:
            yield recipe, seen[recipe.spec.recipe]
        seen.setdefault(recipe.spec.recipe, recipe)


def by_pack(recipes: Sequence[Recipe]) -> dict[str, list[Recipe]]:
    """Recipes by the packs that they serve; those for any pack under ``*``."""
    found: dict[str, list[Recipe]] = {}
    for recipe in recipes:
        for pack in recipe.spec.serves.packs:
            found.setdefault(pack, []).append(recipe)
    return found


def unserved_damage(pack: str, served: Mapping[str, list[Recipe]], cell: Cell) -> Iterator[tuple[DamageKind, str]]:
    """Kinds of damage of a pack for which there is a severity that no recipe serves, with words."""
    recipes = [*served.get(pack, ()), *served.get(ANY_PACK, ())]
    limits = cell.spec.limits.hazard_limits()
    for kind in DamageKind:
        gaps = [s for s in _edges(kind, recipes, limits) if not any(_serves(r, kind, s, limits) for r in recipes)]
        if gaps:
            found = _class_of(kind, gaps[0], limits).value
            severity = f"over {gaps[0]:.2f}" if round(gaps[0], 4) != gaps[0] else f"{gaps[0]:.2f}"
            yield kind, f"no recipe serves {pack} with {kind.value} of a severity {severity} (hazard class {found})"


def _edges(kind: DamageKind, recipes: Sequence[Recipe], limits: HazardLimits) -> list[float]:
    """Severities at which something changes, from both sides, and the ends."""
    marks = {limits.swelling_severity, limits.dent_severity}
    marks |= {limit.max_severity for r in recipes if (limit := r.spec.serves.damage.get(kind))}
    points = {0.01, 1.0, *marks, *(m + SLIGHT for m in marks)}
    return sorted(p for p in points if 0.01 <= p <= 1.0)


@lru_cache(maxsize=4096)
def _class_of(kind: DamageKind, severity: float, limits: HazardLimits) -> HazardClass:
    damage = Damage(kind, 1.0, severity, (0.0, 0.0, 1.0, 1.0))
    return hazard_class([damage], PackStatus.KNOWN, limits)[0]


def _serves(recipe: Recipe, kind: DamageKind, severity: float, limits: HazardLimits) -> bool:
    serves = recipe.spec.serves
    limit = serves.damage.get(kind)
    return limit is not None and severity <= limit.max_severity and _class_of(kind, severity, limits) in serves.hazard
