"""A demo cell, and assessments as short as their meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from delid.config import Cell, Recipe, load_cell, load_recipe
from delid.core import (
    Assessment,
    Damage,
    DamageKind,
    Fastener,
    FastenerKind,
    HazardClass,
    PackCandidate,
    PackStatus,
    PackVerdict,
)

REPOSITORY = Path(__file__).resolve().parents[3]


@cache
def _demo() -> Cell:
    """The demonstration cell without its camera at the tool."""
    whole = load_cell(REPOSITORY / "cell_configs/cells/demo.yaml")
    return replace(whole, spec=whole.spec.model_copy(update={"cameras": whole.spec.cameras[:1]}))


@pytest.fixture(scope="session")
def cell() -> Cell:
    return _demo()


def _assessment(
    model: str | None = "vw-meb-82",
    *,
    damage: Sequence[tuple[str, float]] = (),
    hazard: str | None = None,
    status: str | None = None,
    fasteners: Sequence[Fastener] = (),
) -> Assessment:
    found = PackStatus(status or ("known" if model else "unknown"))
    damages = tuple(Damage(DamageKind(kind), 0.9, severity, (0, 0, 10, 10)) for kind, severity in damage)
    judged = HazardClass(hazard or ("B" if damage else "A"))
    candidates = (PackCandidate("nissan-leaf-24", 0.61), PackCandidate("byd-blade", 0.55))
    verdict = PackVerdict(found, model, 0.96, candidates)
    reasons = ("no damage found",) if judged is HazardClass.A else ("as seen",)
    return Assessment(verdict, damages, judged, reasons, tuple(fasteners))


@pytest.fixture(scope="session")
def assessment() -> Callable[..., Assessment]:
    return _assessment


@pytest.fixture(scope="session")
def fastener() -> Callable[..., Fastener]:
    def make(name: str, kind: str = "bolt", center_mm: tuple[float, float] | None = None) -> Fastener:
        return Fastener(name, FastenerKind(kind), (0.0, 0.0), center_mm, 0.9)

    return make


@pytest.fixture
def recipe_of(tmp_path: Path) -> Callable[..., Recipe]:
    """A recipe from YAML text: serves the MEB pack in classes A and B, checks the voltage, unless told otherwise."""

    def make(operations: str, *, serves: str = "", permissives: str = "", name: str = "vw-meb-82/test") -> Recipe:
        path = tmp_path / "r.yaml"
        path.write_text(
            f"recipe: {name}\n"
            f"serves: {serves or '{packs: [vw-meb-82], hazard: [A, B]}'}\n"
            f"permissives: {permissives or '[{tag: pack_voltage_v, below: 60}]'}\n"
            f"operations:\n{operations}"
        )
        return load_recipe(path)

    return make


@pytest.fixture(scope="session")
def cell_with(cell: Cell) -> Callable[..., Cell]:
    """The demo cell with other recipes, or with changes to its file: ``cell_with(motion={'safe_z_mm': -300})``."""

    def make(*recipes: Recipe, **changes: object) -> Cell:
        spec = cell.spec
        for name, value in changes.items():
            part = getattr(spec, name)
            new = part.model_copy(update=value) if hasattr(part, "model_copy") else value
            spec = spec.model_copy(update={name: new})
        return replace(cell, spec=spec, recipes=recipes or cell.recipes)

    return make
