"""A number with its standard deviation, and how both combine.

Law of propagation of uncertainty for independent inputs: JCGM 100:2008 (GUM), 5.1.2, equation 10; the IPCC 2006
Guidelines, volume 1, chapter 3, equations 3.1 and 3.2, say the same. Products keep the second-order term, which is
exact for two independent factors (Goodman, On the exact variance of products, JASA 55, 1960).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amount:
    value: float
    sigma: float = 0.0

    def scaled(self, by: float) -> Amount:
        """Times an exact number."""
        return Amount(self.value * by, self.sigma * abs(by))

    def times(self, other: Amount) -> Amount:
        """Times an independent one."""
        square = (self.value * other.sigma) ** 2 + (other.value * self.sigma) ** 2 + (self.sigma * other.sigma) ** 2
        return Amount(self.value * other.value, math.sqrt(square))

    def minus(self, other: Amount) -> Amount:
        return Amount(self.value - other.value, math.hypot(self.sigma, other.sigma))

    def share_of(self, whole: Amount) -> Amount:
        """Divided by an independent one (first order). Raises ZeroDivisionError."""
        share = self.value / whole.value
        return Amount(share, math.hypot(self.sigma / whole.value, share * whole.sigma / whole.value))

    def span(self, coverage: float) -> tuple[float, float]:
        """Lowest and highest value, ``coverage`` standard deviations away; an amount of something is not below zero."""
        low = self.value - coverage * self.sigma
        return (max(low, 0.0) if self.value >= 0 else low), self.value + coverage * self.sigma


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum of independent amounts."""
    found = tuple(amounts)
    return Amount(math.fsum(a.value for a in found), math.sqrt(math.fsum(a.sigma**2 for a in found)))
