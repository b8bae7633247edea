"""Which branches of the recipes the recordings reach: recipe, operation, failure and reaction, by pack and damage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from delid.config import Cell, Recipe
from delid.core import Decide, Decided, Plan
from delid.journal import Recording

NONE = "none"
UNKNOWN = "unknown"
ANY_PACK = "*"
WHOLE = "whole plan"
"""The operation of the row that says that the recipe was taken at all."""


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """One thing that may happen. Without a failure, that the recipe, or one of its variants, is taken."""

    recipe: str
    operation: str
    failure: str
    reaction: str
    pack: str
    damage: str

    @property
    def branch(self) -> str:
        """In words, without pack and damage."""
        return self.operation if self.failure == NONE else f"{self.operation}: {self.failure} -> {self.reaction}"


COLUMNS = tuple(field.name for field in fields(Row))


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every row that the recipes allow for, and the recordings that reach it."""

    rows: Mapping[Row, frozenset[str]]
    beyond: tuple[tuple[str, Row], ...] = ()
    """What recordings did that the recipes of today do not allow for."""

    @property
    def reached(self) -> int:
        return sum(bool(names) for names in self.rows.values())

    @property
    def share(self) -> float:
        return self.reached / len(self.rows) if self.rows else 0.0


def coverage_of(recordings: Iterable[Recording], cell: Cell) -> Coverage:
    """The table of a cell's recipes against recordings; each is read once and let go."""
    reached: dict[Row, set[str]] = {row: set() for row in sorted(set(possible_rows(cell)))}
    beyond: list[tuple[str, Row]] = []
    for recording in recordings:
        for row in reached_rows(recording):
            if row in reached:
                reached[row].add(recording.path.stem)
            else:
                beyond.append((recording.path.stem, row))
    return Coverage({row: frozenset(names) for row, names in reached.items()}, tuple(dict.fromkeys(beyond)))


def possible_rows(cell: Cell) -> Iterator[Row]:
    """Every branch of every recipe, for each pack and each kind of damage that it serves."""
    for recipe in cell.recipes:
        serves = recipe.spec.serves
        named = [pack for pack in serves.packs if pack in cell.packs]
        packs = [*cell.packs, UNKNOWN] if ANY_PACK in serves.packs else named
        kinds = [NONE, *(kind.value for kind in serves.damage)]
        for operation, failure, reaction in _branches(recipe):
            for pack in packs:
                yield from (Row(recipe.spec.recipe, operation, failure, reaction, pack, kind) for kind in kinds)


def _branches(recipe: Recipe) -> Iterator[tuple[str, str, str]]:
    yield WHOLE, NONE, NONE
    for variant in recipe.spec.variants:
        yield f"variant {variant.name}", NONE, NONE
    for operation in recipe.spec.operations:
        for failure, reactions in operation.on_failure.items():
            yield from ((operation.id, failure.value, reaction.value) for reaction in dict.fromkeys(reactions))


def reached_rows(recording: Recording) -> Iterator[Row]:
    """What a recorded run did; a pack with two damages stands in both rows."""
    asked = {e.id: e for e in recording.effects if isinstance(e, Decide)}
    plans = [e for e in recording.events if isinstance(e, Decided) and isinstance(e.decision.outcome, Plan)]
    known: dict[str, tuple[str, Sequence[str]]] = {}
    for event in plans:
        plan = event.decision.outcome
        assert isinstance(plan, Plan)
        known[plan.recipe] = plan.pack or UNKNOWN, _damages(asked.get(event.id))
        taken = [WHOLE, *([f"variant {plan.variant}"] if plan.variant else [])]
        yield from _each(known[plan.recipe], [(plan.recipe, name, NONE, NONE) for name in taken])
    for record in recording.records:
        if record.kind == "failure":
            parts = str(record.data["key"]).split("/")
            recipe, operation = "/".join(parts[:2]), parts[2]
            if recipe in known:
                branch = (recipe, operation, str(record.data["kind"]), str(record.data["reaction"]))
                yield from _each(known[recipe], [branch])


def _damages(effect: Decide | None) -> list[str]:
    if effect is None:
        return [NONE]
    found = {damage.kind.value for damage in effect.assessment.damage} | {kind.value for kind in effect.ruled_in}
    return sorted(found) or [NONE]


def _each(where: tuple[str, Sequence[str]], branches: Iterable[tuple[str, str, str, str]]) -> Iterator[Row]:
    pack, damages = where
    for branch in branches:
        yield from (Row(*branch, pack, damage) for damage in damages)
