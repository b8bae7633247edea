"""``delid inspect``: JSON by the contract, words for people, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
import vision_kit as kit
from click.testing import Result
from typer.testing import CliRunner

from delid.cli.inspect import inspect

GREY = kit.PACK_COLOURS["vw-meb-82"]
KEYS = ["source", "frame", "quality", "pack", "damage", "hazard_class", "hazard_reasons", "fasteners", "codes",
        "models", "timing_ms"]  # fmt: skip


def run(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(inspect)
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "known.jpg"
    path.write_bytes(kit.jpeg(kit.picture(GREY)))
    return path


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    path = tmp_path / "stranger.jpg"
    path.write_bytes(kit.jpeg(kit.picture((200, 60, 200))))
    return path


@pytest.fixture
def options(models: Path, gallery: Path) -> list[object]:
    return ["--models", models, "--gallery", gallery]


@pytest.fixture
def cell_file(tmp_path: Path, repository: Path, models: Path, gallery: Path) -> Path:
    return kit.write_cell(tmp_path, repository, models, gallery)


def test_one_json_object_for_each_image_with_the_keys_in_order(
    photo: Path, stranger: Path, options: list[object]
) -> None:
    result = run(photo, stranger, *options, "--json")
    assert result.exit_code == 1, "one pack is unknown"
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert list(first) == list(second) == KEYS
    assert first["source"] == str(photo)
    assert list(first["frame"]) == ["width", "height", "sha256"]
    assert list(first["quality"]) == ["ok", "reasons"]
    assert list(first["pack"]) == ["status", "model", "confidence", "candidates", "outline_px"]
    assert list(first["models"]) == ["pack", "damage", "fasteners"]
    assert list(first["timing_ms"]) == ["decode", "preprocess", "infer", "postprocess", "total"]
    assert first["timing_ms"]["total"] > first["timing_ms"]["decode"] > 0
    assert (first["pack"]["status"], second["pack"]["status"]) == ("known", "unknown")
    assert first["pack"]["outline_px"] == []
    assert {f["center_mm"] for f in first["fasteners"]} <= {None}, "no cell, no places"


def test_with_a_cell_fasteners_have_places_in_the_robots_frame(photo: Path, cell_file: Path) -> None:
    result = run(photo, "--cell", cell_file, "--json")
    assert result.exit_code == 0
    plain = json.loads(result.stdout)
    assert len(plain["fasteners"]) == 28
    assert list(plain["fasteners"][0]) == ["id", "kind", "center_px", "center_mm", "confidence", "uncertainty_mm"]
    assert plain["fasteners"][0]["center_mm"] == pytest.approx([1100 - 833.9, 850 - 703])
    assert len(plain["pack"]["outline_px"]) == 8


def test_words_for_people(photo: Path, cell_file: Path, tmp_path: Path) -> None:
    image = kit.picture(GREY)
    image[0:400, 400:800] = kit.picture((230, 30, 30), (400, 400))
    leaking = tmp_path / "leaking.jpg"
    leaking.write_bytes(kit.jpeg(image))
    result = run(photo, leaking, "--cell", cell_file)
    assert "pack      vw-meb-82 (" in result.stdout
    assert "hazard    A: no damage found" in result.stdout
    assert "28 bolt" in result.stdout
    assert "hazard    C: leaking liquid" in result.stdout
    assert "damage    leak (" in result.stdout


def test_an_unknown_pack_is_shown_with_its_nearest(stranger: Path, options: list[object]) -> None:
    result = run(stranger, *options)
    assert result.exit_code == 1
    assert "unknown; nearest: " in result.stdout


def test_an_unusable_frame_is_a_no(tmp_path: Path, options: list[object]) -> None:
    path = tmp_path / "dark.jpg"
    path.write_bytes(kit.jpeg(kit.picture((0, 0, 0)) // 20))
    assert json.loads(run(path, *options, "--json").stdout)["quality"]["ok"] is False
    result = run(path, *options)
    assert result.exit_code == 1
    assert "dark: " in result.stdout


def test_used_wrongly(photo: Path, cell_file: Path, models: Path, tmp_path: Path) -> None:
    assert run().exit_code == 2
    both = run(photo, "--cell", cell_file, "--models", models)
    assert both.exit_code == 2
    assert "either --cell or" in both.stderr
    no_cell = run(photo, "--cell", tmp_path / "none.yaml", "--json")
    assert no_cell.exit_code == 2
    assert json.loads(no_cell.stdout)["error"]["code"] == "config.missing"


def test_the_projects_own_models_are_the_default(
    photo: Path, tmp_path: Path, models: Path, gallery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cell_configs").mkdir()
    (tmp_path / "models").symlink_to(models)
    (tmp_path / "cell_configs/gallery").symlink_to(gallery)
    monkeypatch.chdir(tmp_path)
    assert run(photo).exit_code == 0
    monkeypatch.chdir(tmp_path.parent)
    result = run(photo)
    assert result.exit_code == 3
    assert "model.missing" in result.stderr


@pytest.fixture
def left(tmp_path: Path) -> Path:
    path = tmp_path / "left.jpg"
    path.write_bytes(kit.jpeg(kit.picture((210, 210, 210))))
    return path


def test_another_look_of_one_image_is_judged_with_it(photo: Path, left: Path, tmp_path: Path) -> None:
    models = kit.build_models(tmp_path / "raked", ("rake_left",))
    gallery = kit.build_gallery(tmp_path / "raked-gallery", models)
    given = ["--models", models, "--gallery", gallery, "--look", f"rake_left={left}"]
    plain = json.loads(run(photo, *given, "--json").stdout)
    assert plain["looks"] == ["ambient", "rake_left"]
    words = run(photo, *given).stdout
    assert "ambient, rake_left" in words
    same = run(photo, *given[:-1], f"rake_left={photo}").stdout
    assert "its lamp changes nothing" in same


@pytest.mark.parametrize(
    ("looks", "code"),
    [
        (["rake_left"], 2),
        (["ambient=x.jpg"], 2),
        (["=x.jpg"], 2),
        (["a=none.jpg"], 2),
        (["a=known.jpg", "a=known.jpg"], 2),
    ],
)
def test_looks_that_are_given_wrongly_are_refused(
    photo: Path, options: list[object], looks: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photo.parent)
    given = [part for look in looks for part in ("--look", look)]
    assert run(photo, *options, *given).exit_code == code


def test_looks_belong_to_one_image(photo: Path, stranger: Path, left: Path, options: list[object]) -> None:
    result = run(photo, stranger, *options, "--look", f"rake_left={left}")
    assert result.exit_code == 2
    assert "one image" in result.stderr
