"""Recipes as an engineer edits them: the text in use, a draft beside it, findings of the checker, differences."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent

from delid.config import Cell, Document, Recipe, RecipeFile
from delid.core import ConfigError
from delid.planning import check_recipe

from .._refusals import refusal

FILE = re.compile(r"^[a-z0-9][a-z0-9._-]{0,80}$")
MOST_EVENTS = 20_000
MOST_DEPTH = 24
FINDING = re.compile(r"^(?P<file>.*?):(?P<line>\d+): (?P<words>.*)$", re.S)


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault by its line."""

    line: int
    code: str
    message: str
    hint: str


class Recipes:
    """The recipes of a cell by file name without ending, and drafts in a folder of their own."""

    def __init__(self, drafts: Path) -> None:
        self._drafts = drafts

    def in_use(self, cell: Cell) -> dict[str, Recipe]:
        return {recipe.document.path.stem: recipe for recipe in cell.recipes}

    def text(self, cell: Cell, file: str) -> str | None:
        """The text in use; None where there is only a draft."""
        found = self.in_use(cell).get(file)
        return found.document.text if found else None

    def draft(self, file: str) -> str | None:
        path = self._path(file)
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def drafts(self) -> list[str]:
        return sorted(p.stem for p in self._drafts.glob("*.yaml")) if self._drafts.is_dir() else []

    def save(self, file: str, text: str) -> Path:
        """Keep a draft; it changes nothing that runs."""
        path = self._path(file)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)
        return path

    def discard(self, file: str) -> None:
        """Raises PanelError ``panel.not_found``."""
        if self.draft(file) is None:
            raise refusal("panel.not_found", f"There is no draft of {file!r}.")
        self._path(file).unlink()

    def path(self, cell: Cell, file: str, draft: bool) -> Path:
        """Where the text lies; raises PanelError ``panel.not_found``."""
        found = self.in_use(cell).get(file)
        if draft and self.draft(file) is not None:
            return self._path(file)
        if draft or found is None:
            raise refusal("panel.not_found", f"There is no {'draft of ' if draft else ''}recipe {file!r}.")
        return found.document.path

    def _path(self, file: str) -> Path:
        if not FILE.match(file):
            raise refusal("panel.not_found", f"{file!r} is no name of a recipe file.")
        return self._drafts / f"{file}.yaml"


def findings(cell: Cell, file: str, text: str) -> list[Finding]:
    """What ``delid recipe check`` finds in ``text``; raises PanelError ``panel.bad_yaml`` for what only does harm."""
    check_plain(text)
    name = Path(f"{file}.yaml")
    try:
        document = Document(name, text)
        recipe = Recipe(document.validate(RecipeFile), document)
    except ConfigError as error:
        return [_of_line(line, error.code) for line in error.findings]
    found = check_recipe(recipe, cell, cell.packs)
    return [Finding(f.line, f.code, f.message, f.hint) for f in found]


def difference(before: str, after: str, name: str) -> list[str]:
    """A unified diff, line by line."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{name} in use", f"{name} draft", lineterm=""
    )
    return list(lines)


def check_plain(text: str) -> None:
    """Refuse YAML that grows when it is read: aliases, endless depth, far too many parts. What is only wrong passes."""
    depth = 0
    try:
        for number, event in enumerate(YAML(typ="safe", pure=True).parse(text)):
            if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
                raise refusal("panel.bad_yaml", f"Line {event.start_mark.line + 1}: an anchor or an alias.")
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth > MOST_DEPTH or number > MOST_EVENTS:
                raise refusal("panel.bad_yaml", f"Line {event.start_mark.line + 1}: too deep or too long.")
    except YAMLError:
        return  # the checker names the line


def _of_line(line: str, code: str) -> Finding:
    found = FINDING.match(line)
    return Finding(int(found["line"]), code, found["words"], "") if found else Finding(1, code, line, "")
