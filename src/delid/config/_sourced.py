"""Numbers that say where they are from and how far off they may be. Without both they are refused."""

from __future__ import annotations

import math
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from ._yaml import StrictModel

_EMPTY = re.compile(
    r"\b(?:to ?do|tbd|unknown|n/?a|none|somewhere|own knowledge|experience|estimate[ds]?|assum\w*|default)\b", re.I
)
_SHORT = 12


def _names_something(text: str) -> str:
    """Refuse a source that is a placeholder."""
    words = _EMPTY.sub("", text).strip(" .,;:()-")
    if len(words) < _SHORT:
        raise ValueError("name the document, page or measurement that this is from, so that somebody can look it up")
    return text


Cited = Annotated[str, AfterValidator(_names_something)]
"""A document, page or measurement that a reader can look up; placeholders are refused."""

Region = Annotated[str, Field(pattern=r"^[A-Z]{2,3}(?:-[A-Z0-9]+)*$")]
"""A country or a part of one (``CN``, ``CN-EAST``), ``EU``, or ``GLO`` for the world."""


class Sourced(StrictModel):
    """Something that a reader can look up."""

    source: Cited
    """Where it is from: document and place in it, or the measurement."""
    status: Literal["read", "claim", "inferred", "approximate", "unverified", "measured"]
    """How far it can be trusted: read there, a maker's claim, derived from what was read, not checked, measured."""


class Uncertainty(StrictModel):
    """How far off a number may be, in exactly one of three forms."""

    standard: Annotated[float, Field(gt=0)] | None = None
    """Standard deviation, in the number's unit."""
    relative_95: Annotated[float, Field(gt=0)] | None = None
    """Half the width of the interval that holds the true value in 95 of 100 cases, as a share of the number."""
    bounds: tuple[float, float] | None = None
    """Lowest and highest value; every value between them is as likely as another (JCGM 100:2008, 4.3.7)."""
    why: Cited
    """Where this uncertainty is from."""

    @model_validator(mode="after")
    def _has_one_form(self) -> Uncertainty:
        if sum(form is not None for form in (self.standard, self.relative_95, self.bounds)) != 1:
            raise ValueError("give exactly one of standard, relative_95 and bounds")
        if self.bounds is not None and self.bounds[0] >= self.bounds[1]:
            raise ValueError("the first of bounds is the lower one")
        return self

    def sigma(self, value: float) -> float:
        """The standard deviation of a number with this uncertainty."""
        if self.standard is not None:
            return self.standard
        if self.bounds is not None:
            return (self.bounds[1] - self.bounds[0]) / math.sqrt(12)
        assert self.relative_95 is not None
        return abs(value) * self.relative_95 / 1.96

    def holds(self, value: float) -> bool:
        """False where ``value`` lies outside of the bounds."""
        return self.bounds is None or self.bounds[0] <= value <= self.bounds[1]


class Estimated(Sourced):
    """A number with its source and its uncertainty."""

    value: float
    uncertainty: Uncertainty

    @model_validator(mode="after")
    def _lies_within(self) -> Estimated:
        if not self.uncertainty.holds(self.value):
            raise ValueError("value lies outside of uncertainty.bounds")
        return self

    @property
    def sigma(self) -> float:
        return self.uncertainty.sigma(self.value)
