"""Rules for the state of health: how sure a measurement is, what a pack may be worth, and where it goes.

Every number is a figure with its source, so that an engineer sees what a proposal rests on.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from delid.core import HazardClass, Route

from ._keep_out import Name
from ._yaml import StrictModel


class _Sourced(StrictModel):
    source: str
    """Where the number is from: document, measurement, or how it was estimated."""
    status: Literal["read", "claim", "inferred", "approximate", "unverified", "measured"]
    """How far it can be trusted."""


class Figure(_Sourced):
    """One number with its source."""

    value: float


class Price(_Sourced):
    """What is paid, from a low to a high case; taken as the mean of both, more or less half of their distance."""

    low: float
    high: float

    @model_validator(mode="after")
    def _is_a_range(self) -> Price:
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


class Evidence(StrictModel):
    """How sure the measurements are, as standard deviations of the state of health (a share, 0..1)."""

    capacity_sigma: Figure
    """Of a capacity that was measured over a full discharge."""
    impedance_slope: Figure
    """Share of the capacity that is lost when the impedance has doubled."""
    impedance_sigma: Figure
    """Of the state of health that follows from an impedance."""
    disagree_sigmas: Figure
    """Where capacity and impedance differ by more than this many standard deviations, they contradict each other."""


class Chemistry(StrictModel):
    """What is known of packs of one chemistry."""

    lowest_v: Figure
    """Lowest voltage of a battery cell at rest that was never over-discharged."""
    highest_v: Figure
    """Highest voltage of a battery cell at rest."""
    reuse_per_kwh: Price
    """For a kilowatt-hour that is still there, tested, for another use."""
    recycling_per_kwh: Price
    """For a kilowatt-hour of rated energy, as material; negative where recycling costs money."""


class RouteWhen(StrictModel):
    """When a rule proposes its route: everything named must hold."""

    hazard: Annotated[list[HazardClass], Field(min_length=1)] | None = None
    """One of these hazard classes."""
    isolation_below: Figure | None = None
    """The isolation was measured, and is lower (ohm per volt)."""
    isolation_above: Figure | None = None
    """The isolation was measured, and is higher (ohm per volt)."""
    voltage_outside: bool = False
    """The battery cells' mean voltage was measured, and lies outside of its chemistry's range."""
    contradiction: bool = False
    """Capacity and impedance contradict each other."""
    health_surely_above: Figure | None = None
    """The state of health, less its standard deviation, is higher (0..1)."""
    chemistry: Annotated[list[str], Field(min_length=1)] | None = None
    """One of these chemistries."""

    @property
    def says_something(self) -> bool:
        return any(value not in (None, False) for value in self.__dict__.values())


class RouteRule(StrictModel):
    """One row of the table: the first whose conditions hold proposes the route."""

    route: Route
    when: RouteWhen = RouteWhen()
    why: str
    """In words, for the operator."""


class HealthFile(StrictModel):
    """The rules of one site."""

    health: Name
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    evidence: Evidence
    chemistries: dict[str, Chemistry]
    """By the chemistry of the pack file."""
    routes: Annotated[list[RouteRule], Field(min_length=1)]

    @model_validator(mode="after")
    def _ends_with_a_route_for_the_rest(self) -> HealthFile:
        if self.routes[-1].when.says_something:
            raise ValueError("the last rule of 'routes' has no conditions: it is for what no other rule is for")
        for n, rule in enumerate(self.routes[:-1]):
            if not rule.when.says_something:
                raise ValueError(f"routes.{n} has no conditions, so that the rules after it are never asked")
        return self
