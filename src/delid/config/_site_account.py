"""How one site counts energy and mass: meters, shared loads, allocation, tolerance."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ._keep_out import Name
from ._pack import Positive
from ._sourced import Cited, Estimated, Region, Sourced
from ._uses import MaterialKind
from ._yaml import StrictModel

Carrier = Literal["electricity", "compressed_air"]
CARRIER_UNITS: dict[str, str] = {"electricity": "kWh", "compressed_air": "m3"}


class Meter(Sourced):
    """A counter among the PLC's tags. ``source`` says where its accuracy is from."""

    about: str
    carrier: Carrier
    scale: Positive
    """What one of the tag's unit is in the carrier's (kWh, m3): 0.001 for a tag in Wh."""
    resolution: Positive
    """Smallest step of the counter, in the tag's unit."""
    accuracy: Annotated[float, Field(gt=0, lt=1)]
    """Limit of error as a share of the reading: 0.01 for class 1."""
    within: Name | None = None
    """The meter that counts this one's energy too; it is then shown, not added."""


class SharedLoad(Estimated):
    """What many packs share, for example light and heat of the hall: an amount over a time, and how it is split."""

    name: Name
    carrier: Carrier
    first_day: date
    last_day: date
    by: Literal["cell_hours", "mass_kg", "packs"]
    """Each pack's share follows its time in the cell, its mass, or is the same for all."""
    total: Positive
    """Cell hours, kilograms or packs of all packs in that time."""

    @model_validator(mode="after")
    def _ends_after_its_beginning(self) -> SharedLoad:
        if self.last_day < self.first_day:
            raise ValueError("last_day is before first_day")
        return self


class CoProducts(StrictModel):
    """How one pack's figure is split among what comes out of it (ISO 14044:2006, 4.3.4)."""

    rule: Literal["none", "mass"]
    source: Cited


class MassRules(StrictModel):
    """When what came out counts as all that went in."""

    tolerance: Annotated[float, Field(gt=0, lt=0.5)]
    """Largest share of the pack's mass that may be missing, or be too much."""
    tolerance_source: Cited
    scale_kg: Positive
    """Standard deviation of one weighing."""
    scale_source: Cited
    model_share: Annotated[float, Field(gt=0, lt=1)]
    """Standard deviation of a mass that is taken from the pack file, as a share of it."""
    model_source: Cited


class Composition(Estimated):
    """What a kind of part is made of: ``value`` is the share of its mass that is ``material``."""

    kind: MaterialKind
    material: Name
    pack: Name | None = None
    """Of this pack model only."""

    @model_validator(mode="after")
    def _is_a_share(self) -> Composition:
        if not 0 < self.value <= 1:
            raise ValueError("value is a share of the mass, above 0 and up to 1")
        return self


class SiteAccount(StrictModel):
    """The rules of one site."""

    account: Name
    region: Region
    meters: Annotated[dict[Name, Meter], Field(min_length=1)]
    """By the tag of the register map."""
    shared: list[SharedLoad] = []
    co_products: CoProducts
    composition: list[Composition] = []
    """For what may be avoided elsewhere; a row for a pack model goes before one for all."""
    coverage: Annotated[float, Field(ge=1, le=3)] = 2.0
    """Half the width of a range in standard deviations; 2 holds the true value in about 95 of 100 cases."""
    mass: MassRules

    @model_validator(mode="after")
    def _meters_nest(self) -> SiteAccount:
        for name, meter in self.meters.items():
            outer = self.meters.get(meter.within) if meter.within else None
            if meter.within and outer is None:
                raise ValueError(f"meter {name!r} lies within {meter.within!r}, which is not among the meters")
            if outer is not None and (outer.within or outer.carrier != meter.carrier):
                raise ValueError(f"meter {name!r} must lie within a main meter of the same carrier")
        names = [load.name for load in self.shared]
        if len(set(names)) != len(names):
            raise ValueError("two shared loads have the same name")
        return self
