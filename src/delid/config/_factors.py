"""The factor table: what a kilowatt-hour, a cubic metre or a kilogram stands for, by region and year."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, model_validator

from ._keep_out import Name
from ._sourced import Estimated, Region
from ._yaml import StrictModel

WORLD = "GLO"


class Factor(Estimated):
    """One number of the table."""

    of: Name
    """What it is a factor of, for example ``electricity``."""
    region: Region
    year: Annotated[int, Field(ge=1990, le=2100)]
    """The year that the number describes, not the year in which it was published."""
    unit: Annotated[str, Field(pattern=r"^(?:kgCO2e?|kWh)/(?:kWh|m3|kg|l|piece)$")]
    """``kgCO2`` counts carbon dioxide alone, ``kgCO2e`` all greenhouse gases."""

    @property
    def key(self) -> str:
        return f"{self.of}/{self.region}/{self.year}"

    @model_validator(mode="after")
    def _is_no_sink(self) -> Factor:
        if self.value < 0:
            raise ValueError("a factor is not below zero; what is avoided has a table of its own")
        return self


class FactorFile(StrictModel):
    """One version of the factor table. A number that changes makes a new version."""

    factors: Name
    version: Annotated[int, Field(ge=1)]
    emission: Annotated[list[Factor], Field(min_length=1)]
    """Greenhouse gases by amount used."""
    conversion: list[Factor] = []
    """Electricity by amount of another carrier, for example by cubic metre of compressed air."""
    avoided: list[Factor] = []
    """What a recovered amount may replace elsewhere; never taken off the emissions."""

    @model_validator(mode="after")
    def _is_unambiguous(self) -> FactorFile:
        for name, table in (("emission", self.emission), ("conversion", self.conversion), ("avoided", self.avoided)):
            keys = [factor.key for factor in table]
            if twice := sorted({key for key in keys if keys.count(key) > 1}):
                raise ValueError(f"{name} has {twice[0]} twice")
            wanted = r"^kWh/(?!kWh)" if name == "conversion" else r"^kgCO2"
            if wrong := [factor for factor in table if not re.match(wanted, factor.unit)]:
                raise ValueError(f"{wrong[0].unit} of {wrong[0].key} does not belong into {name}")
        return self


def factor_for(table: Iterable[Factor], of: str, region: str, year: int) -> Factor | None:
    """The factor of the nearest region that the table has (``CN-EAST``, ``CN``, ``GLO``), newest up to ``year``.

    Where all of a region's numbers are for later years, the oldest of them.
    """
    rows = [factor for factor in table if factor.of == of]
    for place in (*_outward(region), WORLD):
        found = sorted((f for f in rows if f.region == place), key=lambda f: f.year)
        if found:
            return next((f for f in reversed(found) if f.year <= year), found[0])
    return None


def _outward(region: str) -> list[str]:
    parts = region.split("-")
    return ["-".join(parts[:n]) for n in range(len(parts), 0, -1)]
