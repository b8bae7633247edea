"""Releases: which version of a recipe a person answers for. A file for each recipe, beside it, only appended to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from delid.core import ConfigError

from ._recipe_load import Recipe
from ._yaml import StrictModel, load_yaml_model

FOLDER = "releases"
WORK, TEXTS = "work", "texts"
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ReleaseState(StrEnum):
    """How far a recipe has come; any change of it, its fragments or its packs begins again at draft."""

    DRAFT = "draft"
    CHECKED = "checked"
    SIMULATED = "simulated"
    RELEASED = "released"


class CheckResult(StrictModel):
    """The recipe check found nothing."""

    rules: int
    """How many rules were asked."""
    cell: str
    at: str


class SimulationResult(StrictModel):
    """What the simulated runs came to; every one ended as the recipe says."""

    runs: int
    seed: int
    duration_s: float
    """Mean."""
    duration_p5_s: float
    duration_p95_s: float
    energy_wh: float
    """Mean, estimated."""
    questions: float
    """Mean of a run."""
    assumptions: str
    """Digest of the assumptions, its beginning."""
    cell: str
    at: str


class ReleaseProgress(StrictModel):
    """How far one version has come before its release. Working data: overwritten, and not part of a release."""

    content: Sha256
    check: CheckResult | None = None
    simulation: SimulationResult | None = None


class Release(StrictModel):
    """A person's word for one version of a recipe."""

    recipe: str
    content: Sha256
    """Digest over everything that makes the version up: ``files``."""
    at: str
    """UTC."""
    by: Annotated[str, Field(min_length=1)]
    note: str = ""
    delid: str = ""
    files: dict[str, Sha256]
    """``recipe``, ``fragment:NAME`` and ``pack:NAME`` to the digest of its text, which lies in the folder texts."""
    check: CheckResult
    simulation: SimulationResult


class ReleaseFile(StrictModel):
    releases: list[Release]
    """The oldest first. The last one counts."""


@dataclass(frozen=True, slots=True)
class Version:
    """The present content of a recipe: texts by ``recipe``, ``fragment:NAME``, ``pack:NAME``."""

    texts: Mapping[str, str]

    @property
    def files(self) -> dict[str, str]:
        return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(self.texts.items())}

    @property
    def content(self) -> str:
        return hashlib.sha256("\n".join(f"{n} {d}" for n, d in self.files.items()).encode()).hexdigest()


def version_of(recipe: Recipe, pack_texts: Mapping[str, str]) -> Version:
    """What a release of ``recipe`` would be for: its text, its fragments, and the files of the packs that it serves."""
    texts = {"recipe": recipe.document.text}
    folder = recipe.document.path.parent.resolve()
    for path, text in recipe.fragments.items():
        found = Path(path).resolve()
        name = found.relative_to(folder) if found.is_relative_to(folder) else Path(found.name)
        texts[f"fragment:{name.with_suffix('').as_posix()}"] = text
    texts |= {f"pack:{name}": pack_texts[name] for name in recipe.spec.serves.packs if name in pack_texts}
    return Version(texts)


@dataclass(frozen=True, slots=True)
class ReleaseStanding:
    """Where a recipe stands.

    Attributes:
        last: its last release, of this version or of one before.
        progress: what is known of this version.
    """

    version: Version
    last: Release | None
    progress: ReleaseProgress

    @property
    def state(self) -> ReleaseState:
        if self.last is not None and self.last.content == self.version.content:
            return ReleaseState.RELEASED
        if self.progress.check is None:
            return ReleaseState.DRAFT
        return ReleaseState.CHECKED if self.progress.simulation is None else ReleaseState.SIMULATED


def standing_of(recipe: Recipe, pack_texts: Mapping[str, str]) -> ReleaseStanding:
    """Read what is known of a recipe beside its file; raises ConfigError."""
    path, version = recipe.document.path, version_of(recipe, pack_texts)
    return ReleaseStanding(version, next(reversed(read_releases(path)), None), read_progress(path, version.content))


def releases_path(recipe: Path) -> Path:
    """Where the releases of a recipe file stand."""
    return recipe.parent / FOLDER / recipe.name


def progress_path(recipe: Path) -> Path:
    return recipe.parent / FOLDER / WORK / f"{recipe.stem}.json"


def read_releases(recipe: Path) -> tuple[Release, ...]:
    """Of a recipe file, the oldest first; none where there are none. Raises ConfigError."""
    path = releases_path(recipe)
    return tuple(load_yaml_model(path, ReleaseFile).releases) if path.is_file() else ()


def read_progress(recipe: Path, content: str) -> ReleaseProgress:
    """Of this version; of another one nothing counts."""
    try:
        found = ReleaseProgress.model_validate_json(progress_path(recipe).read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError):
        return ReleaseProgress(content=content)
    return found if found.content == content else ReleaseProgress(content=content)


def write_progress(recipe: Path, progress: ReleaseProgress) -> None:
    """Raises ConfigError where the folder cannot be written."""
    path = progress_path(recipe)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(progress.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError([f"{path}:1: cannot be written: {error.strerror}"], code="config.unwritable") from error


def append_release(recipe: Path, release: Release, version: Version) -> Path:
    """Add a release to those of a recipe file, and keep its texts. Raises ConfigError."""
    path = releases_path(recipe)
    known = len(read_releases(recipe))
    try:
        (path.parent / TEXTS).mkdir(parents=True, exist_ok=True)
        for name, text in version.texts.items():
            _text_path(recipe, name, version.files[name]).write_text(text, encoding="utf-8")
        with path.open("a", encoding="utf-8") as file:
            file.write(("" if known else HEAD) + _as_yaml(release))
    except OSError as error:
        raise ConfigError([f"{path}:1: cannot be written: {error.strerror}"], code="config.unwritable") from error
    return path


def released_texts(recipe: Path, release: Release) -> dict[str, str]:
    """The texts of a release; raises ConfigError where one is missing or was changed."""
    found = {}
    for name, digest in release.files.items():
        path = _text_path(recipe, name, digest)
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if hashlib.sha256(text.encode()).hexdigest() != digest:
            words = "it is missing" if not text else "it is not what was released"
            raise ConfigError([f"{path}:1: the text of a release: {words}"], code="config.release_text")
        found[name] = text
    return found


def _text_path(recipe: Path, name: str, digest: str) -> Path:
    kind, _, which = name.partition(":")
    return recipe.parent / FOLDER / TEXTS / f"{which.replace('/', '-') or recipe.stem}.{kind}.{digest[:12]}.txt"


HEAD = """\
# Releases of a recipe, the oldest first; the last one counts. Written by 'delid recipe release', only appended to.
releases:
"""


def _as_yaml(release: Release) -> str:
    """One item of the list, a key to a line; JSON is YAML."""
    rows = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in release.model_dump().items()]
    return "".join(f"  {'- ' if n == 0 else '  '}{row}\n" for n, row in enumerate(rows))
