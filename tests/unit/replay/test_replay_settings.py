"""Settings by address: every change is found and named, and what cannot be set says what is near it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from delid.config import load_cell
from delid.core import UsageError
from delid.replay import (
    Change,
    Settings,
    Wanted,
    changes,
    configure,
    parse_assignment,
    settings_of,
    with_recipes,
    with_settings,
)
from delid.vision import read_manifest

REPOSITORY = Path(__file__).resolve().parents[3]
RECIPE = "recipe/vw-meb-82/standard"


@pytest.fixture(scope="module")
def cell():
    return dataclasses.replace(load_cell(REPOSITORY / "cell_configs/cells/demo.yaml"), released=None)


@pytest.fixture(scope="module")
def settings(cell):
    return settings_of(cell)


def changed(cell, tmp_path, *words):
    return with_settings(cell, [parse_assignment(word) for word in words], tmp_path / "models")


def test_every_file_of_a_cell_and_every_model_has_a_name(settings):
    assert {"cell/demo", "map/delid-1", "pack/vw-meb-82", RECIPE, "fragment/common/lid_off"} <= set(settings.digests)
    assert {"model/pack-damage", "model/fastener-detect", "model/fastener-kind"} <= set(settings.digests)
    assert not [name for name in settings.digests if "release" in name]


def test_elements_of_a_list_are_called_by_their_id(settings):
    values = settings.values[RECIPE]
    assert values["operations.lid_bolts.order"] == "shortest"
    assert values["operations"] == ["common/hv_isolation", "lid_bolts", "common/lid_off", "take_modules"]


def test_a_setting_becomes_another_one_and_is_the_only_change(cell, settings, tmp_path):
    other = changed(cell, tmp_path, f"{RECIPE}:operations.lid_bolts.order=given", "cell/demo:motion.safe_z_mm=-25")
    assert other.spec.motion.safe_z_mm == -25
    (recipe,) = [r for r in other.recipes if r.spec.recipe == "vw-meb-82/standard"]
    assert [o.order for o in recipe.spec.operations if o.id == "lid_bolts"] == ["given"]
    assert {str(change) for change in changes(settings_of(other), settings)} == {
        f"{RECIPE}:operations.lid_bolts.order: given; before: shortest",
        "cell/demo:motion.safe_z_mm: -25; before: -20",
    }


def test_a_fragment_is_set_for_every_recipe_that_uses_it(cell, tmp_path):
    other = changed(cell, tmp_path, "fragment/common/lid_off:operations.lift_lid.on_failure.dropped=[stop]")
    reactions = {
        tuple(r.value for r in operation.on_failure["dropped"])
        for recipe in other.recipes
        for operation in recipe.spec.operations
        if operation.id.endswith("lift_lid") and recipe.spec.recipe.endswith("/standard")
    }
    assert reactions == {("stop",)}


def test_a_threshold_of_a_model_is_set_in_a_copy(cell, settings, tmp_path):
    words = "model/pack-damage:thresholds.damage.dent.min_confidence=0.6"
    other = changed(cell, tmp_path, words)
    shipped = read_manifest(REPOSITORY / "models/pack-damage").thresholds.damage["dent"]
    assert [str(c) for c in changes(settings_of(other), settings)] == [
        f"model/pack-damage:thresholds.damage.dent.min_confidence: 0.6; before: {shipped.min_confidence}"
    ]
    folder = other.spec.models.pack_damage
    assert folder.is_relative_to(tmp_path)
    assert (folder / "model.onnx").resolve() == REPOSITORY / "models/pack-damage/model.onnx"


def test_a_recipe_in_the_place_of_its_namesake_is_what_is_then_set(cell, tmp_path):
    text = (REPOSITORY / "cell_configs/recipes/vw-meb-82-standard.yaml").read_text()
    path = tmp_path / "other.yaml"
    path.write_text(text.replace("value: 12", "value: 13"))
    (tmp_path / "common").symlink_to(REPOSITORY / "cell_configs/recipes/common")
    other = changed(with_recipes(cell, [path]), tmp_path, f"{RECIPE}:title=another")
    (recipe,) = [r for r in other.recipes if r.spec.recipe == "vw-meb-82/standard"]
    assert (recipe.spec.parameters["lid_torque_nm"].value, recipe.spec.title) == (13, "another")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("cell/demo", "FILE:WAY=VALUE"),
        ("cell/demo:motion.safe_z_mm", "FILE:WAY=VALUE"),
        (":a=1", "FILE:WAY=VALUE"),
        ("cell/dem:motion.safe_z_mm=1", "there is no cell/dem"),
        ("cell/demo:motion.safe_y_mm.x=1", "cell/demo has no motion.safe_y_mm.x"),
        (f"{RECIPE}:operations.lid_bolt.order=given", "operations.lid_bolts.order"),
        (f"{RECIPE}:operations.lid_bolts.order=longest", "order"),
        (f"{RECIPE}:operations.lid_bolts.colour=red", "colour"),
        ("model/pack-damages:thresholds.pack.margin=1", "model/pack-damage"),
        ("cell/demo:motion.safe_z_mm=[1", "no YAML value"),
    ],
)
def test_what_cannot_be_set_is_told(cell, tmp_path, words, says):
    with pytest.raises(UsageError) as caught:
        changed(cell, tmp_path, words)
    assert says in f"{caught.value.message} {caught.value.hint}"


def test_a_folder_that_is_no_model_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"manifest\.yaml|no model"):
        configure(Wanted(REPOSITORY / "cell_configs/cells/demo.yaml", model=(tmp_path,)), tmp_path)


def test_files_that_came_or_went_or_are_not_at_hand():
    before = Settings({"recipe/a": "1", "recipe/b": "1"}, {})
    now = Settings({"recipe/b": "2", "recipe/c": "1"}, {"recipe/b": {}})
    assert changes(now, before) == [
        Change("recipe/a", "nothing", "there"),
        Change("recipe/b", "says something else", "not at hand"),
        Change("recipe/c", "there", "nothing"),
    ]
