"""Cases of the shipped recipes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rehearsal_kit import RECIPES, demo_cell

from delid.config import load_recipe
from delid.rehearsal import Case, default_assumptions, make_case


@pytest.fixture(scope="session")
def case_of() -> Callable[..., Case]:
    """A case of a shipped recipe; only the failures given happen: ``case_of(name, {'unfasten.seized': 0.5})``."""

    def make(name: str, chances: dict[str, float] | None = None, **more: object) -> Case:
        assumed = default_assumptions().without_failures().with_chances(chances or {})
        return make_case(load_recipe(RECIPES / f"{name}.yaml"), demo_cell(), assumed, **more)

    return make
