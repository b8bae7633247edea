"""Light programs and the camera at the tool in the cell file."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from delid.config import Cell, load_cell, read_document
from delid.core import ConfigError
from looks_kit import LOOKS, TOOL_CAMERA

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def load(tmp_path: Path, repository: Path) -> Callable[[Change], Cell]:
    """The demonstration cell with a change."""

    def load(change: Change) -> Cell:
        demo = repository / "cell_configs/cells/demo.yaml"
        data = copy.deepcopy(dict(read_document(demo).data))
        for key in ("packs", "recipes"):
            data[key] = [str((demo.parent / path).resolve()) for path in data[key][:1]]
        data["health"] = str((demo.parent / data["health"]).resolve())
        data["plc"]["map"] = str((demo.parent / data["plc"]["map"]).resolve())
        data["cameras"] = [data["cameras"][0], copy.deepcopy(TOOL_CAMERA)]
        data["cameras"][0]["looks"] = copy.deepcopy(LOOKS)
        change(data)
        path = tmp_path / "cell.yaml"
        path.write_text(json.dumps(data, indent=1))
        return load_cell(path)

    return load


def test_a_cell_with_lamps_and_a_tool_camera_loads(load) -> None:
    spec = load(lambda data: None).spec
    assert [(look.name, look.mask) for look in spec.overview.looks] == [
        ("ambient", 0), ("rake_left", 1), ("rake_right", 2),
    ]  # fmt: skip
    assert spec.tool_camera is not None
    assert spec.tool_camera.id == "close"
    placed = spec.tool_camera.calibration.at((100.0, 200.0, -50.0))
    assert placed.robot_from_camera is not None
    assert [row[3] for row in placed.robot_from_camera] == [160.0, 200.0, -80.0, 1.0]
    assert spec.tools["socket_10"].capture_mm == 2.0
    assert spec.tools["vacuum"].capture_mm is None


def test_a_capture_range_of_its_own_counts(load) -> None:
    spec = load(lambda data: data["tools"]["socket_10"].update(capture_range_mm=3.5)).spec
    assert (spec.tools["socket_10"].capture_mm, spec.tools["impact_10"].capture_mm) == (3.5, 2.0)


def looks(*some: dict[str, Any]) -> Change:
    return lambda data: data["cameras"][0].update(looks=list(some))


def camera(number: int, **values: Any) -> Change:
    def change(data: dict[str, Any]) -> None:
        for key, value in values.items():
            data["cameras"][number].pop(key, None) if value is None else data["cameras"][number].update({key: value})

    return change


AMBIENT = {"name": "ambient"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (looks({"name": "rake_left", "lamp": 1}), "needs the look 'ambient'"),
        (looks(AMBIENT, {"name": "rake_left"}), "every other look has one"),
        (looks({"name": "ambient", "lamp": 1}), "has no lamp"),
        (looks(AMBIENT, {"name": "a", "lamp": 1}, {"name": "b", "lamp": 1}), "the lamp 1 stands more than once"),
        (looks(AMBIENT, {"name": "a", "lamp": 1}, {"name": "a", "lamp": 2}), "the look a stands more than once"),
        (looks(AMBIENT, {"name": "a", "lamp": 17}), "less than or equal to 16"),
        (looks(AMBIENT, {"name": "a", "lamp": 1, "settle": 3}), "unknown key"),
        (camera(1, fine_look=None), "fine_look belongs to a camera with mount: tool"),
        (camera(0, fine_look={"standoff_mm": 200}), "fine_look belongs to a camera with mount: tool"),
        (camera(1, mount="fixed"), "belongs to a camera with mount: tool"),
        (camera(1, looks=LOOKS), "a light program belongs to a fixed camera"),
        (camera(1, id="overview"), "two cameras have the same id"),
        (lambda data: data["cameras"].reverse(), "it must be fixed"),
        (lambda data: data["cameras"].append(TOOL_CAMERA | {"id": "second"}), "one camera at the tool only"),
        (lambda data: data["cameras"][1]["calibration"].pop("tool_from_camera"), "give either robot_from_camera"),
    ],
)
def test_what_cannot_be_is_refused(load, change: Change, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(change)
    assert words in "\n".join(caught.value.findings)


def test_lamps_need_a_plc_that_switches_them(load, tmp_path: Path) -> None:
    def poorer(data: dict[str, Any]) -> None:
        lines = Path(data["plc"]["map"]).read_text().splitlines()
        (tmp_path / "map.yaml").write_text("\n".join(line for line in lines if "set_light" not in line))
        data["plc"]["map"] = "map.yaml"

    with pytest.raises(ConfigError) as caught:
        load(poorer)
    assert "cameras.0.looks: the register map 'delid-1' has no command 'set_light'" in caught.value.findings[0]
