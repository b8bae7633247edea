"""The least that recordings have to reach, as a file, and what falls short of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from delid.config import StrictModel, load_yaml_model
from delid.core import ConfigError

from ._coverage import COLUMNS, Coverage, Row

Pattern = Annotated[str, Field(min_length=1)]


class Demand(StrictModel):
    """Rows that have to be reached. A pattern may hold ``*`` and ``?``."""

    why: Annotated[str, Field(min_length=3)]
    """For people."""
    recipe: Pattern = "*"
    operation: Pattern = "*"
    """``whole plan`` is the row that says that the recipe was taken."""
    failure: Pattern = "*"
    """``none`` is the row of the whole plan."""
    reaction: Pattern = "*"
    pack: Pattern = "*"
    damage: Pattern = "*"
    """``none`` is a pack without damage."""
    each: list[Literal["recipe", "operation", "failure", "reaction", "pack", "damage"]] = []
    """Every value of these columns by itself; without it one of the rows is enough."""
    recordings: Annotated[int, Field(ge=1)] = 1
    """By how many recordings."""

    def matches(self, row: Row) -> bool:
        return all(fnmatchcase(getattr(row, name), getattr(self, name)) for name in COLUMNS)

    def __str__(self) -> str:
        given = [f"{name} {getattr(self, name)}" for name in COLUMNS if getattr(self, name) != "*"]
        return ", ".join(given) or "anything"


class CoverageFile(StrictModel):
    """What recordings have to reach."""

    coverage: Pattern
    """Its name."""
    share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Of all rows, 0..1."""
    minimum: list[Demand] = []


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One demand that is not met, and the rows of which any would help."""

    demand: str
    wanted: int
    reached: int
    why: str
    rows: tuple[Row, ...]

    def __str__(self) -> str:
        return f"{self.demand}: {self.reached} of {self.wanted} recordings ({self.why})"


def load_minimum(path: Path) -> CoverageFile:
    """Read the file; raises ConfigError."""
    return load_yaml_model(path, CoverageFile)


def shortfalls(found: Coverage, wanted: CoverageFile) -> list[Shortfall]:
    """Every demand that is not met; raises ConfigError for one that no row can meet: it would never be looked at."""
    short = [one for n, demand in enumerate(wanted.minimum) for one in _short(found, wanted, n, demand)]
    if found.share < wanted.share:
        rows = tuple(row for row, names in found.rows.items() if not names)
        count = round(wanted.share * len(found.rows))
        short.append(Shortfall("share of all rows", count, found.reached, f"at least {wanted.share:.1%}", rows))
    return short


def _short(found: Coverage, wanted: CoverageFile, number: int, demand: Demand) -> Iterator[Shortfall]:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in found.rows:
        if demand.matches(row):
            groups.setdefault(tuple(getattr(row, name) for name in demand.each), []).append(row)
    if not groups:
        words = f"coverage {wanted.coverage}: minimum.{number} ({demand}): the recipes of the cell have no such row"
        raise ConfigError([words], code="config.invalid", hint="Correct it, or take it out.")
    for values, rows in groups.items():
        names = {name for row in rows for name in found.rows[row]}
        if len(names) < demand.recordings:
            each = [f"{name} {value}" for name, value in zip(demand.each, values, strict=True)]
            given = [words for words in str(demand).split(", ") if words.split(" ")[0] not in demand.each]
            said = ", ".join(w for w in [*given, *each] if w != "anything")
            yield Shortfall(said or "anything", demand.recordings, len(names), demand.why, tuple(rows))
