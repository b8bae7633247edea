"""The state of health of a pack: what was measured, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from ._route import Route


@dataclass(frozen=True, slots=True)
class HealthReport:
    """What was measured of a pack, by the cell or by a person; None where it was not.

    Attributes:
        voltage_v: of the whole pack, at rest.
        isolation_ohm_per_v: between terminals and case.
        impedance_mohm: of the whole pack.
        capacity_ah: over a full discharge.
        by: who measured.
    """

    voltage_v: float | None = None
    isolation_ohm_per_v: float | None = None
    impedance_mohm: float | None = None
    capacity_ah: float | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class PackReport:
    """What people say of the pack in the cell: what they measured of it, and the customer's route."""

    measured: HealthReport | None = None
    route: Route | None = None


@dataclass(frozen=True, slots=True)
class PackReported:
    """A person told the cell about its pack; it takes the place of what was told before."""

    at_s: float
    told: PackReport
    by: str


@dataclass(frozen=True, slots=True)
class HealthEstimate:
    """What the rules make of it.

    Attributes:
        state_of_health: remaining capacity as a share of the rated one, None where nothing was measured that says it.
        sigma: its standard deviation.
        values: worth of the pack by route, with its standard deviation, in ``currency``.
        route: what is proposed.
        reasons: for the operator, the one that decided first.
    """

    state_of_health: float | None
    sigma: float | None
    values: dict[str, tuple[float, float]]
    currency: str
    route: Route
    reasons: tuple[str, ...]
