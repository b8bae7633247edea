"""The table of coverage for people, and what to record next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ._coverage import NONE, UNKNOWN, WHOLE, Coverage, Row
from ._coverage_minimum import Shortfall

NEXT = 5
HEAD, CELL = 44, 13
NAMED = 4


@dataclass(frozen=True, slots=True)
class Advice:
    """One recording that would reach much: which pack, with which damage, and what should go wrong in it."""

    recipe: str
    pack: str
    damage: str
    branches: tuple[str, ...]
    asked_for: bool

    def __str__(self) -> str:
        damage = "without damage" if self.damage == NONE else f"with {self.damage}"
        pack = "a pack that nobody taught" if self.pack == UNKNOWN else self.pack
        failures = [branch for branch in self.branches if ": " in branch]
        more = f" and {len(failures) - NAMED} more" if len(failures) > NAMED else ""
        happens = f"; in it {', '.join(failures[:NAMED])}{more}" if failures else ""
        word = "asked for" if self.asked_for else f"{len(self.branches)} rows"
        return f"{pack} {damage}, {self.recipe} ({word}){happens}"


def table_lines(found: Coverage) -> Iterator[str]:
    """Recipe by recipe: branches down, packs and damages across, the number of recordings in each place."""
    for recipe in dict.fromkeys(row.recipe for row in found.rows):
        rows = {row: names for row, names in found.rows.items() if row.recipe == recipe}
        count = sum(bool(names) for names in rows.values())
        yield f"{recipe}: {count} of {len(rows)} reached"
        if not count:
            continue
        packs = list(dict.fromkeys(row.pack for row in rows if len(rows) == 1 or any(_of(rows, row.pack))))
        for pack in packs:
            yield from _grid(recipe, pack, rows)
    yield f"{found.reached} of {len(found.rows)} rows reached ({found.share:.1%})"


def _of(rows: dict[Row, frozenset[str]], pack: str) -> Iterator[bool]:
    return (bool(names) for row, names in rows.items() if row.pack == pack)


def _grid(recipe: str, pack: str, rows: dict[Row, frozenset[str]]) -> Iterator[str]:
    damages = list(dict.fromkeys(row.damage for row in rows))
    yield f"  {pack:<{HEAD}}" + "".join(f"{damage:>{CELL}}" for damage in damages)
    branches = list(dict.fromkeys((r.operation, r.failure, r.reaction) for r in rows))
    for branch in sorted(branches, key=lambda b: (b[0] != WHOLE, b[0])):
        places = [rows.get(Row(recipe, *branch, pack, damage)) for damage in damages]
        words = Row(recipe, *branch, pack, NONE).branch
        yield f"    {words:<{HEAD - 2}}" + "".join(f"{len(names) if names else '-':>{CELL}}" for names in places)


def advice(found: Coverage, short: Sequence[Shortfall] = ()) -> list[Advice]:
    """What to record next: first what the minimum asks for, then what reaches most."""
    wanted = {row for one in short for row in one.rows}
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row, names in found.rows.items():
        if not names:
            groups.setdefault((row.recipe, row.pack, row.damage), []).append(row)
    told = [
        Advice(*where, tuple(row.branch for row in rows), any(row in wanted for row in rows))
        for where, rows in groups.items()
    ]
    return sorted(told, key=lambda one: (not one.asked_for, -len(one.branches), one.recipe, one.pack, one.damage))[
        :NEXT
    ]
