"""What the rules of a recipe check look at, and what a finding is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from delid.config import Cell, Operation, PackFile, Recipe, RecipeFile, Tool

Location = tuple[str | int, ...]
Found = Iterator[tuple[Location, str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a recipe: where, which rule, what, and what to do."""

    path: Path
    line: int
    code: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.code}: {self.message}" + (f" ({self.hint})" if self.hint else "")


@dataclass(frozen=True, slots=True)
class Context:
    """A recipe under check, with the cell it shall run in (None: checked alone) and the packs known there."""

    recipe: Recipe
    cell: Cell | None
    packs: Mapping[str, PackFile]

    @property
    def spec(self) -> RecipeFile:
        return self.recipe.spec

    @property
    def tools(self) -> Mapping[str, Tool]:
        return self.cell.spec.tools if self.cell else {}

    def operations(self) -> Iterator[tuple[int, Operation]]:
        yield from enumerate(self.spec.operations)

    def served_packs(self) -> list[PackFile]:
        """The packs that the recipe names and that are known."""
        return [self.packs[name] for name in self.spec.serves.packs if name in self.packs]

    def tool_of(self, operation: Operation) -> Tool | None:
        """The tool that an operation names, if the cell has it."""
        return self.tools.get(getattr(operation, "tool", ""))


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table of rules."""

    code: str
    about: str
    hint: str
    find: Callable[[Context], Found]
