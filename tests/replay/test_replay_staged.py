"""A recorded run replayed: equal to itself and its reference, red with a readable difference when something changed."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import threading
from pathlib import Path

import pytest
import replay_kit as kit
from typer.testing import CliRunner, Result

import delid.replay._wire as wire_module
from delid.cli._main import app
from delid.config import load_cell
from delid.core import Decide, Decided, HealthReport, PackReport, Record, Route, to_plain
from delid.journal import read_recording, repair_recording
from delid.replay import recorded_wire_differences, replay, replay_twice, seams_of
from delid.vision import Inspector

RECIPE = Path("cell_configs/recipes/nissan-leaf-24-standard.yaml")


def run(*arguments: str, file: str = "run.mcap") -> Result:
    return CliRunner().invoke(app, ["replay", file, "--reference", "reference", "--diff", "diff.txt", *arguments])


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def lines_of(result: Result, seam: str) -> list[str]:
    """The differences themselves, as they are written to a file; on the screen they are told in short."""
    assert result.exit_code == 1, result.output
    lines = Path("diff.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip().startswith(f"{seam}: ")]


# --- untouched ------------------------------------------------------------------------------------------------------


def test_an_untouched_recording_makes_the_same_decisions(staged):
    folder, stage = staged
    outcome = replay(read_recording(folder / "run.mcap"), stage.cell, stage.inspector)
    assert [to_plain(r) for r in outcome.records] == [to_plain(r) for r in stage.records]
    assert outcome.unanswered == ()
    assert stage.state.outcome == "dismantled"
    assert {"failure", "question", "seen"} <= {r.kind for r in outcome.records}, "the run has something to it"


def test_an_untouched_recording_sends_the_recorded_bytes(staged):
    folder, stage = staged
    recording = read_recording(folder / "run.mcap")
    outcome = replay(recording, stage.cell, stage.inspector)
    sent: dict[str, bytes] = {}
    for wire in stage.sent:
        sent[wire.id] = sent.get(wire.id, b"") + wire.data
    assert {s.id: s.data for s in outcome.wires if s.meaning != "enable"} == sent
    assert len(sent) > 150
    assert recorded_wire_differences(recording, outcome) == []


def test_an_untouched_recording_is_equal_to_its_reference(site):
    result = run()
    assert result.exit_code == 0, result.output
    assert result.output == "run: equal (2 frames, 31 steps)\n"


def test_replay_opens_no_socket_and_starts_no_thread_or_loop(staged, monkeypatch):
    folder, stage = staged
    recording = read_recording(folder / "run.mcap")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("replay must not do this")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(asyncio, "new_event_loop", refuse)
    replay_twice(recording, stage.cell, stage.inspector)


def test_what_a_person_told_of_the_pack_is_recorded_and_decides_the_same_in_the_replay(staged, tmp_path):
    folder, _ = staged
    told = PackReport(HealthReport(capacity_ah=60.0, by="kim"), Route.RECYCLING)
    stage = kit.record_run(
        folder / "cell_configs/cells/demo.yaml", tmp_path / "told.mcap", kit.Script(told=told, stop_after_moves=2)
    )
    recording = read_recording(tmp_path / "told.mcap")
    (asked,) = [e for e in recording.effects if isinstance(e, Decide)]
    assert asked.told == told
    (decided,) = [e.decision for e in recording.events if isinstance(e, Decided)]
    assert decided.health is not None
    assert decided.health.state_of_health == pytest.approx(0.9, abs=0.1)
    assert [r.data["accepted"] for r in recording.records if r.kind == "told"] == [True]
    _, outcome = replay_twice(recording, stage.cell, stage.inspector)
    assert [to_plain(r) for r in outcome.records] == [to_plain(r) for r in stage.records]
    assert outcome.unanswered == ()


def test_a_run_that_was_stopped_is_replayed_with_its_stop(staged, tmp_path):
    folder, _ = staged
    script = kit.Script(stop_after_moves=12)
    stage = kit.record_run(folder / "cell_configs/cells/demo.yaml", tmp_path / "stopped.mcap", script)
    recording = read_recording(tmp_path / "stopped.mcap")
    seams, outcome = replay_twice(recording, stage.cell, stage.inspector)
    assert [to_plain(r) for r in outcome.records] == [to_plain(r) for r in stage.records]
    words = [": ".join(line) for line in seams.wire]
    assert any("cancel [10 00 66 00 01 02 00 04]" in line for line in words)
    assert any(re.fullmatch(r"motion stopping\.\d+\.stop: stop \[21 18\]", line) for line in words)
    assert recorded_wire_differences(recording, outcome) == []


# --- red ------------------------------------------------------------------------------------------------------------


def test_a_changed_reaction_turns_it_red_at_its_step(site):
    change(RECIPE, "seized: [retry, impact, ask]", "seized: [ask]")
    result = run()
    assert result.exit_code == 1
    first = lines_of(result, "decision")[0]
    assert first == (
        "decision: lid_bolts/lid.03: seized -> ask (failure 1: 12 N m reached); "
        "before: seized -> retry (failure 1: 12 N m reached)"
    )


def test_a_changed_limit_of_a_recipe_turns_it_red_with_the_reason(site):
    change(RECIPE, "corrosion: {max_severity: 0.5}", "corrosion: {max_severity: 0.1}")
    result = run()
    assert result.exit_code == 1
    assert lines_of(result, "decision")[0] == (
        "decision: recipe: nissan-leaf-24/damaged, hazard B; before: nissan-leaf-24/standard, hazard B"
    )
    assert "corrosion severity 0.36 is over the recipe's limit 0.10" in result.output


def test_a_changed_torque_turns_only_the_wire_red(site):
    change(RECIPE, "value: 11", "value: 10")
    result = run()
    assert result.exit_code == 1
    assert lines_of(result, "inspection") == lines_of(result, "decision") == []
    first = lines_of(result, "wire")[0]
    assert first.startswith(
        "wire: plc lid_bolts/lid.07#1.3: unfasten, impact 0, torque_nm 10 [10 00 6e 00 06 0c 03 e8 "
    )
    assert "before: unfasten, impact 0, torque_nm 11 [10 00 6e 00 06 0c 04 4c " in first


def test_a_recipe_given_by_name_takes_the_place_of_its_namesake(site):
    changed = site / RECIPE.with_name("changed.yaml")
    shutil.copy(RECIPE, changed)
    change(changed, "value: 11", "value: 10")
    assert run().exit_code == 0
    assert run("--recipe", str(changed)).exit_code == 1


def test_a_changed_threshold_of_a_model_turns_it_red(site):
    shutil.copytree("models", "other")
    kit.change_json(
        site / "other/pack-damage/manifest.yaml",
        lambda m: m["thresholds"]["damage"]["corrosion"].update(min_confidence=0.9),
    )
    result = run("--models", "other")
    assert result.exit_code == 1
    assert lines_of(result, "inspection")[0] == "inspection: look.4 frame 1: damage: none; before: corrosion"
    assert lines_of(result, "decision")[0] == (
        "decision: recipe: nissan-leaf-24/standard, hazard A; before: nissan-leaf-24/standard, hazard B"
    )


def test_a_stranger_s_threshold_turns_the_whole_run_red(site):
    shutil.copytree("models", "other")
    kit.change_json(site / "other/pack-damage/manifest.yaml", lambda m: m["thresholds"]["pack"].update(min_score=1.0))
    result = run("--models", "other", "--json")
    assert result.exit_code == 1
    (found,) = json.loads(result.output)["recordings"]
    assert found["equal"] is False
    assert {d["seam"] for d in found["differences"]} == {"inspection", "decision", "wire"}
    assert found["differences"][0] | {"seam": ""} == {
        "seam": "", "where": "look.4 frame 1: pack", "now": "unknown", "before": "known nissan-leaf-24",
    }  # fmt: skip


def test_a_changed_limit_of_the_cell_turns_it_red(site):
    change(Path("cell_configs/cells/demo.yaml"), "travel_feed_mm_s: 500", "travel_feed_mm_s: 450")
    result = run()
    assert result.exit_code == 1
    assert "F27000.0" in lines_of(result, "wire")[0]
    assert "F30000.0" in lines_of(result, "wire")[0]


def test_other_bytes_of_a_driver_turn_it_red(site, monkeypatch):
    real = wire_module.motion.move_bytes

    def changed(to_mm, feed_mm_s):
        return real(to_mm, feed_mm_s).replace(b"G53", b"")

    monkeypatch.setattr("delid.devices.motion._grbl_codec.move_bytes", changed)
    result = run()
    assert result.exit_code == 1
    assert lines_of(result, "decision") == []
    first = lines_of(result, "wire")[0]
    assert first.startswith("wire: motion starting.3.park: 'G21G90G94G1X10.000")
    assert "before: 'G21G90G94G53G1X10.000" in first


def test_the_recorded_configuration_is_still_equal_after_a_change(site):
    change(RECIPE, "value: 11", "value: 10")
    assert run().exit_code == 1
    result = run("--recorded-config")
    assert result.exit_code == 0, result.output


def test_an_effect_that_nobody_answered_is_named(site):
    """The impact tool was never fetched when this was recorded, so nothing tells how that would have ended."""
    change(RECIPE, "seized: [retry, impact, ask]", "seized: [impact, ask]")
    result = run()
    assert result.exit_code == 1
    diff = Path("diff.txt").read_text()
    assert "decision: lid_bolts/lid.03: seized -> impact (failure 1: 12 N m reached); before: seized -> retry" in diff
    assert re.search(
        r"decision: awaited lid_bolts/lid\.03#\d\.\d: no recorded answer for nissan-leaf-24/standard/", diff
    )


# --- faults and wrong use -------------------------------------------------------------------------------------------


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
    import delid.replay._run as run_module

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


# --- references -----------------------------------------------------------------------------------------------------


def test_references_are_never_changed_in_ci(site, monkeypatch):
    change(RECIPE, "value: 11", "value: 10")
    monkeypatch.setenv("CI", "true")
    before = Path("reference/run.json").read_bytes()
    result = run("--update-refs", "--reason", "less torque")
    assert result.exit_code == 2
    assert Path("reference/run.json").read_bytes() == before


def test_an_update_writes_the_reason_and_makes_it_green(site):
    change(RECIPE, "value: 11", "value: 10")
    result = run("--update-refs", "--reason", "less torque")
    assert result.exit_code == 0
    assert result.output.startswith("run: reference updated, 20 differences")
    reference = json.loads(Path("reference/run.json").read_text())
    assert reference["reason"] == "less torque"
    assert set(reference["models"]) == {"pack", "damage", "fasteners"}
    assert reference["onnxruntime"]
    assert run().exit_code == 0


def test_an_update_without_a_difference_leaves_the_file_alone(site):
    before = Path("reference/run.json").read_bytes()
    assert run("--update-refs", "--reason", "no need").exit_code == 0
    assert Path("reference/run.json").read_bytes() == before


def test_a_score_may_differ_within_its_tolerance_and_no_more(site):
    path = Path("reference/run.json")
    reference = json.loads(path.read_text())
    scores = reference["inspection"][0]["scores"]
    real = scores["damage.confidence.corrosion"]
    scores["damage.confidence.corrosion"] = real + 0.009
    path.write_text(json.dumps(reference))
    assert run().exit_code == 0
    scores["damage.confidence.corrosion"] = real + 0.011
    path.write_text(json.dumps(reference))
    result = run()
    assert result.exit_code == 1
    assert lines_of(result, "inspection") == [
        f"inspection: look.4 frame 1: damage.confidence.corrosion: {real:.4f}; "
        f"before: {real + 0.011:.4f} (at most 0.01 apart)"
    ]


def test_a_tolerance_that_no_score_needs_is_a_fault(site):
    path = Path("reference/run.json")
    reference = json.loads(path.read_text())
    reference["tolerances"]["damage.place"] = {"within": 9.0, "reason": "never mind"}
    path.write_text(json.dumps(reference))
    result = run()
    assert result.exit_code == 3
    assert "damage.place" in result.output


def test_the_tolerances_of_a_reference_are_kept_when_it_is_updated(site):
    path = Path("reference/run.json")
    reference = json.loads(path.read_text())
    reference["tolerances"]["damage.severity"] = {"within": 0.004, "reason": "measured"}
    path.write_text(json.dumps(reference))
    change(RECIPE, "value: 11", "value: 10")
    assert run("--update-refs", "--reason", "less torque").exit_code == 0
    assert json.loads(path.read_text())["tolerances"]["damage.severity"] == {"within": 0.004, "reason": "measured"}


def test_the_reference_is_readable_line_by_line(site):
    lines = Path("reference/run.json").read_text().splitlines()
    assert '    "lid_bolts/lid.03: seized -> retry (failure 1: 12 N m reached)",' in lines
    assert any(
        line.startswith('    "plc lid_bolts/lid.03#1.3: unfasten, impact 0, torque_nm 11 [10 00') for line in lines
    )


def test_a_model_of_another_digest_is_red_until_somebody_agrees_to_it(site):
    change(Path("reference/run.json"), '"pack": "sha256:', '"pack": "sha256:0')
    result = run()
    assert result.exit_code == 1
    assert "  cause: model pack: sha256:" in result.output
    assert len(lines_of(result, "inspection")) == 1
    assert run("--update-refs", "--reason", "the same weights, exported again").exit_code == 0
    assert run().exit_code == 0


def test_the_configuration_in_the_recording_is_the_one_that_was_used(site):
    recording = read_recording("run.mcap")
    assert recording.header.cell_file == "cells/demo.yaml"
    assert recording.header.texts["recipes/nissan-leaf-24-standard.yaml"] == RECIPE.read_text()
    assert not any(name.startswith(("/", "..")) for name in recording.header.texts)


def test_a_second_inspector_judges_the_same(staged):
    """Nothing of a replay hangs on an Inspector that has seen frames before."""
    folder, stage = staged
    recording = read_recording(folder / "run.mcap")
    cell = load_cell(folder / "cell_configs/cells/demo.yaml")
    fresh = seams_of(replay(recording, cell, Inspector.load(cell, threads=1)))
    assert fresh == seams_of(replay(recording, stage.cell, stage.inspector))
