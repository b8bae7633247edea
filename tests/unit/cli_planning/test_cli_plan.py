"""``delid plan``: from inspections to a printed plan, and its exit codes."""

import json
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from delid.config import load_cell
from delid.core import (
    Assessment,
    Damage,
    DamageKind,
    Decision,
    FrameFacts,
    HazardClass,
    Inspection,
    PackCandidate,
    PackStatus,
    PackVerdict,
    Quality,
    from_plain,
    to_json,
    to_plain,
)


def inspection(model="vw-meb-82", damage=()):
    status = PackStatus.KNOWN if model else PackStatus.UNKNOWN
    verdict = PackVerdict(status, model, 0.97, (PackCandidate("nissan-leaf-24", 0.6),))
    damages = tuple(Damage(DamageKind(kind), 0.9, severity, (0.0, 0.0, 9.0, 9.0)) for kind, severity in damage)
    hazard = HazardClass.B if damage else HazardClass.A
    return Inspection("a.jpg", FrameFacts(1600, 1200, "0" * 64), Quality(True), verdict, damages, hazard, ("seen",))


@pytest.fixture
def seen(tmp_path):
    def write(*inspections, name="seen.jsonl"):
        path = tmp_path / name
        path.write_text("".join(to_json(i) + "\n" for i in inspections))
        return path

    return write


def test_a_plan_is_printed_with_the_reasons_for_every_recipe(run, seen):
    result = run("plan", seen(inspection(), inspection(), inspection()))
    assert result.exit_code == 0, result.output
    assert "pack    vw-meb-82, 3 of 3 frames agree" in result.output
    assert "taken   vw-meb-82/standard: the pack is vw-meb-82 (0.97); hazard class A: no damage found" in result.output
    assert "refused byd-blade/damaged: serves byd-blade, not vw-meb-82; serves hazard class B, not A" in result.output
    assert "plan vw-meb-82/standard, 50 steps, about " in result.output
    assert "while touching the pack: guard_closed" in result.output
    assert "vw-meb-82/standard/lid_bolts/lid.07" in result.output


def test_the_json_form_is_the_whole_decision(run, seen):
    result = run("plan", seen(inspection(damage=[("dent", 0.62)])), "--json")
    assert result.exit_code == 0
    decision = from_plain(Decision, json.loads(result.stdout))
    assert decision.outcome.recipe == "vw-meb-82/damaged"
    assert len(decision.candidates) == 22


def test_standard_input_takes_the_lines_of_inspect(run):
    lines = (to_json(inspection("byd-blade")) + "\n") * 2
    result = run("plan", "-", stdin=lines)
    assert result.exit_code == 0
    assert "plan byd-blade/standard" in result.output


def test_an_assessment_is_taken_as_it_is(run, tmp_path):
    verdict = PackVerdict(PackStatus.KNOWN, "byd-blade", 0.9)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(to_plain(Assessment(verdict, (), HazardClass.A, ()), False), indent=1))
    assert "plan byd-blade/standard" in run("plan", path).output
    assert run("plan", path, path).exit_code == 2


def test_frames_that_disagree_give_no_plan(run, seen):
    result = run("plan", seen(inspection(), inspection("byd-blade")))
    assert result.exit_code == 1
    assert "no plan" in result.output
    assert "the pack is ambiguous" in result.output


def test_an_unknown_pack_is_refused_until_a_person_names_it(run, seen):
    path = seen(inspection(None))
    refused = run("plan", path)
    assert refused.exit_code == 1
    assert "a person may name the pack, or bring it to quarantine" in refused.output
    named = run("plan", path, "--assume-pack", "nissan-leaf-24")
    assert named.exit_code == 0
    assert "a person named the pack nissan-leaf-24" in named.output


def test_an_unclear_damage_is_ruled_out_or_in_by_a_person(run, tmp_path):
    leak = Damage(DamageKind.LEAK, 0.3, 0.4, (0.0, 0.0, 9.0, 9.0))
    verdict = PackVerdict(PackStatus.KNOWN, "vw-meb-82", 0.9)
    path = tmp_path / "a.json"
    seen = Assessment(verdict, (), HazardClass.B, ("?",), unclear=(leak,))
    path.write_text(json.dumps(to_plain(seen, False)))
    asked = run("plan", path)
    assert asked.exit_code == 1
    assert "look at the pack: is there leak?" in asked.output
    assert "plan vw-meb-82/standard" in run("plan", path, "--ruled-out", "leak").output
    found = run("plan", path, "--ruled-in", "leak")
    assert found.exit_code == 0
    assert "plan vw-meb-82/quarantine" in found.output
    assert "hazard  C: leaking liquid: electrolyte must be assumed; a person found: leak" in found.output


def test_readings_and_given_up_fasteners_are_taken_into_account(run, seen):
    path = seen(inspection())
    hot = run("plan", path, "--reading", "pack_temperature_c=71", "--reading", "guard_closed=true")
    assert "plan vw-meb-82/quarantine" in hot.output
    given_up = run("plan", path, "--exclude", "lid.07", "--json")
    keys = [s["key"] for s in json.loads(given_up.stdout)["outcome"]["steps"]]
    assert "vw-meb-82/standard/lid_bolts/by_hand" in keys
    assert "vw-meb-82/standard/lid_bolts/lid.07" not in keys


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--assume-pack", "zoe"], "No pack 'zoe' in this cell"),
        (["--reading", "smell=1"], "has no status tag 'smell'"),
        (["--reading", "gas_ppm=much"], "gas_ppm is a number"),
        (["--reading", "smoke=1"], "smoke is true or false"),
        (["--cell", "no-such-cell.yaml"], "no-such-cell.yaml:1: no such file"),
    ],
)
def test_wrong_use_says_what_is_wrong(run, seen, arguments, words):
    result = run("plan", seen(inspection()), *arguments)
    assert result.exit_code == 2
    assert words in result.output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no inspection in it"),
        ("{nonsense\n", "not JSON"),
        ("[1]", "something in it that is no inspection"),
        ('{"source": "x"}', "not the form of 'delid inspect --json'"),
        ('{"source": "b.jpg", "error": {"code": "frame.undecodable"}}', "the inspection of b.jpg failed"),
    ],
)
def test_a_file_that_holds_no_inspections(run, tmp_path, text, words):
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    result = run("plan", path)
    assert result.exit_code == 2
    assert words in result.output


class FakeInspector:
    """Says what it is told, and remembers which pack's fasteners it was asked for."""

    def __init__(self):
        self.asked = []

    def inspect(self, frame, pack=None):
        self.asked.append((frame.image.shape, pack))
        return inspection("nissan-leaf-24")


def test_images_are_inspected_and_mixed_with_inspections(run, seen, tmp_path, monkeypatch):
    fake = FakeInspector()
    monkeypatch.setattr("delid.cli._assess._inspector", lambda cell: fake)
    image = tmp_path / "a.png"
    cv2.imwrite(str(image), np.zeros((12, 16, 3), np.uint8))
    result = run("plan", image, seen(inspection("nissan-leaf-24")), image, "--assume-pack", "nissan-leaf-24")
    assert result.exit_code == 0
    assert "3 of 3 frames agree" in result.output
    assert fake.asked == [((12, 16, 3), "nissan-leaf-24")] * 2


@pytest.mark.parametrize(("content", "exit_code"), [(b"no jpeg", 1), (None, 2)])
def test_an_image_that_cannot_be_used(run, tmp_path, monkeypatch, content, exit_code):
    monkeypatch.setattr("delid.cli._assess._inspector", lambda cell: FakeInspector())
    image = tmp_path / "a.jpg"
    if content:
        image.write_bytes(content)
    result = run("plan", image)
    assert result.exit_code == exit_code
    assert "[frame." in result.output


def test_a_file_that_is_not_there(run):
    result = run("plan", "nowhere.json", "--json")
    assert result.exit_code == 2
    assert "nowhere.json: cannot be read" in json.loads(result.stdout)["error"]["message"]


def test_a_cell_that_cannot_carry_the_recipe_out_is_a_fault(run, seen, tmp_path, repository):
    text = (repository / "cell_configs/cells/demo.yaml").read_text().replace("../", f"{repository}/cell_configs/")
    path = tmp_path / "cell.yaml"
    path.write_text(text.replace("origin_mm: [1100,", "origin_mm: [1700,"))
    result = run("plan", seen(inspection()), "--cell", path)
    assert result.exit_code == 3
    assert "[planning.reach]" in result.output


def test_explain_says_what_would_have_to_be_different(run, seen):
    result = run("plan", seen(inspection(damage=[("dent", 0.62)])), "--explain")
    assert result.exit_code == 0
    assert "would fit if dent severity were <= 0.3 (it is 0.62)" in result.output
    assert "would fit if" not in run("plan", seen(inspection(damage=[("dent", 0.62)]))).output


RULES = "cell_configs/health/working-values.yaml"


def test_measurements_give_a_route_and_a_value(run, seen, tmp_path, repository):
    path, rules = seen(inspection()), repository / RULES
    result = run("plan", path, "--health-rules", rules, "--capacity-ah", "185", "--isolation-ohm-per-v", "800")
    assert result.exit_code == 0, result.output
    assert "health  0.92 +- 0.03 of the rated capacity" in result.output
    assert "value   reuse: 3774 +- " in result.output
    assert "route   reuse: healthy enough for a second use" in result.output
    report = tmp_path / "report.json"
    report.write_text('{"capacity_ah": 100, "isolation_ohm_per_v": 800}')
    assert "route   recycling" in run("plan", path, "--health-rules", rules, "--health", report).output
    both = run("plan", path, "--health-rules", rules, "--health", report, "--capacity-ah", "185")
    assert "health  0.92" in both.output, "a flag stands above the file"


@pytest.mark.parametrize("text", ["[1]", '{"colour": 1}', "{"])
def test_a_health_report_that_is_none_is_refused(run, seen, tmp_path, text, repository):
    report = tmp_path / "report.json"
    report.write_text(text)
    result = run("plan", seen(inspection()), "--health-rules", repository / RULES, "--health", report)
    assert result.exit_code == 2
    assert "is no health report" in result.output


def test_a_cell_without_health_rules_says_so(run, seen, monkeypatch, repository):
    loaded = replace(load_cell(repository / "cell_configs/cells/demo.yaml"), health=None)
    monkeypatch.setattr(sys.modules["delid.cli.plan"], "load_cell", lambda path: loaded)
    bare = run("plan", seen(inspection()), "--capacity-ah", "5")
    assert bare.exit_code == 2
    assert "no health rules" in bare.output


def torques(result):
    plan = from_plain(Decision, json.loads(result.stdout)).outcome
    return {a.params["torque_nm"] for s in plan.steps for a in s.acts if getattr(a, "name", "") == "unfasten"}


def test_a_parameter_is_set_in_the_recipe_that_is_taken(run, seen):
    path = seen(inspection())
    assert torques(run("plan", path, "--json")) == {12}
    assert torques(run("plan", path, "--json", "--set", "lid_torque_nm=11.5")) == {11.5}
    assert torques(run("plan", path, "--json", "--route", "reuse", "--capacity-ah", "185")) == {10}, "its variant"


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("lid_torque_nm=19", "lid_torque_nm is 19, above the approved 18"),
        ("lid_torque_nm=much", "lid_torque_nm is 'much', which is no number"),
        ("lid_torque=12", "there is no parameter 'lid_torque'; there are lid_torque_nm"),
        ("lid_torque_nm", "is no NAME=VALUE"),
    ],
)
def test_a_value_that_may_not_be_set_is_wrong_use(run, seen, pair, words):
    result = run("plan", seen(inspection()), "--set", pair)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())


def test_times_are_learnt_from_recordings_and_shown(run, repository, tmp_path):
    out = tmp_path / "times.yaml"
    learnt = run("times", "learn", repository / "fixtures/recordings/byd-blade-clean.mcap", "--out", out)
    assert learnt.exit_code == 0, learnt.output
    shown = run("times", "show", out)
    assert shown.exit_code == 0, shown.output
    assert "command unfasten" in shown.output
    assert "of the feed" in shown.output
