"""How recordings are judged: made once, the same in every worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from delid.config import Cell
from delid.replay import Mode, code_digest, digest_of, vision_digest

MAX_BYTES = 4 * 1024**3
"""A recording is read whole; a larger one is set aside unless a person allows more."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What is judged with what.

    Attributes:
        cell: the configuration, with what is replaced in it already replaced.
        reference: folder of the references; None compares each recording with itself as it was recorded.
        recorded_config: take the configuration that lies in each recording; models stay those of ``cell``.
        recipes: take the place of those of the same name in a recorded configuration.
        settings: ``FILE:WAY=VALUE``, changed in a recorded configuration too.
        plain: compare with what this configuration makes of the recording, where there is no reference.
        mode: how a recording is replayed.
        pictures: keep the frames on which a decision changed, for a report.
        reason: write references that differ or are missing, for this reason.
        cache: folder in which inspections are kept.
        decisions_only: take inspections from the cache alone.
        max_bytes: larger recordings are set aside unread.
    """

    cell: Cell
    reference: Path | None = None
    recorded_config: bool = False
    recipes: tuple[Path, ...] = ()
    reason: str | None = None
    cache: Path | None = None
    decisions_only: bool = False
    max_bytes: int = MAX_BYTES
    settings: tuple[str, ...] = ()
    plain: Cell | None = None
    mode: Mode = Mode.PROCESS
    pictures: bool = False

    def digest(self) -> str:
        """Changes with everything that may change a verdict, but for the recordings and their references."""
        recipes = [path.read_text(encoding="utf-8") for path in self.recipes]
        given = [str(self.reference), str(self.recorded_config), str(self.reason), self.mode.value, *self.settings]
        given += [self.plain.sha256, vision_digest(self.plain)] if self.plain else []
        chosen = [f"{recipe.spec.recipe} {recipe.sha256}" for recipe in self.cell.recipes]
        return digest_of(
            [code_digest(("delid",)), vision_digest(self.cell), self.cell.sha256, *chosen, *recipes, *given]
        )
