"""What if: the configuration with other models, recipes or single settings in their places."""

from __future__ import annotations

import dataclasses
import difflib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delid.config import Cell, Document, read_document
from delid.core import ConfigError, UsageError
from delid.journal import header_of

from ._addresses import MANIFEST, element_names, flat, manifests_of, texts_by_name
from ._setup import cell_of_texts, with_roles

ROLES = {"pack_damage": "pack_damage", "fastener_detect": "fasteners", "fastener_kind": "fastener_kinds"}
"""Task in a model's manifest to its place in the cell file."""
MODEL = "model/"
NEAR = 3


@dataclass(frozen=True, slots=True)
class Assignment:
    """One ``--set``: file, way to the value, the value itself, and the words as they were given."""

    file: str
    way: tuple[str, ...]
    value: Any
    words: str


def parse_assignment(words: str) -> Assignment:
    """``FILE:WAY=VALUE``, the value as in YAML; raises UsageError."""
    address, equals, text = words.partition("=")
    file, colon, way = address.strip().partition(":")
    if not (equals and colon and file and way):
        raise UsageError(
            f"--set {words}: it takes FILE:WAY=VALUE.",
            hint="For example --set recipe/vw-meb-82/standard:parameters.lid_torque_nm.value=11.",
        )
    try:
        value = Document(Path("--set"), f"value: {text}").data["value"]
    except ConfigError as error:
        raise UsageError(f"--set {words}: {text!r} is no YAML value.") from error
    return Assignment(file, tuple(way.split(".")), value, words)


def with_model(cell: Cell, folder: Path) -> Cell:
    """The cell with the model of ``folder`` in the place of the one with the same task; raises UsageError."""
    path = folder / MANIFEST
    if not path.is_file():
        raise UsageError(f"there is no model in {folder}.", hint=f"A model is a folder with a {MANIFEST}.")
    task = read_document(path).data.get("task")
    if task not in ROLES:
        raise UsageError(f"{path} has the task {task!r}; a cell has models for {', '.join(ROLES)}.")
    return with_roles(cell, {ROLES[task]: folder.resolve()})


def with_recorded_settings(cell: Cell, words: Sequence[str]) -> Cell:
    """A recorded configuration with each setting changed; those of models hold for it already."""
    given = [parse_assignment(word) for word in words]
    ours = [one for one in given if not one.file.startswith(MODEL)]
    return _with_texts(cell, ours) if ours else cell


def with_settings(cell: Cell, given: Sequence[Assignment], workspace: Path) -> Cell:
    """The cell with each setting changed.

    Changed models are put together in ``workspace``, which has to stay there until they are loaded. Raises UsageError
    for a setting that is not there or takes no such value.
    """
    ours = [one for one in given if not one.file.startswith(MODEL)]
    if ours:
        cell = _with_texts(cell, ours)
    theirs = [one for one in given if one.file.startswith(MODEL)]
    return _with_manifests(cell, theirs, workspace) if theirs else cell


def _with_texts(cell: Cell, given: Sequence[Assignment]) -> Cell:
    header = header_of(cell, "", "", {})
    texts = dict(header.texts)
    files = texts_by_name(texts)
    for one in given:
        path, data = _file(files, one)
        put(data, one)
        texts[path] = json.dumps(data, indent=1, default=str, ensure_ascii=False)
    try:
        found = cell_of_texts(texts, header.cell_file, cell)
    except ConfigError as error:
        words = "; ".join(one.words for one in given)
        raise UsageError(f"--set {words}: {error.message}") from error
    names = {recipe.spec.recipe for recipe in found.recipes}
    added = tuple(recipe for recipe in cell.recipes if recipe.spec.recipe not in names)
    return dataclasses.replace(found, recipes=(*found.recipes, *added), released=None)


def _with_manifests(cell: Cell, given: Sequence[Assignment], workspace: Path) -> Cell:
    files = {name: (folder, read_document(folder / MANIFEST).data) for name, (folder, _) in manifests_of(cell).items()}
    for one in given:
        put(_file(files, one)[1], one)
    for name in dict.fromkeys(one.file for one in given):
        folder, data = files[name]
        target = workspace / folder.name
        target.mkdir(parents=True)
        for path in folder.iterdir():
            if path.name != MANIFEST:
                os.symlink(path.resolve(), target / path.name)
        (target / MANIFEST).write_text(json.dumps(data, indent=1, default=str, ensure_ascii=False), encoding="utf-8")
        cell = with_model(cell, target)
    return cell


def _file(files: Mapping[str, tuple[Any, Any]], one: Assignment) -> tuple[Any, Any]:
    if one.file not in files:
        raise UsageError(f"--set {one.words}: there is no {one.file}.", hint=_near(one.file, list(files)))
    return files[one.file]


def put(data: Any, one: Assignment) -> None:
    """Change the value in place; what leads to it has to be there. Raises UsageError."""
    place = data
    for part in one.way[:-1]:
        place = _child(place, part, data, one)
    last = one.way[-1]
    if isinstance(place, dict):
        place[last] = one.value
    elif isinstance(place, list) and last in (names := element_names(place)):
        place[names.index(last)] = one.value
    else:
        raise _missing(data, one)


def _child(place: Any, part: str, data: Any, one: Assignment) -> Any:
    if isinstance(place, dict) and part in place:
        return place[part]
    if isinstance(place, list) and part in (names := element_names(place)):
        return place[names.index(part)]
    raise _missing(data, one)


def _missing(data: Any, one: Assignment) -> UsageError:
    way = ".".join(one.way)
    return UsageError(f"--set {one.words}: {one.file} has no {way}.", hint=_near(way, [name for name, _ in flat(data)]))


def _near(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, NEAR, 0.4)
    return f"Near it: {', '.join(near)}." if near else f"There are: {', '.join(sorted(known)[:20])}."
