"""What another version of a recipe changes: the decisions of recorded runs, made again from what was seen then."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from delid.config import Cell, Recipe
from delid.core import Decide, Decision, DelidError, Plan, Step
from delid.journal import Recording
from delid.planning import decide_as_asked

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Impact:
    """One recorded decision with both versions. ``differences`` is empty where they decide the same."""

    recording: str
    decision: str
    before: str
    after: str
    differences: tuple[str, ...]


def with_version(cell: Cell, recipe: Recipe) -> Cell:
    """The cell with this version in the place of the recipe of its name, or added; releases do not matter."""
    others = tuple(r for r in cell.recipes if r.spec.recipe != recipe.spec.recipe)
    return dataclasses.replace(cell, recipes=(*others, recipe), released=None)


def impact(recording: Recording, before: Cell, after: Cell, recipe: str) -> list[Impact]:
    """Every decision of a recording with two configurations.

    What was seen and measured is taken from the recording; no frame is judged again, and what would have been done
    after another decision is not known.

    Args:
        recipe: the recipe that differs; its reasons are compared besides the outcome.
    """
    asked = {e.id: e for e in recording.effects if isinstance(e, Decide)}
    return [_compare(recording.path.stem, effect, before, after, recipe) for effect in asked.values()]


def _compare(name: str, effect: Decide, before: Cell, after: Cell, recipe: str) -> Impact:
    old, new = _decide(effect, before), _decide(effect, after)
    if isinstance(old, str) or isinstance(new, str):
        told = (f"{_outcome(old)} before, {_outcome(new)} now",) if old != new else ()
        return Impact(name, effect.id, _outcome(old), _outcome(new), told)
    found = [*_outcomes(old, new), *_reasons(old, new, recipe)]
    return Impact(name, effect.id, _outcome(old), _outcome(new), tuple(found))


def _decide(effect: Decide, cell: Cell) -> Decision | str:
    """The decision, or the words of the planner's error."""
    try:
        return decide_as_asked(effect, cell)
    except DelidError as error:
        return error.message


def _outcome(found: Decision | str) -> str:
    if isinstance(found, str):
        return f"no plan: {found}"
    if isinstance(found.outcome, Plan):
        return found.outcome.recipe
    return f"no plan: {found.outcome.reasons[0]}"


def _outcomes(old: Decision, new: Decision) -> Iterator[str]:
    if _outcome(old) != _outcome(new):
        yield f"{_outcome(old)} before, {_outcome(new)} now"
    elif isinstance(old.outcome, Plan) and isinstance(new.outcome, Plan):
        yield from _plans(old.outcome, new.outcome)


def _plans(old: Plan, new: Plan) -> Iterator[str]:
    """What differs between two plans of the same recipe."""
    before, after = {s.key: s for s in old.steps}, {s.key: s for s in new.steps}
    for words, names in (("left out", before.keys() - after.keys()), ("new", after.keys() - before.keys())):
        if names:
            yield f"steps {words}: {_some(sorted(names))}"
    kept_before, kept_after = ([k for k in one if k in other] for one, other in ((before, after), (after, before)))
    if kept_before != kept_after:
        yield "the steps are in another order"
    if changed := [k for k in kept_after if _work(before[k]) != _work(after[k])]:
        yield f"steps done otherwise: {_some(changed)}"
    if old.permissives != new.permissives:
        yield "other permissives"
    if round(old.estimate_s) != round(new.estimate_s):
        yield f"planned {old.estimate_s:.0f} s before, {new.estimate_s:.0f} s now"


def _work(step: Step) -> Step:
    return dataclasses.replace(step, estimate_s=0.0)


def _reasons(old: Decision, new: Decision, recipe: str) -> Iterator[str]:
    """Why the recipe was taken or refused, where that differs."""
    one, other = ({c.recipe: c for c in found.candidates}.get(recipe) for found in (old, new))
    if one is not None and other is not None and (one.accepted, one.reasons) != (other.accepted, other.reasons):
        words = ("accepted" if c.accepted else f"refused: {'; '.join(c.reasons)}" for c in (one, other))
        yield "{} {} before, {} now".format(recipe, *words)


def _some(names: Sequence[str]) -> str:
    short = ["/".join(name.split("/")[2:]) for name in names]
    return ", ".join(short[:SHOWN]) + (f" and {len(short) - SHOWN} more" if len(short) > SHOWN else "")
