"""From draft to released, on a copy of the shipped configuration; and that the shipped recipes are released."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from delid.cli.recipe import recipe_app
from delid.config import ReleaseState, load_cell, load_recipe, read_releases, standing_of
from delid.core import Assessment, ConfigError, HazardClass, PackStatus, PackVerdict, Plan, Refusal
from delid.planning import decide

NAME = "byd-blade-quarantine"
SEEN = Assessment(PackVerdict(PackStatus.KNOWN, "byd-blade", 0.97), (), HazardClass.C, ("burn",))


@pytest.fixture
def place(tmp_path, repository):
    """A copy of the configuration."""
    shutil.copytree(repository / "cell_configs", tmp_path / "cell_configs")
    shutil.rmtree(tmp_path / "cell_configs/recipes/releases/work", ignore_errors=True)
    return tmp_path


@pytest.fixture
def call(place):
    cell = ("--cell", str(place / "cell_configs/cells/demo.yaml"))
    return lambda *words: CliRunner().invoke(recipe_app, [*map(str, words), *cell])


@pytest.fixture
def recipe(place):
    return place / f"cell_configs/recipes/{NAME}.yaml"


def state_of(place, recipe):
    cell = load_cell(place / "cell_configs/cells/demo.yaml")
    return standing_of(load_recipe(recipe), cell.pack_texts).state


def decided(place, **more):
    return decide(SEEN, load_cell(place / "cell_configs/cells/demo.yaml"), {}, **more)


def taken(decision):
    assert isinstance(decision.outcome, Plan), decision.outcome
    return decision.outcome.recipe


def change(path):
    path.write_text(path.read_text().replace("frames: 3", "frames: 4", 1) + "# changed\n")


def test_every_shipped_recipe_is_released_as_it_is_now(repository):
    """Where it fails: delid recipe check, simulate and release, each with cell_configs/recipes/*.yaml."""
    cell = load_cell(repository / "cell_configs/cells/demo.yaml")
    assert [r.document.path.name for r in cell.recipes if not cell.is_released(r)] == []


def test_a_change_goes_from_draft_to_released_by_check_simulate_and_release(place, recipe, call):
    assert state_of(place, recipe) is ReleaseState.RELEASED
    before = read_releases(recipe)
    change(recipe)
    assert state_of(place, recipe) is ReleaseState.DRAFT
    refused = call("release", recipe, "--by", "Ann")
    assert refused.exit_code == 1
    assert f"not checked as it is now: run 'delid recipe check {recipe}'" in refused.output
    assert call("check", recipe).exit_code == 0
    assert state_of(place, recipe) is ReleaseState.CHECKED
    refused = call("release", recipe, "--by", "Ann")
    assert refused.exit_code == 1
    assert "not simulated as it is now" in refused.output
    assert call("simulate", recipe, "--runs", 10).exit_code == 0
    assert state_of(place, recipe) is ReleaseState.SIMULATED
    assert call("release", recipe, "--by", "Ann", "--note", "one frame more").exit_code == 0
    assert state_of(place, recipe) is ReleaseState.RELEASED
    after = read_releases(recipe)
    assert after[: len(before)] == before, "only appended to"
    last = after[-1]
    assert (last.by, last.note, last.check.cell, last.simulation.runs) == ("Ann", "one frame more", "demo", 10)
    assert last.content != before[-1].content


def test_what_counts_for_nothing_leaves_the_recipe_where_it_is(place, recipe, call):
    change(recipe)
    call("check", recipe)
    for words in (("--runs", 9), ("--runs", 10, "--no-failures"), ("--runs", 10, "--rate", "lift.dropped=0")):
        assert "not kept for a release" in call("simulate", recipe, *words).output
        assert state_of(place, recipe) is ReleaseState.CHECKED


def test_a_simulation_with_other_parameters_is_set_beside_the_recipe_as_it_is_and_not_kept(place, call):
    recipe = place / "cell_configs/recipes/byd-blade-standard.yaml"
    change(recipe)
    call("check", recipe)
    done = call("simulate", recipe, "--runs", 2, "--set", "lid_torque_nm=11", "--compare", recipe)
    assert done.exit_code == 0, done.output
    assert done.output.count("byd-blade/standard on byd-blade") == 2
    assert done.output.count("not kept for a release: parameters were changed") == 2
    assert state_of(place, recipe) is ReleaseState.CHECKED
    refused = call("simulate", recipe, "--runs", 1, "--set", "lid_torque_nm=30")
    assert refused.exit_code == 2
    assert "above the approved 18" in refused.output


def test_a_finding_keeps_a_recipe_from_being_checked_and_released(place, recipe, call):
    call("check", recipe)
    recipe.write_text(recipe.read_text().replace("operations:", "permissives: [no_such_tag]\noperations:"))
    assert call("check", recipe).exit_code == 1
    assert state_of(place, recipe) is ReleaseState.DRAFT
    refused = call("release", recipe, "--by", "Ann")
    assert refused.exit_code == 1
    assert "unknown_tag" in refused.output


def test_a_change_of_the_pack_file_is_a_change_of_the_recipe(place, recipe):
    pack = place / "cell_configs/packs/byd-blade.yaml"
    pack.write_text(pack.read_text() + "# measured again\n")
    assert state_of(place, recipe) is ReleaseState.DRAFT


def test_going_back_to_an_older_release_needs_a_release_again(place, recipe, call):
    old = recipe.read_text()
    change(recipe)
    call("check", recipe)
    call("simulate", recipe, "--runs", 10)
    assert call("release", recipe, "--by", "Ann").exit_code == 0
    recipe.write_text(old)
    assert state_of(place, recipe) is ReleaseState.DRAFT


def test_show_tells_state_release_and_difference(recipe, call):
    change(recipe)
    shown = call("show", recipe).output
    assert f"state       draft, next: delid recipe check {recipe}" in shown
    assert "+# changed" in shown
    facts = json.loads(call("show", recipe, "--json").stdout)
    assert facts["state"] == "draft"
    assert facts["released"]["by"]
    assert "+# changed" in facts["difference"]


def test_a_released_text_that_was_edited_is_found_out(place, recipe, call):
    texts = place / "cell_configs/recipes/releases/texts"
    change(recipe)
    for path in texts.glob(f"{NAME}.recipe.*"):
        path.write_text("something else\n")
    shown = call("show", recipe)
    assert shown.exit_code == 2
    assert "it is not what was released" in shown.output


def test_the_planner_takes_released_recipes_only_and_says_what_to_run(place, recipe):
    own, common = "byd-blade/quarantine", "common/quarantine"
    assert taken(decided(place, released_only=True)) == own
    change(recipe)
    found = decided(place, released_only=True)
    assert taken(found) == common
    (told,) = [c.reasons for c in found.candidates if c.recipe == own]
    assert told == (f"not released: run 'delid recipe release {NAME}.yaml --by NAME'",)
    assert taken(decided(place)) == own, "in maintenance"
    cell = replace(load_cell(place / "cell_configs/cells/demo.yaml"), released=None)
    assert taken(decide(SEEN, cell, {}, released_only=True)) == own, "where releases do not matter"


def test_nothing_is_released_where_there_are_no_releases(place):
    shutil.rmtree(place / "cell_configs/recipes/releases")
    assert isinstance(decided(place, released_only=True).outcome, Refusal)


def test_a_broken_release_file_stops_the_start_with_its_line(place, recipe):
    path = recipe.parent / "releases" / recipe.name
    path.write_text(path.read_text().replace("content:", "contents:", 1))
    with pytest.raises(ConfigError) as caught:
        load_cell(place / "cell_configs/cells/demo.yaml")
    assert f"{path}:" in str(caught.value)
