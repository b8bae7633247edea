"""The report over many recordings: what drifted, what to label next."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from delid.cli._main import app
from delid.core import Damage, DamageKind
from delid.replay.many import Bin, make_report, stability_index
from delid.replay.many._scores import doubts_of

DAY_S = 86_400.0
START_S = 1_800_000_000.0


def line(number: int, score: float, camera: str = "overview", model: str = "m1", **more: Any) -> dict[str, Any]:
    frame = {
        "camera": camera, "frame": f"{camera}#1", "sha256": f"{number:064d}", "after_s": 0.0, "pack": "known vw-meb-82",
        "scores": {"pack.confidence": score}, "doubt": round(1 - score, 3), "why": f"sure to {score:.2f}",
    }  # fmt: skip
    return {
        "format": 1, "setup": "s", "source": f"/none/run{number}.mcap", "recording": f"run{number}", "stamp": "1 1",
        "equal": True, "frames": 1, "steps": 3, "differences": [], "at_s": START_S + number * DAY_S,
        "models": {"pack": f"sha256:{model}"}, "scores": [frame], **more,
    }  # fmt: skip


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


def test_a_score_that_sinks_is_drift_of_its_camera_and_model_alone(tmp_path):
    lines = [line(n, 0.95 - 0.001 * (n % 7) - (0.3 if n >= 63 else 0)) for n in range(126)]
    lines += [line(1000 + n, 0.95, camera="oblique") | {"at_s": START_S + n * DAY_S} for n in range(120)]
    lines += [line(2000 + n, 0.65, model="m2") | {"at_s": START_S + n * DAY_S} for n in range(120)]
    report = make_report(write(tmp_path / "log.jsonl", lines))
    assert [(s.key.camera, s.key.model) for s in report.drifted] == [("overview", "sha256:m1")]
    drift = report.drifted[0].verdict()
    assert (round(drift.before.mean, 2), round(drift.now.mean, 2)) == (0.95, 0.65)
    assert len(report.series) == 3
    assert report.width_s == 7 * DAY_S


def test_few_frames_say_nothing(tmp_path):
    report = make_report(write(tmp_path / "log.jsonl", [line(n, 0.9 if n < 10 else 0.1) for n in range(20)]))
    assert [series.verdict().word for series in report.series.values()] == ["too few"]


def test_the_stability_index_is_that_of_the_formula():
    """Shares 0.7/0.3 against 0.5/0.5: 0.2 ln 1.4 - 0.2 ln 0.6 = 0.1695, but for what each bucket has beside."""
    sides = []
    for low in (70_000, 50_000):
        one = Bin()
        one.count, one.buckets = 100_000, [low, 100_000 - low, *[0] * 8]
        sides.append(one)
    assert stability_index(*sides) == pytest.approx(0.1695, abs=1e-3)


def test_recordings_that_decide_otherwise_come_first_then_the_doubtful(tmp_path):
    difference = {"seam": "decision", "where": "lid_bolts/lid.14", "now": "seized -> ask", "before": "seized -> retry"}
    lines = [line(n, 0.5 + n / 100) for n in range(30)]
    lines[20] |= {"equal": False, "differences": [difference]}
    lines.append({**line(99, 0.1), "error": {"code": "recording.truncated", "message": "cut"}})
    del lines[-1]["equal"]
    report = make_report(write(tmp_path / "log.jsonl", lines), worst=3)
    assert [case.source for case in report.worst] == ["/none/run20.mcap", "/none/run0.mcap", "/none/run1.mcap"]
    assert report.worst[0].difference == "decision: lid_bolts/lid.14: seized -> ask; before: seized -> retry"
    assert (report.equal, report.differ, dict(report.aside_codes)) == (29, 1, {"recording.truncated": 1})


def test_the_last_word_on_a_recording_counts(tmp_path):
    lines = [line(1, 0.9), line(2, 0.9), line(1, 0.9, equal=True) | {"equal": True}]
    report = make_report(write(tmp_path / "log.jsonl", lines))
    assert report.recordings == 2


def test_doubt_is_highest_where_a_probability_says_nothing(staged):
    folder, stage = staged
    from delid.journal import read_recording
    from delid.replay import replay

    found = replay(read_recording(folder / "run.mcap"), stage.cell, stage.inspector).inspections[0][1]
    import dataclasses

    def worst(confidence: float) -> float:
        damage = Damage(DamageKind.DENT, confidence, 0.3, (0, 0, 1, 1))
        return max(d for d, _ in doubts_of(dataclasses.replace(found, damage=(damage,), fasteners=(), unclear=())))

    assert worst(0.5) > worst(0.7) > worst(0.99)


def test_the_command_writes_one_page_that_loads_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [line(n, 0.95 - (0.3 if n >= 63 else 0.0)) for n in range(126)]
    lines[3]["scores"][0]["why"] = "<script>alert(1)</script>"
    lines[3]["scores"][0]["doubt"] = 1.0
    write(Path("log.jsonl"), lines)
    arguments = ["replay-report", "log.jsonl", "--html", "r.html", "--json-file", "r.json", "--check"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1, result.output
    assert re.search(r"drifted: pack.confidence of overview: 0.9\d\d before, 0.6\d\d now", result.output)
    page = Path("r.html").read_text()
    assert not re.search(r"<script|https?://|<link|url\(", page)
    assert page.count("<polyline") == 1
    data = json.loads(Path("r.json").read_text())
    assert data["series"][0]["verdict"] == "drifted"
    assert data["recordings"] == 126
    assert data["worst"][0]["source"] == "/none/run3.mcap"


def test_what_is_no_log_is_refused(tmp_path):
    (tmp_path / "log.jsonl").write_text('{"format": 99, "source": "x"}\n')
    result = CliRunner().invoke(app, ["replay-report", str(tmp_path / "log.jsonl")])
    assert result.exit_code != 0
    assert "recording.results" in str(result.exception)
