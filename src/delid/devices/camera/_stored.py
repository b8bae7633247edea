"""Cameras that play stored images: a folder, or the frames of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from delid.core import CameraError, Clock, Frame

from ._camera import SizePx, frame_of

_Stored = tuple[str, bytes]
"""What a person calls it, and its bytes."""


class _StoredCamera:
    """Hands out stored images in order. Each counts as exposed when it is handed out."""

    def __init__(
        self, name: str, images: Callable[[], Iterator[_Stored]], clock: Clock, size_px: SizePx | None, loop: bool
    ) -> None:
        self._name, self._images, self._clock = name, images, clock
        self._size_px, self._loop = size_px, loop
        self._coming = images()
        self._seq = 0

    async def grab(self, count: int, deadline_s: float) -> tuple[Frame, ...]:
        """The next ``count`` images; raises CameraError ``camera.end`` when there are no more."""
        return tuple(self._next() for _ in range(count))

    async def close(self) -> None:
        """Nothing is held open."""

    def _next(self) -> Frame:
        stored = next(self._coming, None)
        if stored is None and self._loop:
            self._coming = self._images()
            stored = next(self._coming, None)
        if stored is None:
            raise CameraError(
                f"there is no image after number {self._seq}.",
                hint="Give the camera more images, or set loop: true.",
                code="camera.end",
                device=self._name,
            )
        self._seq += 1
        return frame_of(stored[1], stored[0], self._name, self._size_px, self._clock.now_s(), self._seq)


class FolderCamera(_StoredCamera):
    """The images of a folder in the order of their names; hidden files and subfolders are left out.

    Raises CameraError at once when there is no such folder, and on ``grab`` when a file is no image.
    """

    def __init__(
        self, folder: Path, clock: Clock, *, name: str = "camera", size_px: SizePx | None = None, loop: bool = False
    ) -> None:
        if not folder.is_dir():
            raise CameraError(
                f"no such folder: {folder}.",
                hint="Correct the camera's path in the cell file.",
                code="camera.missing",
                device=name,
            )
        self._folder = folder
        super().__init__(name, self._files, clock, size_px, loop)

    def _files(self) -> Iterator[_Stored]:
        paths = sorted(p for p in self._folder.iterdir() if p.is_file() and not p.name.startswith("."))
        return ((path.name, self._read(path)) for path in paths)

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise CameraError(
                f"{path.name} cannot be read: {error}.",
                hint="Check the file and its permissions.",
                code="camera.unreadable",
                device=self._name,
            ) from error


class RecordedCamera(_StoredCamera):
    """The encoded frames of a recording, in its order. ``frames`` must be iterable again where ``loop`` is set."""

    def __init__(
        self,
        frames: Iterable[bytes],
        clock: Clock,
        *,
        name: str = "camera",
        size_px: SizePx | None = None,
        loop: bool = False,
    ) -> None:
        def images() -> Iterator[_Stored]:
            return ((f"{name}#{number}", encoded) for number, encoded in enumerate(frames, start=1))

        super().__init__(name, images, clock, size_px, loop)
