"""Pictures of the record: files that are named by their own digest, so that an entry's digest finds and checks them."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from delid.core import UsageError

TYPES = {b"\xff\xd8\xff": (".jpg", "image/jpeg"), b"\x89PNG\r\n\x1a\n": (".png", "image/png")}
"""First bytes, ending and media type of what is taken."""
_NAME = re.compile(r"^([0-9a-f]{64})(\.jpg|\.png)$")


@dataclass(frozen=True, slots=True)
class Photo:
    """One picture. ``since_s`` is when it was kept, seconds since 1970 UTC."""

    sha256: str
    path: Path
    media_type: str
    since_s: float


class PhotoStore:
    """The pictures in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, content: bytes) -> Photo:
        """Keep a JPEG or PNG file as it is; on the disk when this returns. Raises UsageError for anything else."""
        kind = next((kind for start, kind in TYPES.items() if content.startswith(start)), None)
        if kind is None:
            raise UsageError("this is no JPEG or PNG picture.", hint="Send the photograph as the camera made it.")
        sha256 = hashlib.sha256(content).hexdigest()
        target = self.folder / sha256[:2] / f"{sha256}{kind[0]}"
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = target.with_name(f".{sha256}.{secrets.token_hex(4)}")
            with part.open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            part.replace(target)
        return Photo(sha256, target, kind[1], target.stat().st_mtime)

    def find(self, sha256: str) -> Photo | None:
        """The picture with this digest; None where there is none."""
        for suffix, media_type in TYPES.values():
            path = self.folder / sha256[:2] / f"{sha256}{suffix}"
            if _NAME.match(path.name) and path.is_file():
                return Photo(sha256, path, media_type, path.stat().st_mtime)
        return None

    def read(self, sha256: str) -> bytes | None:
        """Its bytes, if they are still those of the digest; None where the picture is gone or was changed."""
        photo = self.find(sha256)
        content = photo.path.read_bytes() if photo else b""
        return content if photo and hashlib.sha256(content).hexdigest() == sha256 else None

    def all(self) -> Iterator[Photo]:
        """Every picture, by its digest."""
        for path in sorted(self.folder.glob("??/*")):
            if found := _NAME.match(path.name):
                media_type = next(kind[1] for kind in TYPES.values() if kind[0] == found[2])
                yield Photo(found[1], path, media_type, path.stat().st_mtime)

    def delete(self, sha256: str) -> bool:
        """Delete a picture; False where there was none."""
        photo = self.find(sha256)
        if photo:
            photo.path.unlink()
        return photo is not None
