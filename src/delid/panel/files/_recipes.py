"""Recipes as an engineer edits them: the text in use, a draft beside it, findings of the checker, differences."""

from __future__ import annotations

import difflib
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent

from delid.config import Cell, Document, Recipe, ReleaseState, load_recipe, read_recipe, standing_of
from delid.core import ConfigError, ConfigFinding
from delid.planning import Finding as RuleFinding
from delid.planning import check_recipe

from .._refusals import refusal
from ._releasing import Releasing, Swap, write_whole

FILE = re.compile(r"^[a-z0-9][a-z0-9._-]{0,80}$")
MOST_EVENTS = 20_000
MOST_DEPTH = 24
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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
        self._releasing = Releasing(drafts.parent / "releasing.json")

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
        """Keep a draft; it changes nothing that runs. Raises PanelError ``panel.bad_yaml``."""
        check_plain(text)
        path = self._path(file)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, text)
        return path

    def discard(self, file: str) -> None:
        """Raises PanelError ``panel.not_found``."""
        if self.draft(file) is None:
            raise refusal("panel.not_found", f"There is no draft of {file!r}.")
        self._path(file).unlink()

    def bench(self, cell: Cell, file: str) -> Path:
        """A copy of the cell's recipes with the draft in its place, for trying it; the path of the draft there."""
        draft = self.draft(file)
        if draft is None and file not in self.in_use(cell):
            raise refusal("panel.not_found", f"There is no recipe {file!r}.")
        bench = self._drafts.parent / "bench" / "recipes"
        shutil.rmtree(bench, ignore_errors=True)
        shutil.copytree(folder_of(cell), bench)
        path = bench / f"{file}.yaml"
        if draft is not None:
            path.write_text(draft, encoding="utf-8")
        return path

    def install(self, cell: Cell, file: str) -> tuple[Path, Callable[[bool], None]]:
        """Put the draft into use, which takes a release before anything runs it.

        Returns its path, and what to call with how the release went: the text before comes back, or the draft goes.
        A panel that dies before that call finds out with ``recover``.
        """
        draft = self.draft(file)
        path = self.in_use(cell)[file].document.path if file in self.in_use(cell) else folder_of(cell) / f"{file}.yaml"
        if draft is None:
            return path, lambda released: None
        swap = Swap(file, str(path), path.read_bytes().decode() if path.is_file() else None, draft)
        self._releasing.begin(swap)
        return path, lambda released: self._settle(swap, released)

    def recover(self, pack_texts: Callable[[], Mapping[str, str]]) -> None:
        """End a release in whose middle an earlier panel process died: kept in use if it was made, else taken back."""
        if (swap := self._releasing.left()) is None:
            return
        try:
            recipe = load_recipe(Path(swap.path))
            released = standing_of(recipe, pack_texts()).state is ReleaseState.RELEASED
        except ConfigError:
            released = False
        self._settle(swap, released)

    def _settle(self, swap: Swap, released: bool) -> None:
        self._releasing.end(swap, released=released)
        if released and self.draft(swap.file) == swap.draft:  # one that was saved meanwhile stays
            self._path(swap.file).unlink()

    def _path(self, file: str) -> Path:
        if not FILE.match(file):
            raise refusal("panel.not_found", f"{file!r} is no name of a recipe file.")
        return self._drafts / f"{file}.yaml"


def findings(cell: Cell, file: str, text: str) -> list[Finding]:
    """What ``delid recipe check`` finds in ``text``; raises PanelError ``panel.bad_yaml`` for what only does harm.

    A fault in a fragment that it uses is told at line 1, with the name of the fragment's file.
    """
    check_plain(text)
    path = folder_of(cell) / f"{file}.yaml"
    found: Sequence[ConfigFinding | RuleFinding]
    try:
        recipe = read_recipe(Document(path, text))
        found = check_recipe(recipe, cell, cell.packs)
    except ConfigError as error:
        found = error.details
    return [_of_file(f, path) for f in found]


def folder_of(cell: Cell) -> Path:
    """Where the recipes of a cell lie, and beside them the fragments."""
    return cell.recipes[0].document.path.parent


def _of_file(found: ConfigFinding | RuleFinding, path: Path) -> Finding:
    own = found.path == path
    return Finding(found.line if own else 1, found.code, found.message if own else str(found), found.hint)


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
        for number, event in enumerate(yaml.parse(text, Loader=LOADER)):
            if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
                raise refusal("panel.bad_yaml", f"Line {_line(event)}: an anchor or an alias.")
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth > MOST_DEPTH or number > MOST_EVENTS:
                raise refusal("panel.bad_yaml", f"Line {_line(event)}: too deep or too long.")
    except yaml.YAMLError:
        return  # the checker names the line


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
