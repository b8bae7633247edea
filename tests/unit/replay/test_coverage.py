"""The table of recipe branches against recordings, the least that is demanded, and what to record next."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from typer.testing import CliRunner

from delid.cli._main import app
from delid.config import load_cell
from delid.core import ConfigError
from delid.journal import read_recording
from delid.replay import (
    Coverage,
    CoverageFile,
    Demand,
    Row,
    advice,
    coverage_of,
    load_minimum,
    possible_rows,
    reached_rows,
    shortfalls,
    table_lines,
)

REPOSITORY = Path(__file__).resolve().parents[3]
RECORDINGS = REPOSITORY / "fixtures/recordings"
MINIMUM = REPOSITORY / "fixtures/coverage.yaml"
SEIZED = Row("a/standard", "lid_bolts", "seized", "retry", "a", "none")
WHOLE = Row("a/standard", "whole plan", "none", "none", "a", "none")
DENTED = Row("a/standard", "whole plan", "none", "none", "a", "dent")
FOUND = Coverage({SEIZED: frozenset({"one"}), WHOLE: frozenset({"one", "two"}), DENTED: frozenset()})


@pytest.fixture(scope="module")
def cell():
    return load_cell(REPOSITORY / "cell_configs/cells/demo.yaml")


def demand(**values) -> CoverageFile:
    return CoverageFile(coverage="test", minimum=[Demand(why="for the test", **values)])


def test_a_run_reaches_its_recipe_and_each_failure_with_its_reaction():
    rows = set(reached_rows(read_recording(RECORDINGS / "vw-meb-82-damaged.mcap")))
    branches = {(row.operation, row.failure, row.reaction) for row in rows}
    assert {row.recipe for row in rows} == {"vw-meb-82/standard"}
    assert {(row.pack, row.damage) for row in rows} == {("vw-meb-82", "dent")}
    assert branches == {
        ("whole plan", "none", "none"),
        ("lid_bolts", "seized", "retry"),
        ("lid_bolts", "seized", "impact"),
        ("lid_bolts", "stripped", "ask"),
        ("lid_bolts", "still_seen", "retry"),
        ("lid_bolts", "still_seen", "ask"),
        ("lid_bolts", "not_found", "retry"),
        ("lid_bolts", "not_found", "ask"),
    }, "one hole was not surely seen empty, and there was no bolt when the tool came again"


def test_the_table_has_every_reaction_of_every_recipe_for_what_it_serves(cell):
    rows = set(possible_rows(cell))
    assert Row("vw-meb-82/standard", "lid_bolts", "seized", "impact", "vw-meb-82", "corrosion") in rows
    assert Row("vw-meb-82/standard", "whole plan", "none", "none", "vw-meb-82", "burn") not in rows, "it serves no burn"
    assert Row("common/quarantine", "whole plan", "none", "none", "unknown", "leak") in rows
    assert {row.pack for row in rows} == {*cell.packs, "unknown"}


def test_what_a_recipe_of_today_does_not_do_is_told_apart(cell):
    few = dataclasses.replace(cell, recipes=tuple(r for r in cell.recipes if r.spec.recipe != "vw-meb-82/standard"))
    found = coverage_of([read_recording(RECORDINGS / "vw-meb-82-damaged.mcap")], few)
    assert found.reached == 0
    assert ("vw-meb-82-damaged", Row("vw-meb-82/standard", "lid_bolts", "seized", "impact", "vw-meb-82", "dent")) in (
        found.beyond
    )


@pytest.mark.parametrize(
    ("values", "short"),
    [
        ({}, 0),
        ({"failure": "seized"}, 0),
        ({"failure": "seized", "recordings": 2}, 1),
        ({"recipe": "a/*", "each": ["damage"]}, 1),
        ({"operation": "whole plan", "recordings": 2}, 0),
        ({"operation": "whole plan", "recordings": 2, "each": ["pack", "damage"]}, 1),
    ],
)
def test_a_demand_is_met_or_told(values, short):
    assert len(shortfalls(FOUND, demand(**values))) == short


def test_a_shortfall_says_what_and_why_and_comes_first_in_the_advice():
    short = shortfalls(FOUND, demand(each=["damage"]))
    assert [str(one) for one in short] == ["damage dent: 0 of 1 recordings (for the test)"]
    assert str(advice(FOUND, short)[0]) == "a with dent, a/standard (asked for)"


def test_a_share_of_all_rows_can_be_demanded():
    wanted = CoverageFile(coverage="test", share=0.9)
    assert [str(one) for one in shortfalls(FOUND, wanted)] == ["share of all rows: 2 of 3 recordings (at least 90.0%)"]


def test_a_demand_that_no_row_can_meet_is_an_error():
    with pytest.raises(ConfigError, match="no such row"):
        shortfalls(FOUND, demand(failure="melted"))


def test_the_table_counts_recordings():
    lines = list(table_lines(FOUND))
    assert lines[0] == "a/standard: 2 of 3 reached"
    assert lines[1].split() == ["a", "none", "dent"]
    assert lines[2].split() == ["whole", "plan", "2", "-"]
    assert lines[3].split() == ["lid_bolts:", "seized", "->", "retry", "1", "-"]
    assert lines[-1] == "2 of 3 rows reached (66.7%)"


def test_the_recordings_that_ship_meet_the_minimum_that_ships(cell):
    found = coverage_of((read_recording(path) for path in sorted(RECORDINGS.glob("*.mcap"))), cell)
    wanted = load_minimum(MINIMUM)
    assert [str(one) for one in shortfalls(found, wanted)] == []
    fewer = {row: names - {"vw-meb-82-burn"} for row, names in found.rows.items()}
    assert shortfalls(Coverage(fewer), wanted), "without one of them it is not met"


def test_the_command_fails_below_the_minimum_and_says_what_to_record(tmp_path):
    path = tmp_path / "coverage.yaml"
    path.write_text(
        "coverage: strict\nminimum:\n  - {pack: nissan-leaf-24, failure: dropped, why: a module may fall}\n"
    )
    arguments = [
        "coverage",
        str(RECORDINGS / "stranger.mcap"),
        "--cell",
        str(REPOSITORY / "cell_configs/cells/demo.yaml"),
    ]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    result = CliRunner().invoke(app, [*arguments, "--minimum", str(path)])
    assert result.exit_code == 1, result.output
    assert "too little: failure dropped, pack nissan-leaf-24: 0 of 1 recordings (a module may fall)" in result.output
    assert "record next 1: nissan-leaf-24" in result.output
