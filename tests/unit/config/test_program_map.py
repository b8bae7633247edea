"""A program robot in the cell file, and what its map must have."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from delid.config import ProgramMap, load_cell, load_program_map, read_document
from delid.core import ConfigError

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def arm_file(repository: Path) -> Path:
    return repository / "cell_configs/motion/program-robot-1.yaml"


def cell_with(repository: Path, folder: Path, motion: dict[str, Any]) -> Path:
    """The demonstration cell with another motion section."""
    demo = repository / "cell_configs/cells/demo.yaml"
    text = demo.read_text().replace("../", f"{repository}/cell_configs/")
    data = json.loads(json.dumps(dict(read_document(demo).data), default=str))
    assert "driver: grbl" in text
    for name, value in motion.items():
        text = text.replace("  driver: grbl\n", f"  {name}: {value}\n  driver: grbl\n") if name != "driver" else text
    text = text.replace("driver: grbl", f"driver: {motion.get('driver', 'grbl')}")
    assert data["motion"]["driver"] == "grbl"
    path = folder / "cell.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(("driver", "hold", "targets"), [("grbl", True, ("move",)), ("klipper", False, ("move",))])
def test_a_serial_robots_capabilities(
    repository: Path, tmp_path: Path, driver: str, hold: bool, targets: tuple[str, ...]
) -> None:
    cell = load_cell(cell_with(repository, tmp_path, {"driver": driver}))
    said = cell.motion_capabilities
    assert (said.hold, said.targets, said.needs_homing) == (hold, targets, True)
    assert said.axes_mm["x"] == cell.spec.motion.limits.x_mm


def test_a_program_robots_map_is_read_and_recorded(repository: Path, tmp_path: Path, arm_file: Path) -> None:
    cell = load_cell(cell_with(repository, tmp_path, {"driver": "program", "map": arm_file}))
    assert cell.robot_map is not None
    assert cell.motion_capabilities.programs == ("move_to", "retract")
    assert str(arm_file) in cell.texts


@pytest.mark.parametrize("motion", [{"driver": "program"}, {"driver": "grbl", "map": "x.yaml"}])
def test_a_map_belongs_to_a_program_robot_and_to_no_other(
    repository: Path, tmp_path: Path, motion: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match="a program robot needs a map, and only a program robot has one"):
        load_cell(cell_with(repository, tmp_path, motion))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m["status"]["tags"].pop("stop_ack"), "the status block lacks the tag 'stop_ack'"),
        (lambda m: m["control"]["tags"].pop("pause"), "the control block lacks the tag 'pause'"),
        (lambda m: m["command"]["tags"].pop("program"), "the command block lacks the tag 'program'"),
        (lambda m: m["programs"]["retract"]["params"].append("speed"), "takes 'speed'"),
        (lambda m: m.update(move="retract"), "move must name a program that takes x_mm, y_mm, z_mm, feed_mm_s"),
        (lambda m: m["acts"].pop("home"), "acts lacks home"),
        (lambda m: m["acts"].update(home=1), "need different numbers"),
        (lambda m: m["results"].update(stopped=1), "need different numbers"),
    ],
)
def test_a_map_that_lacks_something_is_refused(arm_file: Path, change: Change, words: str) -> None:
    data = json.loads(json.dumps(load_program_map(arm_file).model_dump(exclude_unset=True)))
    ProgramMap.model_validate(copy.deepcopy(data))
    change(data)
    with pytest.raises(ValueError, match=words):
        ProgramMap.model_validate(data)
