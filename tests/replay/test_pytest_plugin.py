"""The pytest plugin for users: a test for each recording, a short summary, references updated on purpose only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from delid import pytest_plugin as plugin
from delid.replay import Prepared

RECIPE = Path("cell_configs/recipes/nissan-leaf-24-standard.yaml")
NOT_NEEDED = ("schemathesis", "hypothesispytest", "xdist", "xdist.looponfail", "anyio", "asyncio", "timeout")
"""Plugins of this project's own tests, which take seconds to load."""
TEST = "def test_the_cell_decides_as_before(delid_recording):\n    delid_recording.check()\n"
SETTINGS = """\
[pytest]
delid_recordings = run.mcap
delid_reference = reference
delid_cell = cell_configs/cells/demo.yaml
"""


def test_a_changed_recipe_fails_with_a_summary(site):
    """In a process of its own; the entry of the installed package and ``-p`` are the same plugin."""
    (site / "pytest.ini").write_text(SETTINGS)
    (site / "test_cell.py").write_text(TEST)
    (site / RECIPE).write_text((site / RECIPE).read_text().replace("stripped: [ask]", "stripped: [retry, ask]"))
    plugins = ["delid.pytest_plugin", "no:cacheprovider", *(f"no:{name}" for name in NOT_NEEDED)]
    command = [sys.executable, "-m", "pytest", "-q", *(word for name in plugins for word in ("-p", name))]
    environment = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED test_cell.py::test_the_cell_decides_as_before[run]" in done.stdout
    assert "decision: bolt 5: stripped -> retry; before: ask" in done.stdout
    assert "cause: recipe/nissan-leaf-24/standard:operations.lid_bolts.on_failure.stripped" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_reference_is_written_for_a_reason_and_is_then_met(staged, tmp_path):
    folder, stage = staged
    setup = Prepared(stage.cell, stage.inspector)
    for reason in ("the first one", None):
        plugin.RecordingCase(folder / "run.mcap", tmp_path, setup, reason).check()
    assert '"reason": "the first one"' in (tmp_path / "run.json").read_text()
    (tmp_path / "run.json").write_text((tmp_path / "run.json").read_text().replace("seized -> retry", "seized -> ask"))
    with pytest.raises(pytest.fail.Exception, match="bolt 3: seized -> retry; before: ask"):
        plugin.RecordingCase(folder / "run.mcap", tmp_path, setup, None).check()


def options(update: bool, reason: str) -> SimpleNamespace:
    given = {"--delid-update-refs": update, "--delid-reason": reason}
    return SimpleNamespace(getoption=given.__getitem__, addinivalue_line=lambda *_: None)


@pytest.mark.parametrize(
    ("ci", "update", "reason", "says"),
    [
        ("true", True, "whatever", "never changed in CI"),
        ("", True, " ", "belong together"),
        ("", False, "whatever", "belong together"),
    ],
)
def test_references_are_changed_on_purpose_only_and_never_in_ci(monkeypatch, ci, update, reason, says):
    monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.UsageError, match=says):
        plugin.pytest_configure(options(update, reason))  # type: ignore[arg-type]


def test_replaying_in_ci_is_what_it_is_for(monkeypatch):
    monkeypatch.setenv("CI", "true")
    plugin.pytest_configure(options(False, ""))  # type: ignore[arg-type]


def test_a_pattern_that_matches_nothing_is_an_error(tmp_path):
    (tmp_path / "run.mcap").touch()
    assert plugin._matching(tmp_path, "*.mcap") == plugin._matching(tmp_path, f"{tmp_path}/r*.mcap")
    with pytest.raises(pytest.UsageError, match=r"no recording matches runs\.mcap"):
        plugin._matching(tmp_path, "runs.mcap")
