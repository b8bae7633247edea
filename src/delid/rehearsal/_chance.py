"""Chance without a generator's state: every draw has a name, so that two versions of a recipe meet the same luck."""

from __future__ import annotations

import hashlib
import math
from statistics import NormalDist

_NORMAL = NormalDist()


def draw(seed: int, *name: object) -> float:
    """A number in (0, 1) that depends on ``seed`` and the name only."""
    text = "|".join(map(str, (seed, *name)))
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
    return (number + 0.5) / 2**64


def happens(chance: float, seed: int, *name: object) -> bool:
    """True with the probability ``chance``."""
    return chance > 0 and draw(seed, *name) < chance


def spread(median: float, sigma: float, seed: int, *name: object) -> float:
    """A log-normal draw with this median; ``sigma`` is the standard deviation of its logarithm, 0 gives the median."""
    return median if sigma == 0 else median * math.exp(sigma * normal(seed, *name))


def normal(seed: int, *name: object) -> float:
    """A draw of the standard normal distribution."""
    return _NORMAL.inv_cdf(draw(seed, *name))
