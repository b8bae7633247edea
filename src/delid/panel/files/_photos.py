"""Photographs on their way to a lesson: one folder for each pack, checked names, checked archives."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from pathlib import Path

from .._refusals import refusal

MOST_PHOTOS = 40
MOST_PHOTO_BYTES = 12 * 2**20
MOST_UNPACKED_BYTES = 160 * 2**20
MOST_RATIO = 20
"""Photographs hardly shrink in an archive; what unpacks to far more is no photograph."""
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,60}(\.[A-Za-z0-9_]{1,20})?\.(jpg|jpeg|png)$")
SIGNATURES = {b"\xff\xd8\xff": (".jpg", ".jpeg"), b"\x89PNG\r\n\x1a\n": (".png",)}


class Photos:
    """The photographs that were sent for each pack, in ``folder/PACK``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, pack: str) -> list[tuple[str, int]]:
        """Names and sizes."""
        folder = self.folder(pack)
        return sorted((p.name, p.stat().st_size) for p in folder.iterdir()) if folder.is_dir() else []

    def folder(self, pack: str) -> Path:
        return self._folder / pack

    def put(self, pack: str, name: str, content: bytes) -> None:
        """Keep one photograph; raises PanelError ``panel.bad_upload``."""
        check_photo(name, content)
        folder = self.folder(pack)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if len(self.of(pack)) >= MOST_PHOTOS and not (folder / name).is_file():
            raise refusal("panel.bad_upload", f"There are {MOST_PHOTOS} photographs already.", "Remove some first.")
        part = folder / f".{name}.part"
        part.write_bytes(content)
        part.replace(folder / name)

    def put_archive(self, pack: str, content: bytes) -> int:
        """Keep the photographs of a zip archive, all or none; returns how many."""
        photos = unpacked(content)
        if len({*dict(self.of(pack)), *photos}) > MOST_PHOTOS:
            raise refusal(
                "panel.bad_upload", f"That would be more than {MOST_PHOTOS} photographs.", "Remove some first."
            )
        for name, photo in photos.items():
            self.put(pack, name, photo)
        return len(photos)

    def remove(self, pack: str, name: str) -> None:
        """Raises PanelError ``panel.not_found``."""
        if name not in dict(self.of(pack)):
            raise refusal("panel.not_found", f"There is no photograph {name!r}.")
        (self.folder(pack) / name).unlink()

    def remove_all(self, pack: str) -> None:
        shutil.rmtree(self.folder(pack), ignore_errors=True)


def check_photo(name: str, content: bytes) -> None:
    """Raises PanelError ``panel.bad_upload`` for what is no photograph by its name, size or first bytes."""
    if not NAME.match(name):
        raise refusal(
            "panel.bad_upload", f"{name!r} is no name for a photograph.", "Name them lid.jpg, lid.left.jpg or so."
        )
    if len(content) > MOST_PHOTO_BYTES:
        raise refusal("panel.bad_upload", f"{name} is larger than {MOST_PHOTO_BYTES // 2**20} MiB.")
    endings = next((ends for start, ends in SIGNATURES.items() if content.startswith(start)), ())
    if not name.lower().endswith(endings or ("no photograph",)):
        raise refusal("panel.bad_upload", f"{name} does not hold what its name says: a JPEG or PNG picture.")


def unpacked(content: bytes) -> dict[str, bytes]:
    """The photographs of a zip archive by name; raises PanelError ``panel.bad_upload``, before it unpacks a bomb."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            _check_members(members)
            return {Path(m.filename).name: _read(archive, m) for m in members}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise refusal("panel.bad_upload", f"This is no zip archive that can be read: {error}.") from error


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    if not members or len(members) > MOST_PHOTOS:
        raise refusal("panel.bad_upload", f"The archive has {len(members)} files; 1 to {MOST_PHOTOS} can be.")
    names = [Path(m.filename).name for m in members]
    if len(set(names)) != len(names):
        raise refusal("panel.bad_upload", "Two files of the archive have the same name.")
    for member in members:
        if ".." in Path(member.filename).parts or member.filename.startswith(("/", "\\")) or "\\" in member.filename:
            raise refusal("panel.bad_upload", f"The archive has a file outside of itself: {member.filename!r}.")
        if member.file_size > MOST_PHOTO_BYTES or member.file_size > MOST_RATIO * max(1, member.compress_size):
            raise refusal("panel.bad_upload", f"{member.filename!r} unpacks to more than a photograph has.")
    if sum(m.file_size for m in members) > MOST_UNPACKED_BYTES:
        raise refusal("panel.bad_upload", "The archive unpacks to more than the panel takes.")


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member, never more of it than it said it has."""
    with archive.open(member) as file:
        content = file.read(member.file_size + 1)
    if len(content) > member.file_size:
        raise refusal("panel.bad_upload", f"{member.filename!r} is larger than it says.")
    return content
