"""A configuration as settings with addresses: ``recipe/vw-meb-82/standard:operations.lid_bolts.torque_nm``.

In front of the colon stands the file, by what it is and what it is called; behind it the way to the value. An element
of a list is called by its id where it has one, else by its place, counted from 0.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delid.config import Cell, Document, read_document
from delid.core import ConfigError

KINDS = ("cell", "recipe", "pack", "fragment", "map", "health", "times", "calibration")
"""The first key of a configuration file; a cell file has some of the others too, so it is asked first."""
NAMES = ("id", "as", "use", "name", "tag")
"""What an element of a list is called by."""
MANIFEST = "manifest.yaml"
JUDGING = ("thresholds", "detection", "crop", "input")
"""The parts of a model's manifest that a judgement hangs on."""
NOTES = ("chosen", "from")
WORDS = 80
"""Characters shown of a value."""


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that is another one; ``nothing`` where one side does not have it."""

    address: str
    now: str
    before: str

    def __str__(self) -> str:
        return f"{self.address}: {self.now}; before: {self.before}"


def file_name(data: Any, path: str) -> str | None:
    """What a configuration file is called in addresses; None for the history of releases, which decides nothing."""
    if not isinstance(data, dict) or "releases" in data:
        return None
    kind = next((kind for kind in KINDS if isinstance(data.get(kind), str)), None)
    return f"{kind}/{data[kind]}" if kind else f"file/{Path(path).stem}"


def texts_by_name(texts: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    """File name in addresses to the path among ``texts`` and the parsed content. What is no YAML is left out."""
    found: dict[str, tuple[str, Any]] = {}
    for path, text in texts.items():
        try:
            data = Document(Path(path), text).data
        except ConfigError:
            continue
        if (name := file_name(data, path)) is not None:
            found[name] = (path, data)
    return found


def manifests_of(cell: Cell) -> dict[str, tuple[Path, Any]]:
    """``model/NAME`` to the folder and the judging part of the manifest of every model that the cell runs."""
    models = cell.spec.models
    folders = [models.pack_damage, models.fasteners, *([models.fastener_kinds] if models.fastener_kinds else [])]
    found: dict[str, tuple[Path, Any]] = {}
    for folder in map(cell.resolve, folders):
        data = read_document(folder / MANIFEST).data
        if isinstance(data, dict):
            judging = {key: _without_notes(data[key]) for key in JUDGING if key in data}
            found[f"model/{data.get('model', folder.name)}"] = folder, judging
    return found


def _without_notes(data: Any) -> Any:
    """How a threshold was chosen is for people."""
    if isinstance(data, dict):
        return {key: _without_notes(value) for key, value in data.items() if key not in NOTES}
    return data


def flat(data: Any, way: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its way; a list of named elements also gives their order."""
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from flat(value, f"{way}.{key}" if way else str(key))
    elif isinstance(data, list) and any(isinstance(item, dict) for item in data):
        names = element_names(data)
        yield way, names
        for name, item in zip(names, data, strict=True):
            yield from flat(item, f"{way}.{name}")
    else:
        yield way, data


def element_names(items: Sequence[Any]) -> list[str]:
    """Ids of the elements where all have one and no two the same, else their places."""
    names = [next((str(i[k]) for k in NAMES if k in i), "") if isinstance(i, dict) else "" for i in items]
    return names if all(names) and len(set(names)) == len(names) else [str(n) for n in range(len(items))]


def digest(data: Any) -> str:
    """Of what a file says, whatever its comments and layout."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Settings:
    """What decisions hang on besides the recording: the files by what they are, and their values.

    Attributes:
        digests: file to the digest of what it says.
        values: file to its settings, for the files whose content is at hand.
    """

    digests: Mapping[str, str]
    values: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, files: Mapping[str, Any]) -> Settings:
        return cls({n: digest(data) for n, data in files.items()}, {n: dict(flat(data)) for n, data in files.items()})


def settings_of(cell: Cell) -> Settings:
    """Everything that a cell names, and the manifests of its models."""
    files = {name: data for name, (_, data) in texts_by_name(cell.texts).items()}
    files |= {name: data for name, (_, data) in manifests_of(cell).items()}
    return Settings.of(files)


def settings_of_texts(texts: Mapping[str, str]) -> Settings:
    """Those that stand in texts alone."""
    return Settings.of({name: data for name, (_, data) in texts_by_name(texts).items()})


def without_models(settings: Settings) -> Settings:
    """Leave out the manifests of models, for a comparison with a side that has none."""
    digests = {name: value for name, value in settings.digests.items() if not name.startswith("model/")}
    return Settings(digests, {name: value for name, value in settings.values.items() if name in digests})


def settings_then(
    digests: Mapping[str, str], kept: Mapping[str, Mapping[str, Any]], texts: Mapping[str, str]
) -> Settings:
    """The settings of a reference: of ``texts`` those are taken that say what was said then."""
    known = settings_of_texts(texts)
    values = {name: known.values[name] for name, want in digests.items() if known.digests.get(name) == want}
    return Settings(digests, {**values, **kept})


def changes(now: Settings, before: Settings) -> list[Change]:
    """Settings that differ, file by file; a file whose former content is not at hand is told as a whole."""
    found: list[Change] = []
    for name in dict.fromkeys([*before.digests, *now.digests]):
        new, old = now.digests.get(name), before.digests.get(name)
        if new == old:
            continue
        if new is None or old is None:
            found.append(Change(name, "there" if new else "nothing", "there" if old else "nothing"))
        elif name in now.values and name in before.values:
            found += _values(name, now.values[name], before.values[name])
        else:
            found.append(Change(name, "says something else", "not at hand"))
    return found


def _values(name: str, now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[Change]:
    for way in dict.fromkeys([*before, *now]):
        sides = [_words(side[way]) if way in side else "nothing" for side in (now, before)]
        if sides[0] != sides[1]:
            yield Change(f"{name}:{way}", sides[0], sides[1])


def _words(value: Any) -> str:
    if isinstance(value, list):
        text = f"[{', '.join(_words(item) for item in value)}]"
    else:
        text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= WORDS else f"{text[:WORDS]}..."
