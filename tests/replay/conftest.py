"""One staged run, recorded once; tests change copies of its cell, models or recording."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import replay_kit as kit

from delid.replay import update_file


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, kit.Stage]:
    """Folder with cell files, models, ``run.mcap`` and its reference; and what happened. Do not change it, copy it."""
    folder = tmp_path_factory.mktemp("site")
    cell = kit.build_site(folder)
    script = kit.Script(failures={"lid.03": ["seized"], "lid.05": ["stripped"]}, rust=True)
    stage = kit.record_run(cell, folder / "run.mcap", script)
    update_file(folder / "run.mcap", folder / "reference", stage.cell, stage.inspector, "the first one")
    return folder, stage


@pytest.fixture
def site(staged: tuple[Path, kit.Stage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the staged folder, made the working folder."""
    folder = tmp_path / "site"
    shutil.copytree(staged[0], folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("CI", raising=False)
    return folder
