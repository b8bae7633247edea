"""The main job from outside: ``delid demo`` on real wires, as a person calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from delid.ledger import verify_ledger

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def demo(repository, runs, scene):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "delid",
            "demo",
            "--headless",
            "--json",
            "--speed",
            "50",
            "--scene",
            scene,
            "--runs",
            str(runs),
        ],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=170,
    )
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    lines = done.stdout.strip().splitlines()
    assert len(lines) == 1, "one JSON object and nothing else"
    return json.loads(lines[0])


def test_a_known_pack_is_taken_apart(repository, tmp_path):
    facts = demo(repository, tmp_path, "nissan-leaf-24-damaged")
    assert facts["outcome"] == "dismantled"
    assert facts["pack"]["status"] == "known"
    assert facts["pack"]["model"] == "nissan-leaf-24"
    assert facts["recipe"].startswith("nissan-leaf-24/")
    assert facts["hazard_class"] == "B"
    assert facts["why"]
    assert facts["steps_done"] == facts["steps_total"] - 1, "the fine look finds that a bolt is out already"
    assert facts["bolts_removed"] == facts["bolts_total"] - 1
    assert facts["bolts_seen_empty"] >= 0.7 * facts["bolts_total"], "the rest was confirmed by a person"
    assert facts["time_s"] < 120
    for line in Path(facts["journal"]).read_text().splitlines():
        json.loads(line)
    assert facts["recording"].endswith(".mcap")
    kinds = shown(repository, facts["record"])
    assert kinds[0] == "intake"
    assert kinds.count("operation") >= facts["steps_done"], "each step that was done is on record"


def shown(repository, record):
    """The kinds of the entries that the line at the end of a demo leads to; the record verifies."""
    assert record["signed"]
    called = [sys.executable, "-m", *record["show"].split(), "--json"]
    done = subprocess.run(called, cwd=repository, capture_output=True, text=True, timeout=60)
    found = json.loads(done.stdout)
    assert len(found) == record["entries"] > 0
    assert {entry["battery"] for entry in found} >= {record["battery"]}
    assert verify_ledger(record["ledger"]).ok
    return [entry["kind"] for entry in found]


def test_a_stranger_is_never_touched(repository, tmp_path):
    facts = demo(repository, tmp_path, "stranger")
    assert facts["outcome"] == "set aside"
    assert facts["pack"]["status"] in ("unknown", "ambiguous")
    assert facts["pack"]["model"] is None
    assert facts["recipe"] is None
    assert facts["steps_total"] == 0
    assert facts["record"]["battery"].startswith("P-demo-yard-"), "no code was read"


def test_a_burnt_pack_goes_to_quarantine_without_contact(repository, tmp_path):
    facts = demo(repository, tmp_path, "vw-meb-82-burn")
    assert facts["outcome"] == "quarantined"
    assert facts["hazard_class"] == "C"
    assert facts["recipe"] == "vw-meb-82/quarantine"
    assert facts["bolts_removed"] == 0


def test_an_unknown_scene_is_used_wrongly(repository, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "delid", "demo", "--scene", "nothing"], cwd=repository, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "there is no scene 'nothing'" in done.stderr
    assert "vw-meb-82-clean" in done.stderr
