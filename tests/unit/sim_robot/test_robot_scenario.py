"""Scenario files are strict, and their times are counted from moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from delid.config import load_yaml_model
from delid.core import ConfigError
from delid.sim.robot import RaisedAlarm, RobotScenario, Vanish


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_scenario_is_read(tmp_path: Path):
    path = write(
        tmp_path / "s.yaml",
        """faults:
  - {kind: vanish, at_move: 3, delay_s: 0.2, back_after_s: 1}
  - {kind: missing_ok, at_move: 2}
  - {kind: garbage, at_s: 4}
  - {kind: alarm, at_move: 5, code: 2}
  - {kind: reboot, at_s: 9}
  - {kind: hold_never_ends}
""",
    )
    faults = load_yaml_model(path, RobotScenario).faults
    assert [fault.kind for fault in faults] == ["vanish", "missing_ok", "garbage", "alarm", "reboot", "hold_never_ends"]
    assert faults[0] == Vanish(kind="vanish", at_move=3, delay_s=0.2, back_after_s=1.0)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("{kind: alarm, at_move: 1, cod: 2}", "unknown key"),
        ("{kind: alarm}", "give either at_move or at_s"),
        ("{kind: reboot, at_move: 1, at_s: 2}", "give either at_move or at_s"),
        ("{kind: missing_ok, at_move: 0}", "greater than or equal to 1"),
        ("{kind: explode}", "does not match any of the expected tags"),
    ],
)
def test_a_wrong_scenario_names_its_line(tmp_path: Path, fault: str, words: str):
    path = write(tmp_path / "s.yaml", f"faults:\n  - {fault}\n")
    with pytest.raises(ConfigError) as caught:
        load_yaml_model(path, RobotScenario)
    assert f"{path}:2: " in str(caught.value)
    assert words in str(caught.value)


def test_a_fault_is_due_after_its_move():
    fault = RaisedAlarm(kind="alarm", at_move=2, delay_s=0.5)
    assert fault.due_s([1.0]) is None
    assert fault.due_s([1.0, 4.0]) == 4.5
    assert RaisedAlarm(kind="alarm", at_s=7.0).due_s([]) == 7.0
