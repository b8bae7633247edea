"""The configuration that a recording is replayed with: the working tree's, the recorded one, or parts replaced."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from delid.config import Cell, Models, Recipe, load_cell, load_recipe
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
    wanted = {"pack_damage": now.pack_damage, "fasteners": now.fasteners, "fastener_kinds": now.fastener_kinds}
    found = {role: (folder / path.name).resolve() for role, path in wanted.items() if path is not None}
    for path in found.values():
        if not path.is_dir():
            raise UsageError(f"there is no model folder {path}.", hint="Give --models the folder that holds them.")
    gallery = folder / now.gallery.name
    return with_roles(cell, found | ({"gallery": gallery.resolve()} if gallery.is_dir() else {}))


def with_roles(cell: Cell, folders: Mapping[str, Path]) -> Cell:
    """The cell with other folders for some of ``models``; the rest are those that it has, by their whole paths."""
    return dataclasses.replace(cell, spec=cell.spec.model_copy(update={"models": _models_of(cell, folders)}))


def _models_of(cell: Cell, folders: Mapping[str, Path] | None = None) -> Models:
    now = cell.spec.models
    here = {role: cell.resolve(path) for role in Models.model_fields if (path := getattr(now, role)) is not None}
    return Models(**(here | dict(folders or {})))


def with_recipes(cell: Cell, paths: Sequence[Path]) -> Cell:
    """The cell with each recipe in the place of the one of the same name, or added; raises ConfigError.

    What is put in its place counts as released, see ``cell_for_replay``.
    """
    recipes = {recipe.spec.recipe: recipe for recipe in cell.recipes}
    texts = dict(cell.texts)
    for recipe in map(load_recipe, paths):
        here = recipes.get(recipe.spec.recipe, recipe).document.path
        recipes[recipe.spec.recipe] = recipe
        texts |= _as_if_at(here, recipe)
    released = None if paths else cell.released
    return dataclasses.replace(cell, recipes=tuple(recipes.values()), texts=texts, released=released)


def _as_if_at(place: Path, recipe: Recipe) -> dict[str, str]:
    """The texts of a recipe and its fragments, as if it lay at ``place``."""
    folder = recipe.document.path.parent
    fragments = {place.parent / os.path.relpath(path, folder): text for path, text in recipe.fragments.items()}
    return {str(place): recipe.document.text} | {os.path.normpath(path): text for path, text in fragments.items()}


def recorded_cell(recording: Recording, cell: Cell) -> Cell:
    """The configuration that lies in the recording; models and gallery are those of ``cell``.

    In a recording that holds no releases, made before there were any, every recipe counts as released.
    """
    header = recording.header
    found = cell_of_texts(header.texts, header.cell_file, cell, str(recording.path))
    return dataclasses.replace(found, released=found.released or None)


def cell_of_texts(texts: Mapping[str, str], cell_file: str, like: Cell, origin: str = "the configuration") -> Cell:
    """A cell from the texts of its files, by their names from one folder; models and gallery are those of ``like``."""
    with tempfile.TemporaryDirectory(prefix="delid-replay-") as folder:
        base = Path(folder).resolve()
        for name, text in texts.items():
            target = (base / name).resolve()
            if not target.is_relative_to(base):
                raise RecordingError(f"{origin} holds a file with the name {name!r}.", code="recording.foreign")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        found = load_cell(base / cell_file)
    spec = found.spec.model_copy(update={"models": _models_of(like)})
    return dataclasses.replace(found, spec=spec)
