"""Cameras of a cell, the simulated one included: the one place where a cell file's source becomes a camera."""

from __future__ import annotations

from pathlib import Path

from delid.config import Camera as CameraSpec
from delid.config import Cell, CloseupSource, RecordingSource, SceneSource
from delid.core import AMBIENT, Clock
from delid.devices.camera import Camera, open_camera
from delid.journal import RecordedFrame, Recording, read_recording
from delid.sim import World
from delid.sim.camera import CloseupCamera, SceneCamera


def world_folder(cell: Cell, spec: CameraSpec) -> Path:
    """The folder that the simulated devices of this cell share."""
    assert isinstance(spec.source, (SceneSource, CloseupSource))
    return cell.resolve(spec.source.world) if spec.source.world else cell.resolve(cell.spec.runs) / "world"


def open_one(cell: Cell, spec: CameraSpec, clock: Clock) -> Camera:
    """Open one camera; raises CameraError, ConfigError or RecordingError."""
    source = spec.source
    if isinstance(source, SceneSource):
        world = World(world_folder(cell, spec))
        lamps = {look.lamp: look.name for look in spec.looks if look.lamp is not None}
        return SceneCamera(cell.resolve(source.path), world, clock, source.noise_seed, lamps=lamps)
    if isinstance(source, CloseupSource):
        world = World(world_folder(cell, spec))
        return CloseupCamera(cell.resolve(source.path), world, spec, clock, source.noise_seed)
    if isinstance(source, RecordingSource):
        frames = _ambient_frames(read_recording(cell.resolve(source.path)), spec.id)
        return open_camera(spec, cell.path.parent, clock, frames=[frame.encoded for frame in frames])
    return open_camera(spec, cell.path.parent, clock)


def _ambient_frames(recording: Recording, camera: str) -> list[RecordedFrame]:
    """The frames of a camera of this name, or of the only one that there is; those of lamps are left out."""
    frames = [frame for frame in recording.all_frames() if frame.look == AMBIENT]
    names = {frame.camera for frame in frames}
    return [frame for frame in frames if frame.camera == camera or (len(names) == 1 and camera not in names)]


async def open_cameras(cell: Cell, clock: Clock) -> dict[str, Camera]:
    """Every camera of the cell by its id."""
    return {spec.id: open_one(cell, spec, clock) for spec in cell.spec.cameras}
