"""The walk of the README's engineer chapter: exactly its commands, from ten photographs to a recipe that is taken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from delid.config import load_cell, read_releases

CHAPTER = re.compile(r"^## An engineer's afternoon\n(.*?)^## ", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(readme: str) -> list[str]:
    """The shell blocks of the chapter, in order."""
    chapter = CHAPTER.search(readme)
    assert chapter, "the README has lost its engineer chapter"
    return BLOCK.findall(chapter.group(1))


def photographs(scene: Path, folder: Path) -> None:
    """Ten pictures of a pack that nobody knows: from ten places, in ten lights."""
    picture = cv2.imread(str(scene))
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    folder.mkdir()
    for n in range(10):
        rng = np.random.default_rng(n)
        moved = corners + rng.uniform(-45, 45, corners.shape).astype(np.float32)
        seen = cv2.warpPerspective(
            picture, cv2.getPerspectiveTransform(corners, moved), (width, height), borderMode=cv2.BORDER_REPLICATE
        )
        lit = np.clip(seen * rng.uniform(0.85, 1.15) + rng.normal(0, 2, seen.shape), 0, 255)
        cv2.imwrite(str(folder / f"{n + 1:02d}.jpg"), lit.astype(np.uint8))


@pytest.fixture
def site(tmp_path, repository):
    """A checkout of which only the configuration may change, photographs, and a ``delid`` to call."""
    shutil.copytree(repository / "cell_configs", tmp_path / "cell_configs")
    (tmp_path / "models").symlink_to(repository / "models")
    (tmp_path / "fixtures").symlink_to(repository / "fixtures")
    photographs(repository / "fixtures/scenes/stranger/bolts.jpg", tmp_path / "photos")
    delid = tmp_path / "bin/delid"
    delid.parent.mkdir()
    delid.write_text(f'#!/bin/sh\nexec {sys.executable} -m delid "$@"\n')
    delid.chmod(0o755)
    return tmp_path


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_engineers_afternoon_of_the_readme(site, repository):
    before = load_cell(site / "cell_configs/cells/demo.yaml")
    assert "acme-50" not in before.packs
    env = os.environ | {"PATH": f"{site / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(repository / "src")}
    blocks = commands((repository / "README.md").read_text())
    said = []
    for block in blocks:
        began_s = time.monotonic()
        done = subprocess.run(
            ["/bin/bash", "-euc", block], cwd=site, env=env, capture_output=True, text=True, check=False
        )
        print(f"{time.monotonic() - began_s:6.1f} s  {block.splitlines()[0]}")
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        said.append(done.stdout)
    assert len(blocks) >= 5
    cell = load_cell(site / "cell_configs/cells/demo.yaml")
    made = [r for r in cell.recipes if r.spec.recipe.startswith("acme-50/")]
    assert len(made) == 3
    assert all(cell.is_released(r) for r in made)
    assert [r.by for r in read_releases(made[0].document.path)] == ["A. Engineer"]
    assert "state       released" in said[-2]
    assert re.search(r"taken +acme-50/", said[-1]), said[-1]
    page = (site / "acme-50.html").read_text()
    assert all(r.spec.recipe in page for r in made)
