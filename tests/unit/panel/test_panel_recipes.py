"""Drafts of recipes on their way into use and back, and texts that only do harm."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from delid.config import Cell
from delid.core import PanelError
from delid.panel.files import Recipes, without_secrets
from delid.panel.files._recipes import check_plain


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    """Of a cell only what is asked here: its recipes and where they lie."""
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "one.yaml").write_text("old")
    (folder / "common.yaml").write_text("shared")
    recipe = SimpleNamespace(document=SimpleNamespace(path=folder / "one.yaml", text="old"))
    return cast(Cell, SimpleNamespace(recipes=(recipe,)))


@pytest.fixture
def recipes(tmp_path: Path) -> Recipes:
    return Recipes(tmp_path / "panel" / "drafts")


def in_use(cell: Any, file: str) -> Path:
    return Path(cell.recipes[0].document.path).with_name(f"{file}.yaml")


def test_a_draft_that_is_not_released_gives_way_to_what_was_there(cell: Cell, recipes: Recipes) -> None:
    recipes.save("one", "new")
    path, finished = recipes.install(cell, "one")
    assert path.read_text() == "new"
    finished(False)
    assert path.read_text() == "old"
    assert recipes.draft("one") == "new"


def test_a_draft_that_is_released_stays_and_is_no_draft_any_more(cell: Cell, recipes: Recipes) -> None:
    recipes.save("one", "new")
    path, finished = recipes.install(cell, "one")
    finished(True)
    assert path.read_text() == "new"
    assert recipes.draft("one") is None


def test_a_new_recipe_that_is_not_released_is_gone_again(cell: Cell, recipes: Recipes) -> None:
    recipes.save("two", "new")
    path, finished = recipes.install(cell, "two")
    assert path == in_use(cell, "two")
    finished(False)
    assert not path.exists()


def test_a_draft_is_tried_beside_copies_of_all_the_others(cell: Cell, recipes: Recipes) -> None:
    recipes.save("one", "new")
    path = recipes.bench(cell, "one")
    assert path.read_text() == "new"
    assert path.with_name("common.yaml").read_text() == "shared"
    assert in_use(cell, "one").read_text() == "old"
    with pytest.raises(PanelError):
        recipes.bench(cell, "three")


@pytest.mark.parametrize("name", ["../one", "a/b", "", ".hidden", "A", "x" * 100, "a\x00b"])
def test_names_of_drafts_stay_in_their_folder(recipes: Recipes, name: str) -> None:
    with pytest.raises(PanelError):
        recipes.save(name, "text")


@pytest.mark.parametrize("text", ["a: &x 1\nb: *x", "a: &x 1", "[" * 30 + "]" * 30])
def test_what_grows_when_it_is_read_is_refused(text: str) -> None:
    with pytest.raises(PanelError) as caught:
        check_plain(text)
    assert caught.value.code == "panel.bad_yaml"


@pytest.mark.parametrize("text", ["", "a: [1, {b: c}]", "a: [1", "\t- x: : :"])
def test_what_is_plain_or_only_wrong_passes(text: str) -> None:
    check_plain(text)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("password: hunter2", "hunter2"),
        ('{"db_password": "hunter 2"}', "hunter 2"),
        ("rtsp://eye:hunter2@cam/1", "hunter2"),
        ("Authorization: Bearer abcDEF123456", "abcDEF123456"),
        ("-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----", "abc"),
    ],
)
def test_what_looks_like_a_secret_is_removed(text: str, gone: str) -> None:
    assert gone not in without_secrets(text)
    assert "REMOVED" in without_secrets(text)


def test_what_is_no_secret_stays() -> None:
    text = "torque_nm: 12\nspin: fast\nhttp://cam/1\nclass Tokenizer"
    assert without_secrets(text) == text
