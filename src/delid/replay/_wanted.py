"""Which configuration recordings are replayed with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from delid.config import Cell
from delid.journal import Recording

from ._setup import cell_for_replay, recorded_cell, with_recipes
from ._what_if import parse_assignment, with_model, with_settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which configuration to replay with: the cell file, and what takes the place of parts of it.

    Attributes:
        models: folder of model folders with the names of the cell's.
        model: single model folders, each in the place of the one with its task.
        recipes: recipe files, each in the place of the one of its name.
        settings: ``FILE:WAY=VALUE`` each.
    """

    cell: Path
    models: Path | None = None
    model: tuple[Path, ...] = ()
    recipes: tuple[Path, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def what_if(self) -> bool:
        """True where something is another one than in the cell file."""
        return bool(self.models or self.model or self.recipes or self.settings)

    @property
    def plain(self) -> Wanted:
        """The cell file alone."""
        return Wanted(self.cell)


def configure(wanted: Wanted, workspace: Path, recording: Recording | None = None) -> Cell:
    """The cell as it is wanted; raises ConfigError and UsageError.

    Models with changed settings are put together in ``workspace``, which has to stay there until they are loaded. With
    a ``recording`` its own configuration is taken in the place of the cell file's, models apart.
    """
    cell = cell_for_replay(wanted.cell, models=wanted.models)
    for folder in wanted.model:
        cell = with_model(cell, folder)
    if recording is not None:
        cell = recorded_cell(recording, cell)
    cell = with_recipes(cell, wanted.recipes)
    return with_settings(cell, [parse_assignment(words) for words in wanted.settings], workspace)
