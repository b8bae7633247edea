"""Everything but the frame that an inspection depends on, as one digest."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from delid.config import Cell

CODE = ("delid.core", "delid.config", "delid.vision")
"""Packages whose source decides what an inspection says."""
LIBRARIES = ("numpy", "onnxruntime", "opencv-python", "zxing-cpp")
MANIFEST = "manifest.yaml"
"""Holds the thresholds and the digest of the model beside it."""


def vision_digest(cell: Cell) -> str:
    """SHA-256 over code, libraries, models, gallery, packs, cameras and limits.

    A recipe, a register map or a time table is not in it: a change of those leaves inspections as they are.
    """
    spec, models = cell.spec, cell.spec.models
    folders = [models.pack_damage, models.fasteners, *([models.fastener_kinds] if models.fastener_kinds else [])]
    parts = [code_digest(CODE), *(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)]
    parts += [_file_digest(cell.resolve(folder) / MANIFEST) for folder in folders]
    parts += [files_digest(path for path in cell.resolve(models.gallery).rglob("*") if path.is_file())]
    parts += [camera.model_dump_json() for camera in spec.cameras]
    parts += [spec.fixture.model_dump_json(), repr(spec.limits.hazard_limits())]
    parts += [f"{name} {pack.model_dump_json()}" for name, pack in sorted(cell.packs.items())]
    return digest_of(parts)


def digest_of(parts: Iterable[str]) -> str:
    """SHA-256 over texts; where one ends counts too."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode()
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()


@cache
def code_digest(packages: tuple[str, ...]) -> str:
    """SHA-256 over the source of these packages, as it lies on the disk when it is first asked for."""
    return digest_of(f"{package}/{name} {digest}" for package in packages for name, digest in _sources(package))


def _sources(package: str) -> Iterator[tuple[str, str]]:
    folder = Path(str(importlib.import_module(package).__file__)).parent
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(folder).as_posix(), _file_digest(path)


def files_digest(paths: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of files."""
    return digest_of(f"{path.name} {_file_digest(path)}" for path in sorted(paths))


def _file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "none"
