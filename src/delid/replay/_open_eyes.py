"""The eyes of a cell: its models, or what they said of the same frames before."""

from __future__ import annotations

from pathlib import Path

from delid.config import Cell
from delid.vision import Inspector

from ._cache import InspectionCache
from ._cached_eyes import CachedEyes
from ._eyes import Eyes, LiveEyes
from ._settings import vision_digest


def open_eyes(cell: Cell, cache: Path | None = None, *, decisions_only: bool = False, digest: str = "") -> Eyes:
    """Without ``cache`` models are loaded at once; with it when a frame is missing, and with ``decisions_only`` never.

    Args:
        digest: of the cell's settings, where it is known already.
    """
    if cache is None:
        return LiveEyes(Inspector.load(cell, threads=1))
    load = None if decisions_only else lambda: Inspector.load(cell, threads=1)
    return CachedEyes(InspectionCache(cache), digest or vision_digest(cell), load)
