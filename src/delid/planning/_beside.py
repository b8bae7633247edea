"""Which steps wait for a check that the recipe lets wait beside the robot's work (``beside: true``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from delid.config import Measure, RecipeFile
from delid.core import Step

from ._graph import ancestors


def linked(recipe: RecipeFile, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Each step with the checks that stand before it by ``after``; fetching a tool waits for none of them."""
    watched = {o.id for o in recipe.operations if isinstance(o, Measure) and o.beside}
    if not watched:
        return tuple(steps)
    keys = {step.operation: step.key for step in steps if step.operation in watched}
    before = {o.id: ancestors(recipe, o.id) for o in recipe.operations}
    return tuple(
        step if step.key.endswith("/fit_tool") else replace(step, waits_for=_waits(before[step.operation], keys))
        for step in steps
    )


def _waits(ancestors_of_it: set[str], keys: dict[str, str]) -> tuple[str, ...]:
    return tuple(key for name, key in keys.items() if name in ancestors_of_it)
