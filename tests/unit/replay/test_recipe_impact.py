"""Which recorded decisions another version of a recipe changes, without a frame being judged again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from delid.config import Document, load_cell, read_recipe
from delid.core import (
    Assessment,
    Damage,
    DamageKind,
    Decide,
    HazardClass,
    PackStatus,
    PackVerdict,
    Started,
)
from delid.journal import Recording, RecordingHeader
from delid.replay import impact, with_version

NAME = "byd-blade/standard"
REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def cell():
    return replace(load_cell(REPOSITORY / "cell_configs/cells/demo.yaml"), released=None)


@pytest.fixture(scope="module")
def recording():
    """Two decisions: an undamaged pack, and one with a small dent."""
    known = PackVerdict(PackStatus.KNOWN, "byd-blade", 0.97)
    dent = (Damage(DamageKind.DENT, 0.9, 0.25, (0, 0, 1, 1)),)
    whole = Decide("decide.1", Assessment(known, (), HazardClass.A, ("no damage found",)), {})
    dented = Decide("decide.2", Assessment(known, dent, HazardClass.B, ("dent",)), {})
    return Recording(Path("run.mcap"), RecordingHeader("run"), (Started(0.0), whole, dented), {})


def changed(cell, old: str, new: str):
    """The cell with a standard recipe in which ``old`` reads ``new``."""
    recipe = next(r for r in cell.recipes if r.spec.recipe == NAME)
    text = recipe.document.text
    assert old in text, text
    return with_version(cell, read_recipe(Document(recipe.document.path, text.replace(old, new, 1))))


def test_the_same_version_decides_the_same(cell, recording):
    found = impact(recording, cell, cell, NAME)
    assert [(i.decision, i.after, i.differences) for i in found] == [("decide.1", NAME, ()), ("decide.2", NAME, ())]


def test_a_narrower_recipe_gives_the_dented_pack_to_another_with_the_reason(cell, recording):
    found = impact(recording, cell, changed(cell, "dent: {max_severity: 0.3}", "dent: {max_severity: 0.2}"), NAME)
    whole, dented = found
    assert whole.differences == ()
    assert (dented.before, dented.after) == (NAME, "byd-blade/damaged")
    assert any("dent severity 0.25 is over the recipe's limit 0.20" in words for words in dented.differences)


def test_a_removed_recipe_is_told_too(cell, recording):
    without = replace(cell, recipes=tuple(r for r in cell.recipes if not r.spec.recipe.startswith("byd-blade/")))
    found = impact(recording, cell, without, NAME)
    assert all(i.after.startswith("no plan") and i.differences for i in found)
