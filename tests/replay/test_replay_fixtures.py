"""The recordings that ship with the project, against their references and against what the drivers sent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from changes_kit import OnePerPicture

from delid.config import load_cell
from delid.journal import read_recording
from delid.replay import judge_file, recorded_cell, recorded_wire_differences, replay
from delid.vision import Inspector

REPOSITORY = Path(__file__).resolve().parents[2]
RECORDINGS = sorted((REPOSITORY / "fixtures/recordings").glob("*.mcap"))
REFERENCE = REPOSITORY / "fixtures/reference"
ALL = 10**6
JUDGED_TWICE = {"stranger": ALL, "vw-meb-82-clean": 1}
"""So many pictures of these are judged twice by the models and compared; all of all with ``DELID_JUDGE_TWICE=1``."""


@pytest.fixture(scope="module")
def bench():
    """Cell, and eyes that remember: a picture is not judged once more for the bytes."""
    cell = load_cell(REPOSITORY / "cell_configs/cells/demo.yaml")
    return cell, OnePerPicture(Inspector.load(cell, threads=1))


def test_recordings_and_references_belong_together():
    assert [path.stem for path in RECORDINGS] == sorted(path.stem for path in REFERENCE.glob("*.json"))


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_equals_its_reference(bench, path):
    cell, inspector = bench
    inspector.anew = ALL if os.environ.get("DELID_JUDGE_TWICE") == "1" else JUDGED_TWICE.get(path.stem, 0)
    verdict = judge_file(path, REFERENCE, cell, inspector)
    assert verdict.equal, "\n".join(str(found) for found in verdict.differences[:20])


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_the_replayed_bytes_are_those_that_the_drivers_sent(bench, path):
    cell, inspector = bench
    inspector.anew = 0
    recording = read_recording(path)
    outcome = replay(recording, recorded_cell(recording, cell), inspector)
    assert [str(found) for found in recorded_wire_differences(recording, outcome)] == []
    assert any(sent.data for sent in outcome.wires)
    assert list(outcome.records) == list(recording.records)
