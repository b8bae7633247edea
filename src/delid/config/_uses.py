"""Where what comes out of a pack may go: which uses are allowed, which are refused, and by which rule."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from delid.core import HazardClass, Route

from ._keep_out import Name
from ._sourced import Cited, Region, Sourced
from ._yaml import StrictModel

MaterialKind = Literal[
    "pack", "module", "battery_cell", "busbar", "housing", "harness", "electronics", "coolant", "other"
]
"""What comes out of a pack."""
MATERIAL_KINDS: tuple[str, ...] = get_args(MaterialKind)
Disposition = Literal["reuse", "recycling", "treatment", "quarantine"]
"""Where it goes; treatment is what is neither used again nor recovered as material here, such as coolant."""


class UseOfParts(Sourced):
    """One use of a battery or module after its first life. ``source`` names the rule that allows or refuses it."""

    use: Name
    title: str
    allowed: bool
    regions: list[Region] = []
    """Where this row holds; everywhere if empty."""
    why: str


class Outlet(StrictModel):
    """One row of the table of routes: the first whose conditions hold proposes where a part goes."""

    kinds: Annotated[list[MaterialKind], Field(min_length=1)]
    hazard: Annotated[list[HazardClass], Field(min_length=1)] | None = None
    """The pack has one of these classes."""
    pack_route: Annotated[list[Route], Field(min_length=1)] | None = None
    """The state of health proposed one of these routes for the pack; where none was proposed this does not hold."""
    goes: Disposition
    why: str
    source: Cited

    @property
    def is_open(self) -> bool:
        """True where it asks for nothing but the kind."""
        return self.hazard is None and self.pack_route is None


class UsesFile(StrictModel):
    """Uses and routes."""

    uses: Name
    version: Annotated[int, Field(ge=1)]
    table: Annotated[list[UseOfParts], Field(min_length=1)]
    outlets: Annotated[list[Outlet], Field(min_length=1)]

    @model_validator(mode="after")
    def _answers_for_every_kind(self) -> UsesFile:
        for kind in MATERIAL_KINDS:
            rows = [row for row in self.outlets if kind in row.kinds]
            if not rows or not rows[-1].is_open:
                raise ValueError(f"outlets has no last row for {kind!r} without conditions: one has to be for the rest")
        return self
