"""Energy and greenhouse gases of one battery's stay: what was counted, by which factor and rule, and how sure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from delid.config import CARRIER_UNITS, Factor, factor_for

from ._amount import Amount, total
from ._facts import BatteryFacts, Consumed
from ._meters import MeterUse, meter_use
from ._tables import Tables

FORMULA = (
    "E = sum over factors f of f * Q_f; Q_f is the sum of the amounts that f applies to. "
    "var(Q_f) = sum of the amounts' variances; var(f Q_f) = f^2 var(Q_f) + Q_f^2 var(f) + var(f) var(Q_f); "
    "var(E) = sum over f. JCGM 100:2008, 5.1.2 (equation 10); IPCC 2006 Guidelines, volume 1, chapter 3, equations 3.1 "
    "and 3.2; Goodman, JASA 55 (1960) for the last term of the product"
)
DIRECT = (
    "one pack at a time is in the cell: all that the meters count from the first reading of a run to its last one is "
    "this pack's (ISO 14044:2006, 4.3.4.2, step 1: no allocation where processes can be told apart)"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One amount and what it stands for.

    Attributes:
        origin: ``meter``, ``shared`` or ``consumed``.
        counted: False for what is shown only, because another line holds it already or it has no factor.
        kwh: as electricity, where it is energy.
        kgco2e: None where it was not counted.
    """

    name: str
    origin: str
    about: str
    amount: Amount
    unit: str
    kwh: Amount | None
    kgco2e: Amount | None
    counted: bool
    factors: tuple[str, ...]
    rule: str
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StepShare:
    """What one step used."""

    step: str
    kwh: float
    kgco2e: float | None


@dataclass(frozen=True, slots=True)
class Footprint:
    """The figure of one battery, with its range and what it rests on."""

    kgco2e: Amount
    low_kgco2e: float
    high_kgco2e: float
    coverage: float
    kwh: Amount
    lines: tuple[Line, ...]
    steps: tuple[StepShare, ...]
    factors: tuple[str, ...]
    """Keys of the factors used, ``of/region/year``; the table stands in the account."""
    not_counted: tuple[str, ...]
    notes: tuple[str, ...]
    rule: str = DIRECT
    formula: str = FORMULA


def footprint(facts: BatteryFacts, tables: Tables) -> Footprint:
    """Never guesses: what has no reading or no factor stands in ``not_counted``."""
    return _Sum(facts, tables).result()


class _Sum:
    def __init__(self, facts: BatteryFacts, tables: Tables) -> None:
        self._facts, self._tables, self._site = facts, tables, tables.site
        self._year = int(facts.ended[:4])
        self._lines: list[Line] = []
        self._missing: list[str] = []
        self._uses: list[MeterUse] = []
        self._power = self._find(tables.factors.emission, "electricity")
        self._to_kwh: dict[str, Factor | None] = {
            carrier: self._find(tables.factors.conversion, carrier) for carrier in CARRIER_UNITS
        }

    def result(self) -> Footprint:
        self._meters()
        self._shared()
        kwh = self._kwh()
        parts = [kwh.times(_amount(self._power))] if self._power else []
        parts += self._consumed()
        if self._power is None and kwh.value:
            self._missing.append(f"{kwh.value:.3g} kWh: the factor table has no electricity of {self._site.region}")
        if self._facts.open_runs:
            self._missing.append(f"runs without an end in the record: {', '.join(self._facts.open_runs)}")
        sum_ = total(parts)
        low, high = sum_.span(self._site.coverage)
        used = sorted({key for line in self._lines if line.counted for key in line.factors})
        return Footprint(
            sum_, low, high, self._site.coverage, kwh, tuple(self._lines), self._steps(), tuple(used),
            tuple(self._missing), self._notes(used),
        )  # fmt: skip

    # --- amounts --------------------------------------------------------------------------------------------------

    def _meters(self) -> None:
        meters = self._site.meters
        for tag in sorted(meters, key=lambda t: (meters[t].carrier != "electricity", bool(meters[t].within), t)):
            meter = meters[tag]
            use = meter_use(self._facts.readings, tag, meter)
            if use is None:
                self._missing.append(f"{meter.about}: the record has no reading of {tag}")
                continue
            self._missing += use.gaps
            self._uses.append(use)
            rule = f"counted by {meter.within}, shown only" if meter.within else DIRECT
            self._line(tag, "meter", meter.about, meter.carrier, use.amount, rule, not meter.within, use.entries)

    def _shared(self) -> None:
        for load in self._site.shared:
            first, last = (date.fromisoformat(at[:10]) for at in (self._facts.began, self._facts.ended))
            if last < load.first_day or first > load.last_day:
                continue
            mine = {"cell_hours": self._facts.cell_s / 3600, "packs": 1.0, "mass_kg": self._mass_kg()}[load.by]
            if mine is None:
                self._missing.append(f"{load.name}: shared by mass, and the pack's mass is not known")
                continue
            amount = Amount(load.value, load.sigma).scaled(min(mine / load.total, 1.0))
            rule = f"{mine:.4g} of {load.total:.6g} {load.by} of {load.first_day} to {load.last_day}; {load.source}"
            self._line(load.name, "shared", load.name, load.carrier, amount, rule, True, ())

    def _line(
        self, name: str, origin: str, about: str, carrier: str, amount: Amount, rule: str, counted: bool,
        entries: tuple[int, ...],
    ) -> None:  # fmt: skip
        factor = self._to_kwh[carrier]
        known = carrier == "electricity" or factor is not None
        if not known:
            self._missing.append(f"{about}: the factor table has no conversion of {carrier} of {self._site.region}")
        kwh = (amount if factor is None else amount.times(_amount(factor))) if known else None
        gas = kwh.times(_amount(self._power)) if kwh is not None and self._power else None
        keys = tuple(f.key for f in (factor, self._power) if f is not None)
        line = Line(
            name,
            origin,
            about,
            amount,
            CARRIER_UNITS[carrier],
            kwh,
            gas,
            counted and kwh is not None,
            keys,
            rule,
            entries,
        )
        self._lines.append(line)

    def _kwh(self) -> Amount:
        """All energy as electricity: each carrier is added up first, so that its conversion counts as one unknown."""
        parts = []
        for carrier, unit in CARRIER_UNITS.items():
            amount = total(x.amount for x in self._lines if x.counted and x.unit == unit and x.origin != "consumed")
            factor = self._to_kwh[carrier]
            parts.append(amount if factor is None else amount.times(_amount(factor)))
        return total(parts)

    def _consumed(self) -> list[Amount]:
        parts = []
        for name in sorted({thing.name for thing in self._facts.consumed}):
            things = [thing for thing in self._facts.consumed if thing.name == name]
            factor = self._find(self._tables.factors.emission, name)
            fits = factor is not None and all(factor.unit.endswith(f"/{thing.unit}") for thing in things)
            amount = total(Amount(thing.amount, thing.sigma) for thing in things)
            gas = amount.times(_amount(factor)) if factor is not None and fits else None
            if gas is None:
                words = "has no factor" if factor is None else f"has a factor in {factor.unit} only"
                self._missing.append(f"{name}: {amount.value:g} {things[0].unit}, which {words} in the table")
            else:
                parts.append(gas)
            self._lines.append(_consumed_line(name, things, amount, gas, factor))
        return parts

    # --- what else there is to say --------------------------------------------------------------------------------

    def _steps(self) -> tuple[StepShare, ...]:
        sums: dict[str, float] = {}
        for use in self._uses:
            meter = self._site.meters[use.tag]
            factor = self._to_kwh[meter.carrier]
            if meter.within or (meter.carrier != "electricity" and factor is None):
                continue
            for step, amount in use.steps:
                sums[step] = sums.get(step, 0.0) + amount * (factor.value if factor else 1.0)
        by = self._power.value if self._power else None
        return tuple(StepShare(step, kwh, None if by is None else kwh * by) for step, kwh in sums.items())

    def _notes(self, used: Iterable[str]) -> tuple[str, ...]:
        notes = []
        for factor in [*self._tables.factors.emission, *self._tables.factors.conversion]:
            if factor.key in used and factor.unit.startswith("kgCO2/"):
                notes.append(f"{factor.key} counts carbon dioxide alone, without other greenhouse gases")
            if factor.key in used and factor.status in ("unverified", "inferred", "approximate"):
                notes.append(f"{factor.key} is {factor.status}: {factor.source}")
            if factor.key in used and factor.of == "electricity" and factor.year != self._year:
                notes.append(f"{factor.key} stands for the work of {self._year}")
        return tuple(notes)

    def _mass_kg(self) -> float | None:
        return self._facts.weight.kg if self._facts.weight else None

    def _find(self, table: Iterable[Factor], of: str) -> Factor | None:
        return factor_for(table, of, self._site.region, self._year)


def _amount(factor: Factor) -> Amount:
    return Amount(factor.value, factor.sigma)


def _consumed_line(
    name: str, things: list[Consumed], amount: Amount, gas: Amount | None, factor: Factor | None
) -> Line:
    entries = tuple(thing.entry for thing in things)
    keys = (factor.key,) if factor and gas else ()
    return Line(name, "consumed", name, amount, things[0].unit, None, gas, gas is not None, keys, DIRECT, entries)
