"""Tiny models, their gallery, and a cell that uses them."""

from __future__ import annotations

from pathlib import Path

import pytest
import vision_kit as kit

from delid.config import Cell, CellFile, load_pack, load_register_map, load_yaml_model
from delid.core import ManualClock
from delid.vision import Inspector


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny models; do not change them, copy them."""
    return kit.build_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    return kit.build_gallery(tmp_path_factory.mktemp("gallery"), models)


@pytest.fixture(scope="session")
def cell(models: Path, gallery: Path) -> Cell:
    """The demonstration cell with tiny models and without recipes."""
    path = Path(__file__).resolve().parents[3] / "cell_configs/cells/demo.yaml"
    spec = load_yaml_model(path, CellFile)
    spec = spec.model_copy(
        update={
            "models": spec.models.model_copy(
                update={
                    "pack_damage": models / "pack-damage",
                    "fasteners": models / "fastener-detect",
                    "fastener_kinds": None,
                    "gallery": gallery,
                }
            )
        }
    )
    packs = {pack.pack: pack for pack in (load_pack(path.parent / p) for p in spec.packs)}
    return Cell(path, spec, packs, (), load_register_map(path.parent / spec.plc.map), {})


@pytest.fixture
def inspector(cell: Cell) -> Inspector:
    return Inspector.load(cell, clock=ManualClock())


@pytest.fixture
def bare_inspector(models: Path, gallery: Path) -> Inspector:
    """Without a cell: no camera is calibrated."""
    return Inspector.open(models / "pack-damage", models / "fastener-detect", gallery, clock=ManualClock())
