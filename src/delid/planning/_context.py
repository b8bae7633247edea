"""What the rules of a recipe check look at, and what a finding is."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from delid.config import Cell, Operation, PackFile, Recipe, RecipeFile, TagCondition, Tool
from delid.core import CONTACT_VERBS, ConfigFinding, Verb

from ._graph import ancestors
from ._place import PackPlace

Location = tuple[str | int, ...]
Found = Iterator[tuple[Location, str]]

CONTACT_VOLTAGE_V = 60.0
"""Limit where no cell is given (ISO 6469-4: 60 V DC)."""

ISOLATION_OHM_PER_V = 100.0
"""Limit where no cell is given (ISO 6469-4: 100 ohm/V DC)."""


class Severity(StrEnum):
    """What a finding means for the recipe."""

    DANGER = "danger"
    """Somebody could be hurt: it must not run."""
    ERROR = "error"
    """It cannot run as it stands."""
    WARNING = "warning"
    """It runs, but surely not as meant."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a recipe: where, which rule, what, and what to do."""

    path: Path
    line: int
    code: str
    message: str
    hint: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.code}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class Context:
    """A recipe under check, with the cell it shall run in (None: checked alone) and the packs known there."""

    def __init__(self, recipe: Recipe, cell: Cell | None, packs: Mapping[str, PackFile]) -> None:
        self.recipe, self.cell, self.packs = recipe, cell, packs
        self.spec: RecipeFile = recipe.spec
        self.tools: Mapping[str, Tool] = cell.spec.tools if cell else {}
        self._before: dict[str, set[str]] = {}

    def operations(self) -> Iterator[tuple[int, Operation]]:
        yield from enumerate(self.spec.operations)

    @cached_property
    def served_packs(self) -> list[PackFile]:
        """The packs that the recipe names and that are known."""
        return [self.packs[name] for name in self.spec.serves.packs if name in self.packs]

    @cached_property
    def places(self) -> list[PackPlace]:
        """The served packs on the cell's fixture; none without a cell."""
        return [PackPlace(pack, self.cell.spec.fixture) for pack in self.served_packs] if self.cell else []

    def tool_of(self, operation: Operation) -> Tool | None:
        """The tool that an operation names, if the cell has it."""
        return self.tools.get(operation.__dict__.get("tool", ""))

    def before(self, operation_id: str) -> set[str]:
        """Ids of everything that is done before an operation."""
        if operation_id not in self._before:
            self._before[operation_id] = ancestors(self.spec, operation_id)
        return self._before[operation_id]

    @cached_property
    def touches(self) -> list[tuple[int, Operation]]:
        """The operations in which something touches the pack."""
        return [(n, o) for n, o in self.operations() if Verb(o.do) in CONTACT_VERBS]

    def first_to_touch(self, faulty: Callable[[Operation], bool]) -> list[tuple[int, Operation]]:
        """Of the faulty operations that touch the pack, those before which no other faulty one does."""
        wrong = [(n, o) for n, o in self.touches if faulty(o)]
        names = {o.id for _, o in wrong}
        return [(n, o) for n, o in wrong if not names & self.before(o.id)]

    # --- conditions -----------------------------------------------------------------------------------------------

    @property
    def limit_v(self) -> float:
        return self.cell.spec.limits.contact_voltage_v if self.cell else CONTACT_VOLTAGE_V

    @property
    def limit_ohm_per_v(self) -> float:
        return self.cell.spec.limits.isolation_ohm_per_v if self.cell else ISOLATION_OHM_PER_V

    def limits_voltage(self, condition: TagCondition) -> bool:
        """True if it holds only while the pack's voltage is below the contact voltage."""
        tag = self.cell.plc_map.status.tags.get(condition.tag) if self.cell else None
        is_voltage = tag.unit == "V" if tag else condition.tag.endswith("_v")
        return is_voltage and condition.below is not None and condition.below <= self.limit_v

    def demands_isolation(self, condition: TagCondition) -> bool:
        """True if it holds only while the isolation is good enough."""
        tag = self.cell.plc_map.status.tags.get(condition.tag) if self.cell else None
        is_isolation = tag.unit == "ohm/V" if tag else condition.tag.startswith("isolation")
        return is_isolation and condition.above is not None and condition.above >= self.limit_ohm_per_v


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table of rules.

    Attributes:
        code: stable name.
        severity: what a finding means.
        about: what must hold, one sentence.
        why: what would happen otherwise, or where the rule is from.
        hint: what to do, one phrase.
        find: looks for it; None where it is found when the files are read, or over several recipes at once.
        alone: looks at each operation for itself, so that it can be asked of a recipe with faults elsewhere.
    """

    code: str
    severity: Severity
    about: str
    why: str
    hint: str
    find: Callable[[Context], Found] | None = None
    alone: bool = False

    def finding(self, at: ConfigFinding) -> Finding:
        return Finding(at.path, at.line, self.code, at.message, at.hint or self.hint, self.severity)


def listed(names: Iterable[str], wanted: str = "") -> str:
    """Names in words, with the one that was probably meant."""
    known = sorted(names)
    near = difflib.get_close_matches(wanted, known, 1) if wanted else []
    return (", ".join(known) or "none") + (f"; did you mean {near[0]!r}?" if near else "")
