"""The folder of a gallery: what is in it, and how a file comes in and out without ever being half there."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from delid.core import ModelError, UsageError

from ._gallery import Gallery, PrototypeFile, gallery_of, read_prototypes

REMOVED = "removed"
"""Subfolder for what was taken out or taught anew; a gallery is read without its subfolders."""
PACK_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class TaughtPack:
    """One file of a gallery folder.

    Attributes:
        state: ``ready``; ``foreign`` when it was taught with another model than the one in use; ``broken``.
        file: its content, None when it is broken.
        problem: words for a person where the state is not ``ready``.
    """

    pack: str
    path: Path
    state: Literal["ready", "foreign", "broken"]
    file: PrototypeFile | None = None
    problem: str = ""


def taught_packs(folder: Path, model_sha256: str, dim: int) -> tuple[TaughtPack, ...]:
    """Every gallery file of a folder by pack name, good or not. A folder that is not there holds none."""
    found = [_look_at(path, model_sha256, dim) for path in sorted(folder.glob("*.json"))]
    return tuple(sorted(found, key=lambda taught: taught.pack))


def _look_at(path: Path, model_sha256: str, dim: int) -> TaughtPack:
    try:
        file = read_prototypes(path)
    except ModelError as error:
        return TaughtPack(path.stem, path, "broken", None, error.message)
    if file.model_sha256 != model_sha256 or file.dim != dim:
        words = f"taught with another model ({file.model_sha256[:12]}...); teach it again with the one in use"
        return TaughtPack(file.pack, path, "foreign", file, words)
    return TaughtPack(file.pack, path, "ready", file)


def ready_gallery(taught: tuple[TaughtPack, ...]) -> Gallery:
    """The gallery of those files that fit the model in use."""
    return gallery_of(t.file for t in taught if t.state == "ready" and t.file)


def check_pack_name(pack: str) -> None:
    """Raises UsageError for what cannot be a pack's name, and so the name of its file."""
    if not PACK_NAME.fullmatch(pack):
        raise UsageError(f"{pack!r} is no name for a pack.", hint="Use small letters, digits, - and _.")


def store_pack(folder: Path, file: PrototypeFile, keep_at_s: float | None) -> Path | None:
    """Write ``folder/PACK.json``, whole or not at all. Raises UsageError for a name that is no pack's name.

    Args:
        keep_at_s: time (seconds since 1970-01-01 UTC) under which a former lesson is kept; None keeps none.

    Returns where the former lesson is now, None if there was none.
    """
    check_pack_name(file.pack)
    folder.mkdir(parents=True, exist_ok=True)
    target, before = folder / f"{file.pack}.json", _path_of(folder, file.pack)
    kept = _keep(before, keep_at_s) if before and keep_at_s is not None else None
    if before and before != target:
        os.replace(before, target)  # two files for one pack would stop the cell
    _write_whole(target, json.dumps(file.model_dump(mode="json", exclude_none=True), indent=1) + "\n")
    return kept


def remove_pack(folder: Path, pack: str, at_s: float) -> Path:
    """Take a pack out of the gallery; returns where its file was put. Raises UsageError when it is not taught."""
    path = _path_of(folder, pack)
    if path is None:
        raise UsageError(f"{pack} is not in the gallery {folder}.", hint="List the packs to see their names.")
    kept = _keep(path, at_s)
    path.unlink()
    _settle(folder)
    return kept


def _path_of(folder: Path, pack: str) -> Path | None:
    """The file that teaches a pack; a broken file counts by its own name."""
    for path in sorted(folder.glob("*.json")):
        try:
            name = read_prototypes(path).pack
        except ModelError:
            name = path.stem
        if name == pack:
            return path
    return None


def _keep(path: Path, at_s: float) -> Path:
    place = path.parent / REMOVED
    place.mkdir(exist_ok=True)
    stamp = datetime.fromtimestamp(at_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    kept, number = place / f"{path.stem}.{stamp}.json", 1
    while kept.exists():
        number += 1
        kept = place / f"{path.stem}.{stamp}-{number}.json"
    shutil.copy2(path, kept)
    return kept


def _write_whole(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """A name is only sure to be there, or gone, once its folder is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
