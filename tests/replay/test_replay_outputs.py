"""What ``delid replay`` writes about a staged run of which something changed: page, JUnit XML, JSON, in one call."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

from typer.testing import CliRunner

from delid.cli._main import app

THRESHOLD = "model/tiny-pack-damage:thresholds.damage.corrosion.min_confidence=0.9"
REACTION = "recipe/nissan-leaf-24/standard:operations.lid_bolts.on_failure.seized=[ask]"


def run(*arguments: str) -> dict:
    files = ["--html", "page.html", "--junit", "replay.xml", "--json"]
    result = CliRunner().invoke(app, ["replay", "run.mcap", *arguments, *files])
    assert result.exit_code == 1, result.output
    (found,) = json.loads(result.output)["recordings"]
    return found


def test_a_threshold_shows_the_frame_on_which_it_changed_the_decision(site):
    found = run("--reference", "reference", "--set", THRESHOLD)
    assert found["seam"] == "inspection"
    assert found["causes"][0] == f"{THRESHOLD.replace('=', ': ')}; before: 0.6"
    assert "pictures" not in found
    page = Path("page.html").read_text(encoding="utf-8")
    left, right = re.findall(r"<figure>.*?</figure>", page, re.DOTALL)[:2]
    assert "damage: corrosion" in left
    assert "hazard: B" in left
    assert "damage: none" in right
    assert "hazard: A" in right
    cases = {case.get("name"): len(case) for case in ElementTree.parse("replay.xml").iter("testcase")}
    assert cases == {"inspection": 1, "decision": 1, "wire": 0}, "the same recipe fits"


def test_a_reaction_shows_the_frame_that_it_was_decided_on(site):
    """Without references: against what the cell file makes of the same recording."""
    found = run("--set", REACTION)
    assert found["seam"] == "decision"
    assert found["summary"][0] == "decision: bolt 3: seized -> ask; before: retry"
    page = Path("page.html").read_text(encoding="utf-8")
    assert len(re.findall("<figure>", page)) == 2
    assert "lid.03 bolt" in page
    assert page.count("data:image/jpeg;base64,") == 1
