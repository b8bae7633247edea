"""Render, fit, export and evaluate at toy size: the path holds together, though nothing worth knowing is learnt."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from delid.core import Frame, ManualClock
from delid.training import (
    CloseUpPlan,
    DataPlan,
    evaluate_models,
    export_fit,
    export_kind_model,
    figures_table,
    fit_kind_model,
    fit_models,
    jobs,
    load_plan,
    produce,
    produce_close_ups,
    samples_of,
    write_html,
)
from delid.training._models import _command
from delid.vision import DAMAGE_KINDS, Inspector, load_model

REPOSITORY = Path(__file__).resolve().parents[3]
LAMPS = ("rake_left", "rake_right")
pytestmark = [pytest.mark.train, pytest.mark.slow, pytest.mark.timeout(600)]


def quiet(_: str) -> None:
    """What the steps say is of no interest here."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nineteen small scenes of one named pack and four fictional families."""
    pytest.importorskip("mitsuba", reason="rendering needs delid[train]")
    pytest.importorskip("mitsuba_oidn", reason="rendering needs delid[train]")
    place = tmp_path_factory.mktemp("toy")
    (place / "packs").mkdir()
    shutil.copy(REPOSITORY / "cell_configs/packs/nissan-leaf-24.yaml", place / "packs")
    plan = DataPlan(
        seed=3,
        families=(2, 1, 1, 0),
        per_family=(2, 1, 1, 0),
        per_pack=(0, 1, 1, 3),
        from_cell=(0, 1, 1, 3),
        opened=(1, 1, 1, 0),
        size_px=(160, 120),
        samples=2,
        packs=str(place / "packs"),
    )
    assert produce(place / "data", plan, 1, quiet) == len(jobs(plan)) == 19
    assert asdict(load_plan(place / "data/plan.json")) == asdict(plan)
    return place / "data"


@pytest.fixture(scope="module")
def close_ups(data: Path) -> Path:
    """Four small boards of fasteners."""
    plan = CloseUpPlan(seed=3, boards=(2, 1, 1), lids=(0, 0, 0), size_px=(160, 128), samples=2)
    produce_close_ups(data.parent / "close-ups", plan, quiet)
    return data.parent / "close-ups"


@pytest.fixture(scope="module")
def built(data: Path, close_ups: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models and gallery made from the pictures."""
    pytest.importorskip("torch", reason="fitting needs delid[train]")
    pytest.importorskip("onnxslim", reason="exporting needs delid[train]")
    pytest.importorskip("efficientnet_lite_pytorch", reason="fitting needs delid[train]")
    place = tmp_path_factory.mktemp("built")
    for folder, only in ((data, "pack"), (close_ups, "fastener")):
        fit_models(
            folder, place / "fit", quiet, only=only, pack_epochs=1, fastener_steps=2, threads=1, pretrained=False
        )
        export_fit(place / "fit", folder, place / "models", place / "gallery", quiet, ManualClock(), only=only)
    fit_kind_model([close_ups], place / "fit", quiet, steps=2, threads=1, pretrained=False)
    export_kind_model(place / "fit", [close_ups], place / "models", quiet)
    return place


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of nothing in particular."""
    place = tmp_path_factory.mktemp("sound")
    cv2.imwrite(str(place / "floor.jpg"), np.random.default_rng(1).integers(0, 255, (90, 120, 3), np.uint8))
    return place


def test_a_fit_goes_on_from_another_one_and_takes_photographs_in(
    data: Path, built: Path, photographs: Path, tmp_path: Path
) -> None:
    fit_models(
        data, tmp_path, quiet, only="pack", pack_epochs=1, threads=1, begin=built / "fit", sound=(photographs,),
        rate=1e-4,
    )  # fmt: skip
    note = json.loads((tmp_path / "pack-damage.json").read_text())
    earlier = {"seed": 7, "epochs": 1, "rate": 0.0015, "photographs": 0}
    assert (note["photographs"], note["begin"]) == (1, earlier)
    assert "--begin" in _command("pack-damage.pt", note)
    assert "--sound" in _command("pack-damage.pt", note)


def test_rendering_again_adds_nothing(data: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in data.iterdir() if path.name != "plan.json"}
    produce(data, load_plan(data / "plan.json"), 1, quiet)
    assert {path.name: path.stat().st_mtime_ns for path in data.iterdir() if path.name != "plan.json"} == before


def test_each_raking_lamp_lights_the_side_where_it_stands(data: Path) -> None:
    """A lid is brighter near the lamp, seen from a camera whose left is the lamp's."""
    sides = []
    for sample in samples_of(data):
        if sample.kind == "cell":
            lights = sample.lights()
            left, right = lights[30:90, :80, 3:5].mean(axis=(0, 1)), lights[30:90, 80:, 3:5].mean(axis=(0, 1))
            sides.append(left / (right + 1e-6))
    ratio = np.mean(sides, axis=0)
    assert ratio[0] > ratio[1]


def test_the_exported_models_load_and_inspect_a_light_program(data: Path, built: Path) -> None:
    inspector = Inspector.open(
        built / "models/pack-damage", built / "models/fastener-detect", built / "gallery", clock=ManualClock()
    )
    assert inspector.taught == ("nissan-leaf-24",)
    sample = next(s for s in samples_of(data) if s.split == "test" and s.kind == "pack")
    frames = {
        name: Frame(image=pixels, source=f"{name}.png", sha256="0" * 64, look=name)
        for name, pixels in sample.frames(LAMPS).items()
    }
    ambient = frames.pop("ambient")
    found = inspector.inspect(ambient, looks=frames)
    assert (found.frame.width, found.looks) == (160, ("ambient", *LAMPS))
    assert inspector.inspect(ambient).looks == ("ambient",)


def test_the_manifest_tells_the_data_and_the_recipe(data: Path, close_ups: Path, built: Path) -> None:
    manifest = load_model(built / "models/pack-damage", "pack_damage").manifest
    assert manifest.trained_on == "rendered"
    assert (manifest.data.images, manifest.data.families, manifest.data.seeds) == (5, 2, (3,))
    assert manifest.data.recipe_sha256 == load_plan(data / "plan.json").sha256()
    assert manifest.input.planes == ("rgb", *LAMPS, "rake_ratio")
    assert manifest.thresholds.damage_single is not None
    assert all(limit.region is not None for limit in manifest.thresholds.damage_single.values())
    shown = [len(s.truth["fasteners"]) for s in samples_of(close_ups) if s.split == "train"]
    detector = load_model(built / "models/fastener-detect", "fastener_detect").manifest
    assert (detector.data.images, detector.data.crops) == (2, sum(shown))


def test_every_figure_is_there_and_photographs_stand_apart(
    data: Path, close_ups: Path, built: Path, tmp_path: Path
) -> None:
    photos = REPOSITORY / "fixtures/photos"
    samples = [*samples_of(data), *samples_of(close_ups)]
    figures = evaluate_models(built / "models", built / "gallery", samples, photos, "test")
    rendered = figures["rendered"]
    for way in ("full", "ambient"):
        assert set(rendered[f"damage_{way}"]["by_kind"]) == set(DAMAGE_KINDS)
        assert rendered[f"damage_{way}"]["pictures"] == 4
        assert rendered[f"damage_{way}_opened"]["pictures"] == 1
        assert rendered["pack"][way]["all"]["pictures"] == 2
        assert rendered["pack"][way]["strangers"] == 1
    assert rendered["fasteners"]["fasteners"] == rendered["detector_alone"]["fasteners"] > 0
    assert figures["photographs"]
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert len(figures_table(figures)) > 30
    write_html(figures, built / "models", tmp_path / "report.html")
    assert "damage full" in (tmp_path / "report.html").read_text(encoding="utf-8")
