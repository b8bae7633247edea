"""What the parts that came out may save elsewhere. It stands apart and is never taken off the figure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from delid.config import Composition, factor_for

from ._amount import Amount, total
from ._facts import BatteryFacts, Output
from ._materials import weighed
from ._tables import Tables

RULE = (
    "avoided emissions are reported apart from the figure and never taken off it (GHG Protocol, Product Life Cycle "
    "Accounting and Reporting Standard, 2011). A range begins at nothing where it is not known what is replaced"
)


@dataclass(frozen=True, slots=True)
class AvoidedLine:
    """One kind of part, the amount that may replace something, and what that saves."""

    kind: str
    of: str
    amount: Amount
    unit: str
    kgco2e: Amount
    low_kgco2e: float
    high_kgco2e: float
    factor: str
    why: str


@dataclass(frozen=True, slots=True)
class Avoided:
    """``low`` and ``high`` are the sums of the lines' ends: what one line saves says nothing about another."""

    lines: tuple[AvoidedLine, ...]
    kgco2e: Amount
    low_kgco2e: float
    high_kgco2e: float
    not_counted: tuple[str, ...]
    rule: str = RULE


def avoided(facts: BatteryFacts, tables: Tables, refused: Iterable[int] = ()) -> Avoided:
    """Sum up what may be avoided; parts without a composition or a factor are named, not guessed.

    Args:
        refused: numbers of the entries that a rule forbids; what is forbidden avoids nothing.
    """
    forbidden = frozenset(refused)
    lines: list[AvoidedLine] = []
    missing: list[str] = []
    for output in facts.outputs:
        if output.entry in forbidden:
            missing.append(f"{output.kind}: a rule refuses this use (entry {output.entry})")
        elif output.goes == "recycling":
            _material(output, facts, tables, lines, missing)
        elif output.goes == "reuse":
            _capacity(output, facts, tables, lines, missing)
    sum_ = total(line.kgco2e for line in lines)
    low, high = (sum(ends) for ends in ((line.low_kgco2e for line in lines), (line.high_kgco2e for line in lines)))
    return Avoided(tuple(lines), sum_, low, high, tuple(dict.fromkeys(missing)))


def _material(
    output: Output, facts: BatteryFacts, tables: Tables, lines: list[AvoidedLine], missing: list[str]
) -> None:
    if output.weight is None:
        missing.append(f"{output.kind}: no mass in the record (entry {output.entry})")
        return
    rows = _composition(output.kind, facts.model.name if facts.model else None, tables.site.composition)
    if not rows:
        missing.append(f"{output.kind}: the site's rules do not say what it is made of")
    mass = weighed(output.weight, tables.site.mass)
    for row in rows:
        amount = mass.times(Amount(row.value, row.sigma))
        _add(output, row.material, amount, "kg", row.source, facts, tables, lines, missing)


def _capacity(
    output: Output, facts: BatteryFacts, tables: Tables, lines: list[AvoidedLine], missing: list[str]
) -> None:
    if facts.model is None or facts.state_of_health is None:
        missing.append(f"{output.kind}: model or state of health is not known, so that its capacity is not")
        return
    share = output.count / facts.model.modules if output.kind == "module" and facts.model.modules else 1.0
    if output.kind not in ("module", "pack") or (output.kind == "module" and not facts.model.modules):
        missing.append(f"{output.kind}: its share of the pack's capacity is not known")
        return
    kwh = facts.model.energy_kwh * facts.state_of_health * min(share, 1.0)
    words = (
        f"{facts.model.energy_kwh:g} kWh, state of health {facts.state_of_health:g}, {min(share, 1.0):.3g} of the pack"
    )
    _add(output, "battery_capacity", Amount(kwh), "kWh", words, facts, tables, lines, missing)


def _add(
    output: Output, of: str, amount: Amount, unit: str, why: str, facts: BatteryFacts, tables: Tables,
    lines: list[AvoidedLine], missing: list[str],
) -> None:  # fmt: skip
    factor = factor_for(tables.factors.avoided, of, tables.site.region, int(facts.ended[:4]))
    if factor is None or not factor.unit.endswith(f"/{unit}"):
        missing.append(f"{of} of {output.kind}: the factor table has no number for what it may replace")
        return
    gas = amount.times(Amount(factor.value, factor.sigma))
    bounds = factor.uncertainty.bounds
    low, high = gas.span(tables.site.coverage) if bounds is None else (amount.value * b for b in bounds)
    lines.append(AvoidedLine(output.kind, of, amount, unit, gas, low, high, factor.key, why))


def _composition(kind: str, pack: str | None, table: Iterable[Composition]) -> list[Composition]:
    """Rows of this pack model, or else those for all."""
    rows = [row for row in table if row.kind == kind]
    return [row for row in rows if row.pack is not None and row.pack == pack] or [r for r in rows if r.pack is None]
