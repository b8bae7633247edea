"""A camera from its entry in the cell file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from delid.config import Camera as CameraSpec
from delid.config import DeviceSource, FolderSource, RecordingSource
from delid.core import Clock, UsageError

from ._camera import Camera
from ._device import DeviceCamera
from ._stored import FolderCamera, RecordedCamera


def open_camera(spec: CameraSpec, base: Path, clock: Clock, frames: Iterable[bytes] | None = None) -> Camera:
    """The camera that ``spec`` describes; relative paths start at ``base``.

    ``frames`` are the encoded images of a recording, which the caller reads. Raises CameraError, and UsageError for a
    source that is not a device's: the simulated scene belongs to the simulation.
    """
    source = spec.source
    match source:
        case FolderSource():
            return FolderCamera(base / source.path, clock, name=spec.id, size_px=spec.size_px, loop=source.loop)
        case DeviceSource():
            return DeviceCamera(
                source.device, clock, name=spec.id, size_px=spec.size_px, fps=source.fps, max_age_s=spec.max_age_s
            )
        case RecordingSource() if frames is not None:
            return RecordedCamera(frames, clock, name=spec.id, size_px=spec.size_px, loop=source.loop)
    raise UsageError(
        f"camera {spec.id}: a source of kind {source.kind} needs its frames from elsewhere.",
        hint="Pass the recording's frames; open a scene with the simulation.",
        code="usage.camera",
    )
