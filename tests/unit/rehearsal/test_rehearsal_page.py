"""Many runs together, two versions side by side, the page, and the command."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from rehearsal_kit import RECIPES, REPOSITORY
from typer.testing import CliRunner

from delid.cli._main import app
from delid.core import ConfigError
from delid.rehearsal import default_assumptions, load_assumptions, page, rehearse

BLADE = RECIPES / "byd-blade-standard.yaml"
VOID = {"meta", "line", "rect", "circle", "polygon", "polyline", "path"}


class Tags(HTMLParser):
    """Collects tags and what they point at; fails where one is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.links += [v for k, v in attrs if k in ("src", "href") and v]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture
def call(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    runner = CliRunner()
    return lambda *words: runner.invoke(app, ["recipe", "simulate", *map(str, words)])


def test_a_rehearsal_has_a_spread_and_two_versions_meet_the_same_luck(case_of):
    chances = {"unfasten.seized": 0.2, "lift.not_verified": 0.5}
    found = rehearse(case_of("byd-blade-standard", chances), seed=3, runs=6)
    again = rehearse(case_of("byd-blade-standard", chances), seed=3, runs=6)
    assert found.as_dict() == again.as_dict()
    assert found.good == 6
    assert found.duration_s.p5 < found.duration_s.p95
    assert found.flawless.duration_s <= found.duration_s.median
    assert found.shown.duration_s == found.duration_s.median
    assert sum(o.mean_wh for o in found.operations) < found.energy_wh.mean


def test_the_page_needs_nothing_but_itself_and_shows_both_sides(case_of):
    sides = [rehearse(case_of(name), runs=2) for name in ("byd-blade-standard", "nissan-leaf-24-standard")]
    text, tags = page(sides), Tags()
    tags.feed(text)
    assert tags.open == []
    assert tags.links == []
    assert "script" not in tags.seen
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text)
    assert tags.seen.count("svg") == 2 * 4, "spread, time line, way and energy of each"
    assert "byd-blade/standard" in text
    assert "difference" in text
    for side in sides:
        assert text.count(f"time line of seed {side.shown.seed}") >= 1
        assert all(f"<title>{name}</title>" in text for name in side.case.pack.fastener_places())


def test_the_command_prints_writes_and_says_with_its_exit_code_how_it_ended(call, tmp_path):
    target = tmp_path / "page.html"
    result = call(BLADE, "--runs", 3, "--html", target)
    assert result.exit_code == 0, result.output
    assert "3 runs, dismantled 3" in result.output
    assert "byd-blade/standard/lift_lid: done" in result.output
    assert target.read_text().startswith("<!doctype html>")
    stopped = call(RECIPES / "byd-blade-damaged.yaml", "--runs", 1, "--rate", "ask.refused=1")
    assert stopped.exit_code == 1
    assert "stopped 1" in stopped.output


def test_json_has_the_figures_and_compares(call):
    result = call(BLADE, "--runs", 2, "--seed", 5, "--compare", BLADE, "--json")
    found = json.loads(result.stdout)
    assert found["seeds"] == [5, 6]
    assert found["recipe"] == "byd-blade/standard"
    assert found["compared"] == [{k: v for k, v in found.items() if k != "compared"}], "a recipe against itself"
    assert set(found["duration_s"]) == {"mean", "sd", "p5", "median", "p95"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rate", "unfasten.bored=0.1"), "there is no failure 'unfasten.bored'"),
        (("--rate", "unfasten.seized=2"), "from 0 to 1"),
        (("--damage", "rust=0.1"), "no KIND=SEVERITY"),
        (("--damage", "dent=0.9"), "would not be taken for byd-blade"),
        (("--html", "/nowhere/page.html"), "cannot be written"),
    ],
)
def test_wrong_use_is_told(call, words, said):
    result = call(BLADE, "--runs", 1, *words)
    assert result.exit_code == 2
    assert said in result.output


def test_assumptions_may_be_replaced_in_part_and_unknown_ones_are_told_with_their_line(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("power:\n  controls: {watts: 10, source: measured}\n")
    found = load_assumptions(path)
    assert found.power["controls"].watts == 10
    assert found.failures == default_assumptions().failures
    path.write_text("power:\n  controls: {watts: 10, source: measured}\n  fans: {watts: 1, source: x}\nluck: 1\n")
    with pytest.raises(ConfigError) as caught:
        load_assumptions(path)
    assert [line.split(":")[1] for line in caught.value.findings] == ["4", "3"]


def test_every_assumption_says_where_it_is_from():
    found = default_assumptions()
    rows = [*found.failures.values(), *found.durations.values(), *found.power.values(), found.seeing]
    assert all(row.source for row in rows)
