"""A calibration in a file of its own: read with the cell, checked against the camera, and old some day."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from delid.cli.config import config_app
from delid.config import Calibration, load_calibration, load_cell, read_document
from delid.core import ConfigError
from delid.journal import header_of

ROBOT_FROM_CAMERA = [[1, 0, 0, 1100], [0, -1, 0, 800], [0, 0, -1, 1750], [0, 0, 0, 1]]
MATRIX = [[1600, 0, 799.5], [0, 1600, 599.5], [0, 0, 1]]
DAY_S = 86400.0


def content(**changes: Any) -> dict[str, Any]:
    lens = {"matrix": MATRIX, "distortion": [0.1], "rms_px": 0.2, "coverage": 0.9, "board": {}, "images": []}
    standing = {"robot_from_camera": ROBOT_FROM_CAMERA, "method": "plane", "points": 12, "rms_px": 0.5,
                "uncertainty_mm": 0.8, "evidence_sha256": []}  # fmt: skip
    file = {"calibration": "overview", "version": 1, "made": "2027-03-01T08:00:00Z", "by": "A. Engineer",
            "delid": "0.1.0", "size_px": [1600, 1200], "lens": lens, "standing": standing}  # fmt: skip
    return {key: value for key, value in (file | changes).items() if value is not None}


@pytest.fixture
def cell_file(tmp_path: Path, repository: Path) -> Path:
    """The demonstration cell, with the overview's calibration in a file beside it."""
    demo = repository / "cell_configs/cells/demo.yaml"
    data = read_document(demo).data
    shutil.copytree(repository / "cell_configs", tmp_path, dirs_exist_ok=True)
    data["packs"] = data["packs"][:1]
    data["recipes"] = [path for path in data["recipes"] if "common" in path or "vw-meb" in path]
    data["cameras"][0]["calibration"] = {"file": "overview.yaml", "max_age_days": 90}
    return write(tmp_path / "cells/cell.yaml", data)


def write(path: Path, data: dict[str, Any]) -> Path:
    with path.open("w", encoding="utf-8") as out:
        YAML(typ="safe").dump(data, out)
    return path


def test_the_cell_has_the_figures_of_the_file(cell_file: Path) -> None:
    path = write(cell_file.parent / "overview.yaml", content())
    cell = load_cell(cell_file)
    found = cell.spec.cameras[0].calibration
    assert found.robot_from_camera == tuple(tuple(float(x) for x in row) for row in ROBOT_FROM_CAMERA)
    assert (found.distortion, found.uncertainty_mm) == ([0.1], 0.8)
    assert cell.calibrations["overview"].by == "A. Engineer"
    assert str(path) in cell.texts, "recorded, and part of the cell's digest"


def test_an_old_calibration_is_said(cell_file: Path) -> None:
    write(cell_file.parent / "overview.yaml", content())
    cell = load_cell(cell_file)
    made_s = datetime(2027, 3, 1, 8, tzinfo=UTC).timestamp()
    assert cell.old_calibrations(made_s + 89 * DAY_S) == []
    (line,) = cell.old_calibrations(made_s + 91 * DAY_S)
    assert "camera overview is 91 days old, 90 are allowed" in line


def test_config_check_warns_of_it_and_finds_no_fault(cell_file: Path) -> None:
    write(cell_file.parent / "overview.yaml", content(made="2020-01-01T00:00:00Z"))
    result = CliRunner().invoke(config_app, ["check", str(cell_file)])
    assert result.exit_code == 0, result.output
    assert "warning:" in result.stderr
    assert "camera overview" in result.stderr
    assert "warning" not in result.stdout


def test_a_recording_holds_the_file_and_the_cell_loads_from_there(cell_file: Path, tmp_path: Path) -> None:
    write(cell_file.parent / "overview.yaml", content())
    cell = load_cell(cell_file)
    header = header_of(cell, "run", "0", {})
    for name, text in header.texts.items():
        target = tmp_path / "again" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    again = load_cell(tmp_path / "again" / header.cell_file)
    assert again.spec.cameras == cell.spec.cameras


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size_px": [1920, 1080]}, "made for pictures of (1920, 1080), this camera has (1600, 1200)"),
        ({"standing": None}, "only the lens is calibrated"),
        (
            {"standing": content()["standing"] | {"robot_from_camera": None, "tool_from_camera": ROBOT_FROM_CAMERA}},
            "tool_from_camera belongs to a camera with mount: tool",
        ),
    ],
)
def test_a_file_that_does_not_fit_the_camera_is_a_finding(cell_file: Path, changes: dict[str, Any], words: str) -> None:
    write(cell_file.parent / "overview.yaml", content(**changes))
    with pytest.raises(ConfigError) as caught:
        load_cell(cell_file)
    assert any("cell.yaml" in finding and words in finding for finding in caught.value.findings)


def test_a_file_that_is_not_there_is_a_finding(cell_file: Path) -> None:
    with pytest.raises(ConfigError, match=r"cameras\.0\.calibration\.file: no such file"):
        load_cell(cell_file)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"made": "2027-03-01T08:00:00"}, "time zone"),
        ({"version": 2}, "version"),
        ({"standing": content()["standing"] | {"tool_from_camera": ROBOT_FROM_CAMERA}}, "give either"),
        ({"lens": content()["lens"] | {"images": [{"file": "a.png", "sha256": "12", "rms_px": 0.1}]}}, "sha256"),
    ],
)
def test_faults_of_the_file_name_file_and_key(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    path = write(tmp_path / "overview.yaml", content(**changes))
    with pytest.raises(ConfigError, match=r"overview\.yaml:") as caught:
        load_calibration(path)
    assert words in str(caught.value)


def test_either_fixed_or_at_the_tool() -> None:
    with pytest.raises(ValueError, match="give either"):
        Calibration(matrix=MATRIX)  # type: ignore[arg-type]
