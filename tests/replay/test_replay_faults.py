"""What is no verdict: cut recordings, lost facts and frames, unreadable references, wrong use."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import replay_kit as kit
from staged_kit import change, run
from typer.testing import CliRunner

import delid.replay._run as run_module
from delid.cli._main import app
from delid.core import Record, to_plain
from delid.journal import read_recording, repair_recording
from delid.replay import replay


def test_a_cut_recording_is_a_fault_and_its_repair_replays_to_the_same_beginning(staged, site):
    whole = Path("run.mcap").read_bytes()
    Path("run.mcap").write_bytes(whole[: len(whole) * 2 // 3])
    result = run()
    assert result.exit_code == 3
    assert "delid recording repair" in result.output
    repair_recording("run.mcap", "mended.mcap")
    _, stage = staged
    recording = read_recording("mended.mcap")
    outcome = replay(recording, stage.cell, stage.inspector)
    assert 5 < len(outcome.records) < len(stage.records)
    assert [to_plain(r) for r in outcome.records] == [to_plain(r) for r in stage.records[: len(outcome.records)]]
    assert CliRunner().invoke(app, ["recording", "info", "run.mcap"]).exit_code == 1


def test_a_recording_whose_facts_were_lost_is_a_fault(site):
    cell = Path("cell_configs/cells/demo.yaml")

    def lossy(*arguments, **options):
        return real(*arguments, **{**options, "max_facts": 5, "autostart": False})

    real = kit.RecordingWriter
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kit, "RecordingWriter", lossy)
        with pytest.raises(AssertionError, match="lost_facts"):
            kit.record_run(cell, site / "lossy.mcap")
    shutil.copy("reference/run.json", "reference/lossy.json")
    result = run(file="lossy.mcap")
    assert result.exit_code == 3
    assert "recording.incomplete" in result.output


def test_a_recording_that_lacks_frames_is_a_fault(site):
    cell = Path("cell_configs/cells/demo.yaml")
    stage = None

    def few(*arguments, **options):
        return real(*arguments, **{**options, "max_frames": 1, "autostart": False})

    real = kit.RecordingWriter
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kit, "RecordingWriter", few)
        stage = kit.record_run(cell, site / "few.mcap")
    assert stage.writer.dropped > 0
    shutil.copy("reference/run.json", "reference/few.json")
    result = run(file="few.mcap")
    assert result.exit_code == 3
    assert "seen_empty#1.1 had 1 frames, 0 are recorded" in result.output


def test_a_replay_that_does_not_equal_itself_is_a_fault(site, monkeypatch):
    """Decisions that depend on something outside the recording; here, on how often they were asked for."""
    real, calls = run_module.step, [0]

    def step(state, event):
        state, effects = real(state, event)
        calls[0] += 1
        marked = tuple(Record(e.kind, {**e.data, "calls": calls[0]}) if isinstance(e, Record) else e for e in effects)
        return state, marked

    monkeypatch.setattr(run_module, "step", step)
    result = run()
    assert result.exit_code == 3
    assert "not deterministic" in result.output


def test_a_missing_reference_is_a_fault(site):
    Path("reference/run.json").unlink()
    result = run()
    assert result.exit_code == 3
    assert "--update-refs --reason" in result.output


@pytest.mark.parametrize("content", ["", "[]", '{"format": 1}', '{"format": 99}'])
def test_a_reference_that_cannot_be_read_is_a_fault(site, content):
    Path("reference/run.json").write_text(content)
    result = run()
    assert result.exit_code == 3
    assert "recording.reference" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["--update-refs"],
        ["--update-refs", "--reason", " "],
        ["--reason", "why"],
        ["--cell", "none.yaml"],
        ["--models", "none"],
        ["--recipe", "none.yaml"],
        ["elsewhere/run.mcap"],
        ["none.mcap"],
    ],
)
def test_wrong_use_is_told(site, arguments):
    (site / "elsewhere").mkdir()
    shutil.copy("run.mcap", "elsewhere/run.mcap")
    before = Path("reference/run.json").read_bytes()
    assert run(*arguments).exit_code == 2
    assert Path("reference/run.json").read_bytes() == before


def test_several_recordings_take_the_worst_exit_code(site):
    shutil.copy("run.mcap", "other.mcap")
    assert run("other.mcap").exit_code == 3, "other.mcap has no reference"
    shutil.copy("reference/run.json", "reference/other.json")
    assert run("other.mcap").exit_code == 0
    change(Path("reference/other.json"), "lid_bolts/lid.03: seized -> retry", "lid_bolts/lid.03: seized -> skip")
    result = run("other.mcap")
    assert result.exit_code == 1
    assert "run: equal" in result.output
    assert "other: 1 difference (" in result.output
