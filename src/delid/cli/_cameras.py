"""Cameras of a cell, the simulated one included: the one place where a cell file's source becomes a camera."""

from __future__ import annotations

from pathlib import Path

from delid.config import Camera as CameraSpec
from delid.config import Cell, CloseupSource, RecordingSource, SceneSource
from delid.core import Clock
from delid.devices.camera import Camera, open_camera
from delid.journal import read_recording
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
        frames = read_recording(cell.resolve(source.path)).all_frames()
        return open_camera(spec, cell.path.parent, clock, frames=[frame.encoded for frame in frames])
    return open_camera(spec, cell.path.parent, clock)


async def open_cameras(cell: Cell, clock: Clock) -> dict[str, Camera]:
    """Every camera of the cell by its id."""
    return {spec.id: open_one(cell, spec, clock) for spec in cell.spec.cameras}
