"""What a manifest says of where its model comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """The recipe of the data, and how to make the model again."""

    recipe_sha256: str
    plan_seed: int
    planned: int
    seed: int
    command: str
    photographs: int = 0
