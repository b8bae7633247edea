"""Recordings on a Dask cluster: the verdicts of a process pool, and a recording that kills workers is set aside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def test_two_workers_judge_in_order_and_outlive_a_poisonous_recording(staged, tmp_path):
    """The cluster runs in a process of its own: its threads and sockets do not end with a test."""
    pytest.importorskip("distributed")
    folder = staged[0]
    for name in ("a", "b", "poison", "y", "z"):
        os.link(folder / "run.mcap", tmp_path / f"{name}.mcap")
    (tmp_path / "empty.mcap").write_bytes(b"")
    paths = [str(HERE), *(path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path)]
    result = subprocess.run(
        [sys.executable, str(HERE / "dask_run.py"), str(folder / "cell_configs/cells/demo.yaml"), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["order"] == found["done"] == ["a", "b", "empty", "poison", "y", "z"]
    assert found["verdicts"] == {
        "a": True, "b": True, "empty": "recording.foreign", "poison": "recording.poisoned", "y": True, "z": True,
    }  # fmt: skip
