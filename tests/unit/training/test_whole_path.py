"""Render, fit, export and evaluate at toy size: the path holds together, though nothing worth knowing is learnt."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from delid.core import ManualClock
from delid.training import (
    DataPlan,
    evaluate_models,
    export_fit,
    figures_table,
    fit_models,
    jobs,
    load_plan,
    produce,
    samples_of,
)
from delid.vision import DAMAGE_KINDS, Inspector, load_model, read_frame

REPOSITORY = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.train, pytest.mark.slow, pytest.mark.timeout(600)]


def quiet(_: str) -> None:
    """What the steps say is of no interest here."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seventeen small pictures of one named pack and four fictional families."""
    pytest.importorskip("mitsuba", reason="rendering needs delid[train]")
    pytest.importorskip("mitsuba_oidn", reason="rendering needs delid[train]")
    place = tmp_path_factory.mktemp("toy")
    (place / "packs").mkdir()
    shutil.copy(REPOSITORY / "cell_configs/packs/nissan-leaf-24.yaml", place / "packs")
    plan = DataPlan(
        seed=3,
        families=(2, 1, 1),
        per_family=(2, 1, 1),
        per_pack=(2, 1, 1),
        from_cell=(1, 1, 1),
        close_ups=(2, 1, 1),
        size_px=(160, 120),
        samples=2,
        packs=str(place / "packs"),
    )
    assert produce(place / "data", plan, 1, quiet) == len(jobs(plan)) == 17
    assert asdict(load_plan(place / "data/plan.json")) == asdict(plan)
    return place / "data"


@pytest.fixture(scope="module")
def built(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models and gallery made from the pictures."""
    pytest.importorskip("torch", reason="fitting needs delid[train]")
    pytest.importorskip("onnxslim", reason="exporting needs delid[train]")
    pytest.importorskip("efficientnet_lite_pytorch", reason="fitting needs delid[train]")
    place = tmp_path_factory.mktemp("built")
    fit_models(data, place / "fit", quiet, pack_epochs=1, fastener_epochs=1, threads=1, pretrained=False)
    export_fit(place / "fit", data, place / "models", place / "gallery", quiet)
    return place


def test_rendering_again_adds_nothing(data: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in data.iterdir() if path.name != "plan.json"}
    produce(data, load_plan(data / "plan.json"), 1, quiet)
    assert {path.name: path.stat().st_mtime_ns for path in data.iterdir() if path.name != "plan.json"} == before


def test_the_exported_models_load_and_inspect_a_picture(data: Path, built: Path) -> None:
    inspector = Inspector.open(
        built / "models/pack-damage", built / "models/fastener-kind", built / "gallery", clock=ManualClock()
    )
    assert inspector.taught == ("nissan-leaf-24",)
    picture = next(s.path for s in samples_of(data) if s.split == "test" and s.kind == "pack")
    assert inspector.inspect(read_frame(picture)).frame.width == 160


def test_the_manifest_tells_the_data_and_the_recipe(data: Path, built: Path) -> None:
    manifest = load_model(built / "models/pack-damage", "pack_damage").manifest
    assert manifest.trained_on == "rendered"
    assert (manifest.data.images, manifest.data.families, manifest.data.seeds) == (7, 3, (3,))
    assert manifest.data.recipe_sha256 == load_plan(data / "plan.json").sha256()
    assert load_model(built / "models/fastener-kind", "fastener_kind").manifest.data.crops > 20


def test_every_figure_is_there_and_photographs_stand_apart(data: Path, built: Path) -> None:
    photos = REPOSITORY / "fixtures/photos"
    figures = evaluate_models(built / "models", built / "gallery", samples_of(data), photos, "test")
    assert set(figures["rendered"]["damage"]["by_kind"]) == set(DAMAGE_KINDS)
    assert figures["rendered"]["pack"]["known_pictures"] == 2
    assert figures["rendered"]["pack"]["stranger_pictures"] == 1
    assert figures["rendered"]["fasteners"]["crops"] > 5
    assert figures["photographs"]["screws_and_holes"]["screws"] == 30
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert len(figures_table(figures)) > 30
