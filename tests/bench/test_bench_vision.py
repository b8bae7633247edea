"""The vision benchmark runs, and what it times adds up."""

from __future__ import annotations

import sys
from pathlib import Path

import bench_vision
import pytest

from delid.config import load_cell

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit/vision"))
import vision_kit as kit


@pytest.mark.bench
def test_the_benchmark_times_the_whole_inspection(tmp_path: Path, repository: Path) -> None:
    models = kit.build_models(tmp_path / "models")
    cell = load_cell(kit.write_cell(tmp_path, repository, models, kit.build_gallery(tmp_path / "gallery", models)))
    encoded = kit.jpeg(kit.picture(kit.PACK_COLOURS["vw-meb-82"]))
    figures = bench_vision.measure(cell, encoded, rounds=3)
    print(f"\nwith tiny models: inspect {figures.inspect_ms:.1f} ms, bare {figures.bare_ms:.1f} ms")
    assert (figures.pack, figures.fasteners) == ("vw-meb-82", 28)
    assert figures.inspect_ms > figures.stages_ms["decode"] > 0
    assert figures.ratio > 1, "the inspection does all of the bare work and more"
    parts = sum(figures.stages_ms[s] for s in ("decode", "preprocess", "infer", "postprocess"))
    assert figures.stages_ms["total"] == pytest.approx(parts, rel=0.5)
