"""The shipped recipes in the demonstration cell."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from delid.config import load_cell

REPOSITORY = Path(__file__).resolve().parents[3]
RECIPES = REPOSITORY / "cell_configs/recipes"


@cache
def demo_cell():
    return load_cell(REPOSITORY / "cell_configs/cells/demo.yaml")
