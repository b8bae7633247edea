"""The configuration that a recording is replayed with: the working tree's, the recorded one, or parts replaced."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path

from delid.config import Cell, Models, load_cell, load_recipe
from delid.core import RecordingError, UsageError
from delid.journal import Recording


def cell_for_replay(path: Path, *, models: Path | None = None, recipes: Sequence[Path] = ()) -> Cell:
    """The cell file, with other models or recipes where they are given; raises ConfigError and UsageError.

    Recipes count as released: a replay asks what they decide, and a recipe is replayed before it is released.
    """
    cell = dataclasses.replace(load_cell(path), released=None)
    if models is not None:
        cell = with_models(cell, models)
    return with_recipes(cell, recipes)


def with_models(cell: Cell, folder: Path) -> Cell:
    """The cell with the model folders of the same names in ``folder``; the gallery only where ``folder`` has one."""
    now = cell.spec.models
    gallery = folder / now.gallery.name
    found = Models(
        pack_damage=(folder / now.pack_damage.name).resolve(),
        fasteners=(folder / now.fasteners.name).resolve(),
        gallery=gallery.resolve() if gallery.is_dir() else cell.resolve(now.gallery),
    )
    for path in (found.pack_damage, found.fasteners):
        if not path.is_dir():
            raise UsageError(f"there is no model folder {path}.", hint="Give --models the folder that holds them.")
    return dataclasses.replace(cell, spec=cell.spec.model_copy(update={"models": found}))


def with_recipes(cell: Cell, paths: Sequence[Path]) -> Cell:
    """The cell with each recipe in the place of the one of the same name, or added; raises ConfigError.

    What is put in its place counts as released, see ``cell_for_replay``.
    """
    recipes = {recipe.spec.recipe: recipe for recipe in cell.recipes}
    for path in paths:
        recipe = load_recipe(path)
        recipes[recipe.spec.recipe] = recipe
    return dataclasses.replace(cell, recipes=tuple(recipes.values()), released=None if paths else cell.released)


def recorded_cell(recording: Recording, cell: Cell) -> Cell:
    """The configuration that lies in the recording; models and gallery are those of ``cell``.

    In a recording that holds no releases, made before there were any, every recipe counts as released.
    """
    header = recording.header
    with tempfile.TemporaryDirectory(prefix="delid-replay-") as folder:
        base = Path(folder).resolve()
        for name, text in header.texts.items():
            target = (base / name).resolve()
            if not target.is_relative_to(base):
                raise RecordingError(f"{recording.path} holds a file with the name {name!r}.", code="recording.foreign")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        found = load_cell(base / header.cell_file)
    here = cell.spec.models
    models = Models(
        pack_damage=cell.resolve(here.pack_damage),
        fasteners=cell.resolve(here.fasteners),
        gallery=cell.resolve(here.gallery),
    )
    spec = found.spec.model_copy(update={"models": models})
    return dataclasses.replace(found, spec=spec, released=found.released or None)
