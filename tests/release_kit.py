"""Recipes that a test has changed, released as they stand, so that a cell in production takes them."""

from __future__ import annotations

from pathlib import Path

from delid.config import CheckResult, Release, SimulationResult, append_release, load_cell, version_of

AT = "2026-01-01T00:00:00Z"


def release_all(cell_file: Path) -> None:
    """Every recipe of the cell that is not released."""
    cell = load_cell(cell_file)
    for recipe in cell.recipes:
        if cell.is_released(recipe):
            continue
        version = version_of(recipe, cell.pack_texts)
        release = Release(
            recipe=recipe.spec.recipe,
            content=version.content,
            at=AT,
            by="a test",
            files=version.files,
            check=CheckResult(rules=1, cell=cell.spec.cell, at=AT),
            simulation=SimulationResult(
                runs=1, seed=1, duration_s=1.0, duration_p5_s=1.0, duration_p95_s=1.0, energy_wh=1.0, questions=0.0,
                assumptions="none", cell=cell.spec.cell, at=AT,
            ),
        )  # fmt: skip
        append_release(recipe.document.path, release, version)
