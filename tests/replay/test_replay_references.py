"""References: updated for a reason and never in CI, tolerances, digests of models, readable lines."""

from __future__ import annotations

import json
from pathlib import Path

from staged_kit import RECIPE, change, lines_of, run


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
