"""Which frames of a recording a camera plays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from delid.cli._cameras import open_one
from delid.config import RecordingSource, load_cell
from delid.core import CameraError, Frame, ManualClock, Started
from delid.journal import RecordingHeader, RecordingWriter


def written(path: Path, frames: list[tuple[str, str, int]]) -> Path:
    """A recording of frames: camera, look, grey."""
    clock = ManualClock(5.0)
    writer = RecordingWriter(path, clock, RecordingHeader("r", "0", "cell.yaml", "00"))
    writer.event(Started(5.0))
    for seq, (camera, look, grey) in enumerate(frames, start=1):
        image = np.full((12, 16, 3), grey, np.uint8)
        writer.frame(Frame(image, f"{camera}#{seq}", "", 5.0, seq, look), f"look.{seq}", camera)
    writer.close()
    return path


async def greys(repository: Path, path: Path, count: int) -> list[int]:
    cell = load_cell(repository / "cell_configs/cells/demo.yaml")
    source = RecordingSource(kind="recording", path=path)
    spec = cell.spec.overview.model_copy(update={"source": source, "size_px": (16, 12)})
    camera = open_one(replace(cell, path=repository / "cell_configs/cells/demo.yaml"), spec, ManualClock())
    frames = await camera.grab(count, 5.0)
    with pytest.raises(CameraError, match="no image after"):
        await camera.grab(1, 5.0)
    return [int(frame.image[0, 0, 0]) for frame in frames]


async def test_frames_of_lamps_and_of_other_cameras_are_left_out(repository: Path, tmp_path: Path) -> None:
    overview = [("overview", "rake_left", 10), ("overview", "ambient", 20), ("overview", "ambient", 40)]
    path = written(tmp_path / "a.mcap", [*overview, ("close", "ambient", 30)])
    assert await greys(repository, path, 2) == [20, 40]


async def test_the_only_camera_of_a_recording_is_taken_whatever_its_name(repository: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "b.mcap", [("bench", "ambient", 50), ("bench", "ambient", 60)])
    assert await greys(repository, path, 2) == [50, 60]
