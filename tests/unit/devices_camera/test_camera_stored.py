"""Cameras that play stored images."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from delid.config import Calibration, DeviceSource, FolderSource, RecordingSource, SceneSource
from delid.config import Camera as CameraSpec
from delid.core import CameraError, ManualClock, UsageError
from delid.devices.camera import DeviceCamera, FolderCamera, RecordedCamera, open_camera

CALIBRATION = Calibration(
    matrix=((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    robot_from_camera=((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
)


def picture(grey: int, size_px: tuple[int, int] = (32, 24), suffix: str = ".jpg") -> bytes:
    width, height = size_px
    done, encoded = cv2.imencode(suffix, np.full((height, width, 3), grey, np.uint8))
    assert done
    return encoded.tobytes()


def spec(source: object) -> CameraSpec:
    return CameraSpec.model_validate(
        {"id": "overview", "source": source, "size_px": (32, 24), "calibration": CALIBRATION}
    )


async def test_a_folder_gives_its_images_in_the_order_of_their_names(tmp_path: Path):
    for name, grey in (("b.png", 90), ("a.jpg", 30), ("c.jpeg", 150)):
        (tmp_path / name).write_bytes(picture(grey, suffix=Path(name).suffix))
    (tmp_path / ".hidden").write_text("not an image")
    (tmp_path / "sub").mkdir()
    clock = ManualClock(10.0)
    camera = FolderCamera(tmp_path, clock)
    first, second = await camera.grab(2, 1.0)
    clock.set(11.0)
    (third,) = await camera.grab(1, 1.0)
    assert [f.source for f in (first, second, third)] == ["a.jpg", "b.png", "c.jpeg"]
    assert [f.seq for f in (first, second, third)] == [1, 2, 3]
    assert [f.captured_s for f in (first, second, third)] == [10.0, 10.0, 11.0]
    assert [int(f.image[0, 0, 0]) for f in (first, second, third)] == pytest.approx([30, 90, 150], abs=2)
    assert first.encoded == (tmp_path / "a.jpg").read_bytes()
    assert first.sha256 == hashlib.sha256(first.encoded).hexdigest()
    with pytest.raises(CameraError) as caught:
        await camera.grab(1, 1.0)
    assert caught.value.code == "camera.end"


async def test_a_folder_may_start_again(tmp_path: Path):
    (tmp_path / "a.jpg").write_bytes(picture(30))
    camera = FolderCamera(tmp_path, ManualClock(), loop=True)
    frames = await camera.grab(3, 1.0)
    assert [(f.source, f.seq) for f in frames] == [("a.jpg", 1), ("a.jpg", 2), ("a.jpg", 3)]


async def test_an_empty_folder_has_no_frame_even_in_a_loop(tmp_path: Path):
    with pytest.raises(CameraError) as caught:
        await FolderCamera(tmp_path, ManualClock(), loop=True).grab(1, 1.0)
    assert caught.value.code == "camera.end"


async def test_recorded_frames_come_in_order_and_keep_their_bytes():
    frames = [picture(10), picture(20)]
    camera = RecordedCamera(frames, ManualClock(5.0), name="overview")
    played = await camera.grab(2, 1.0)
    assert [f.encoded for f in played] == frames
    assert [f.source for f in played] == ["overview#1", "overview#2"]
    looping = RecordedCamera(frames, ManualClock(), loop=True)
    assert [f.encoded for f in await looping.grab(3, 1.0)] == [*frames, frames[0]]


async def test_a_frame_of_another_size_is_refused():
    camera = RecordedCamera([picture(10, (16, 16))], ManualClock(), size_px=(32, 24))
    with pytest.raises(CameraError) as caught:
        await camera.grab(1, 1.0)
    assert caught.value.code == "camera.size"
    assert "16 x 16 pixels; the cell file says 32 x 24" in caught.value.message


async def test_a_camera_is_made_from_its_entry_in_the_cell_file(tmp_path: Path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(picture(1))
    clock = ManualClock()
    folder = open_camera(spec(FolderSource(kind="folder", path=Path("images"))), tmp_path, clock)
    assert (await folder.grab(1, 1.0))[0].source == "a.jpg"
    recording = spec(RecordingSource(kind="recording", path=Path("x.mcap")))
    played = open_camera(recording, tmp_path, clock, frames=[picture(7)])
    assert (await played.grab(1, 1.0))[0].source == "overview#1"
    device = open_camera(spec(DeviceSource(kind="device", device=0)), tmp_path, clock)
    assert isinstance(device, DeviceCamera)
    for source in (recording, spec(SceneSource(kind="scene", path=Path("s")))):
        with pytest.raises(UsageError, match="overview"):
            open_camera(source, tmp_path, clock)


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path):
    with pytest.raises(CameraError) as caught:
        FolderCamera(tmp_path / "none", ManualClock(), name="overview")
    assert (caught.value.code, caught.value.device) == ("camera.missing", "overview")


@pytest.mark.parametrize("content", [b"", b"hello", picture(9)[:40]], ids=["empty", "text", "cut"])
async def test_a_file_that_is_no_image_is_named(tmp_path: Path, content: bytes):
    (tmp_path / "notes.txt").write_bytes(content)
    with pytest.raises(CameraError) as caught:
        await FolderCamera(tmp_path, ManualClock(), name="overview").grab(1, 1.0)
    assert caught.value.code == "camera.not_an_image"
    assert caught.value.message == "notes.txt is not an image."
