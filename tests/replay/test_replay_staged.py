"""A recorded run replayed after a change: red in the right seam, with a readable difference."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import replay_kit as kit
from staged_kit import RECIPE, change, lines_of, run

import delid.replay._wire as wire_module


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
