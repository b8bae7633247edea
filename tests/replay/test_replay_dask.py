"""Recordings on a Dask cluster: the verdicts of a process pool, and a recording that kills workers is set aside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
POISON = ("poison",) if os.environ.get("DELID_DASK_POISON") else ()
"""A recording that kills its workers, which have to start again four times: ``DELID_DASK_POISON=1`` takes it in."""
WORKERS = "processes" if POISON else "threads"


def test_two_workers_judge_in_order_and_set_bad_recordings_aside(staged, tmp_path):
    """The cluster runs in a process of its own: its threads and sockets do not end with a test.

    With ``DELID_DASK_POISON=1`` workers are processes, and the poisonous recording is among the others: processes take
    long to start, and to start again. Otherwise workers are threads of the cluster's process.
    """
    pytest.importorskip("distributed")
    folder = staged[0]
    for name in ("a", "b", "z", *POISON):
        os.link(folder / "run.mcap", tmp_path / f"{name}.mcap")
    (tmp_path / "empty.mcap").write_bytes(b"")
    paths = [str(HERE), *(path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path)]
    result = subprocess.run(
        [
            sys.executable,
            str(HERE / "dask_run.py"),
            str(folder / "cell_configs/cells/demo.yaml"),
            str(tmp_path),
            WORKERS,
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["order"] == sorted(found["done"]) == ["a", "b", "empty", *POISON, "z"]
    aside = {"empty": "recording.foreign", **dict.fromkeys(POISON, "recording.poisoned")}
    assert found["verdicts"] == {"a": True, "b": True, "z": True, **aside}
