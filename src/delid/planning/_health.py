"""State of health, residual value and route, by the rules of the cell's health file."""

from __future__ import annotations

import math
from dataclasses import dataclass

from delid.config import HealthFile, PackFile, Price, RouteWhen
from delid.core import HazardClass, HealthEstimate, HealthReport, Route, UsageError


@dataclass(frozen=True, slots=True)
class _Known:
    """A pack's state of health, and what else the routes ask for."""

    health: float | None
    sigma: float | None
    contradiction: bool
    cell_voltage_v: float | None
    report: HealthReport
    hazard: HazardClass
    chemistry: str


def estimate_health(report: HealthReport, pack: PackFile, rules: HealthFile, hazard: HazardClass) -> HealthEstimate:
    """What the measurements say of a pack. Raises UsageError where the rules do not know its chemistry.

    Capacity and impedance each give a state of health with a standard deviation; both are weighted by their inverse
    variances. Where they contradict each other the deviation is at least half of their difference.
    """
    chemistry = rules.chemistries.get(pack.chemistry)
    if chemistry is None:
        raise UsageError(
            f"The health rules {rules.health!r} know no chemistry {pack.chemistry!r}, which {pack.pack} has.",
            hint="Add it to the health file with its limits and prices.",
            code="planning.chemistry",
        )
    known, words = _known(report, pack, rules, hazard)
    rule = next(r for r in rules.routes if _holds(r.when, known, chemistry.lowest_v.value, chemistry.highest_v.value))
    values = {Route.RECYCLING.value: _money(pack.energy_kwh, 0.0, chemistry.recycling_per_kwh)}
    if known.health is not None and known.sigma is not None:
        left_kwh, sigma_kwh = known.health * pack.energy_kwh, known.sigma * pack.energy_kwh
        values[Route.REUSE.value] = _money(left_kwh, sigma_kwh, chemistry.reuse_per_kwh)
    reasons = (f"{rule.route.value}: {rule.why}", *words)
    return HealthEstimate(_round(known.health), _round(known.sigma), values, rules.currency, rule.route, reasons)


def _known(
    report: HealthReport, pack: PackFile, rules: HealthFile, hazard: HazardClass
) -> tuple[_Known, tuple[str, ...]]:
    shares: list[tuple[float, float]] = []
    words: list[str] = []
    if report.capacity_ah is not None:
        rated_ah = 1000 * pack.energy_kwh / pack.nominal_voltage_v
        shares.append((min(report.capacity_ah / rated_ah, 1.0), rules.evidence.capacity_sigma.value))
        words.append(f"capacity {report.capacity_ah:g} of {rated_ah:.0f} Ah: {shares[-1][0]:.2f}")
    if report.impedance_mohm is not None and pack.impedance_mohm is None:
        words.append("the impedance is not compared: the pack file has no impedance_mohm of a new pack")
    elif report.impedance_mohm is not None and pack.impedance_mohm is not None:
        growth = report.impedance_mohm / pack.impedance_mohm - 1
        share = min(max(1 - rules.evidence.impedance_slope.value * growth, 0.0), 1.0)
        shares.append((share, rules.evidence.impedance_sigma.value))
        words.append(f"impedance {report.impedance_mohm:g} of {pack.impedance_mohm:g} mohm when new: {share:.2f}")
    health, sigma, contradiction = _fused(shares, rules.evidence.disagree_sigmas.value)
    if not shares:
        words.append("neither capacity nor impedance was measured: the state of health is not known")
    per_cell = None
    if report.voltage_v is not None and pack.cells_in_series is not None:
        per_cell = report.voltage_v / pack.cells_in_series
        words.append(f"{per_cell:.2f} V for each battery cell in series")
    if report.isolation_ohm_per_v is not None:
        words.append(f"isolation {report.isolation_ohm_per_v:g} ohm/V")
    return _Known(health, sigma, contradiction, per_cell, report, hazard, pack.chemistry), tuple(words)


def _fused(shares: list[tuple[float, float]], most: float) -> tuple[float | None, float | None, bool]:
    """The weighted mean of estimates, its standard deviation, and whether they contradict each other."""
    if not shares:
        return None, None, False
    weights = [1 / sigma**2 for _, sigma in shares]
    mean = sum(w * share for w, (share, _) in zip(weights, shares, strict=True)) / sum(weights)
    sigma = math.sqrt(1 / sum(weights))
    if len(shares) < 2:
        return mean, sigma, False
    apart = abs(shares[0][0] - shares[1][0])
    contradiction = apart > most * math.hypot(shares[0][1], shares[1][1])
    return mean, max(sigma, apart / 2) if contradiction else sigma, contradiction


def _holds(when: RouteWhen, known: _Known, lowest_v: float, highest_v: float) -> bool:
    """Whether everything that a rule names holds; what was not measured does not."""
    isolation, voltage = known.report.isolation_ohm_per_v, known.cell_voltage_v
    surely = None if known.health is None or known.sigma is None else known.health - known.sigma
    conditions = (
        when.hazard is None or known.hazard in when.hazard,
        when.isolation_below is None or (isolation is not None and isolation < when.isolation_below.value),
        when.isolation_above is None or (isolation is not None and isolation > when.isolation_above.value),
        not when.voltage_outside or (voltage is not None and not lowest_v <= voltage <= highest_v),
        not when.contradiction or known.contradiction,
        when.health_surely_above is None or (surely is not None and surely > when.health_surely_above.value),
        when.chemistry is None or known.chemistry in when.chemistry,
    )
    return all(conditions)


def _money(kwh: float, sigma_kwh: float, price: Price) -> tuple[float, float]:
    """Worth and its standard deviation: of the product of an amount and a price that are independent."""
    mean, spread = (price.low + price.high) / 2, (price.high - price.low) / 2
    sigma = math.sqrt((kwh * spread) ** 2 + (mean * sigma_kwh) ** 2 + (spread * sigma_kwh) ** 2)
    return round(kwh * mean, 0), round(sigma, 0)


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
