"""Which models a cell runs."""

from __future__ import annotations

from pathlib import Path

from ._yaml import StrictModel


class Models(StrictModel):
    pack_damage: Path
    """Folder with model.onnx and manifest.yaml."""
    fasteners: Path
    """Finds fasteners."""
    fastener_kinds: Path | None = None
    """Tells what stands at a place that was found; without it the model that finds them says so too."""
    gallery: Path
    """Folder with one prototype file for each taught pack."""
