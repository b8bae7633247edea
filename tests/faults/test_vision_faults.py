"""Wrong input to vision: each has a clear error, and what was good is not lost."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from delid.cli.inspect import inspect
from delid.core import HazardClass, ManualClock, PackStatus
from delid.vision import Inspector, fuse, read_frame

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit/vision"))
import vision_kit as kit


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tiny models and a gallery; tests copy before they spoil."""
    folder = tmp_path_factory.mktemp("vision")
    kit.build_gallery(folder / "gallery", kit.build_models(folder / "models"))
    return folder


@pytest.fixture
def spoilt(bench: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bench, tmp_path / "spoilt"))


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.jpg"
    path.write_bytes(kit.jpeg(kit.picture(kit.PACK_COLOURS["vw-meb-82"])))
    return path


def run(folder: Path, *images: Path) -> Result:
    app = typer.Typer()
    app.command()(inspect)
    options = ["--models", folder / "models", "--gallery", folder / "gallery", "--json"]
    return CliRunner().invoke(app, [str(a) for a in (*images, *options)])


def test_a_jpeg_that_is_none_does_not_lose_the_images_beside_it(bench: Path, good: Path, tmp_path: Path) -> None:
    text, cut, empty = tmp_path / "text.jpg", tmp_path / "cut.jpg", tmp_path / "empty.jpg"
    text.write_text("not an image")
    cut.write_bytes(good.read_bytes()[:5000])
    empty.touch()
    result = run(bench, text, good, cut, empty, good)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["source"] for line in lines] == [str(p) for p in (text, good, cut, empty, good)]
    codes = [line["error"]["code"] if "error" in line else line["pack"]["status"] for line in lines]
    assert codes == ["frame.not_an_image", "known", "frame.truncated", "frame.empty", "known"]
    assert all(line["error"]["hint"] for line in lines if "error" in line)
    assert result.exit_code == 1


def test_an_image_that_is_not_there_is_wrong_use_and_the_rest_is_judged(
    bench: Path, good: Path, tmp_path: Path
) -> None:
    result = run(bench, tmp_path / "none.jpg", good)
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert first["error"]["code"] == "frame.missing"
    assert second["pack"]["model"] == "vw-meb-82"
    assert result.exit_code == 2


@pytest.mark.parametrize("model", ["pack-damage", "fastener-detect"])
def test_a_tampered_model_judges_nothing(spoilt: Path, good: Path, model: str) -> None:
    path = spoilt / "models" / model / "model.onnx"
    path.write_bytes(path.read_bytes() + b"\0")
    result = run(spoilt, good)
    assert result.exit_code == 3
    (line,) = (json.loads(line) for line in result.stdout.splitlines())
    assert line["error"]["code"] == "model.tampered"
    assert str(path) in line["error"]["message"]


@pytest.mark.parametrize("gone", ["models/pack-damage/model.onnx", "models/fastener-detect/manifest.yaml"])
def test_a_missing_model_judges_nothing(spoilt: Path, good: Path, gone: str) -> None:
    (spoilt / gone).unlink()
    result = run(spoilt, good)
    assert result.exit_code == 3
    assert json.loads(result.stdout)["error"]["code"] == "model.missing"


def test_a_gallery_of_another_model_judges_nothing(spoilt: Path, good: Path) -> None:
    path = spoilt / "gallery/byd-blade.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model_sha256": "1" * 64}))
    result = run(spoilt, good)
    assert result.exit_code == 3
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "model.gallery_foreign"
    assert "byd-blade" in error["hint"]


def test_a_camera_that_stands_still_cannot_be_diagnosed_but_the_good_frame_counts(bench: Path, good: Path) -> None:
    inspector = Inspector.open(
        bench / "models/pack-damage", bench / "models/fastener-detect", bench / "gallery", clock=ManualClock()
    )
    encoded = good.read_bytes()
    looks = [inspector.inspect(read_frame(encoded, source=f"overview#{n}", seq=n)) for n in (1, 2, 3)]
    assert [i.quality.ok for i in looks] == [True, False, False]
    assert fuse(looks[1:]).hazard_class is HazardClass.C
    together = fuse(looks)
    assert (together.pack.status, together.pack.model, together.agreeing) == (PackStatus.KNOWN, "vw-meb-82", 1)
