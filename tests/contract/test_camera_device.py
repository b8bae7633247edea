"""The live camera against OpenCV's own reader on a film, and against a capture that keeps a frame rate."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from delid.core import CameraError, SystemClock
from delid.devices.camera import DeviceCamera


class TickingCapture:
    """Delivers a frame every ``period_s``; the grey level is its number. ``after`` says what read returns later."""

    def __init__(self, device: int | str, period_s: float = 0.01, frames: int = 10_000) -> None:
        self.count, self.period_s, self.frames = 0, period_s, frames
        self.properties: dict[int, float] = {}
        self.released = threading.Event()
        self._pause = threading.Event()

    def isOpened(self) -> bool:
        return True

    def set(self, propId: int, value: float) -> bool:
        self.properties[propId] = value
        return True

    def read(self) -> tuple[bool, Any]:
        self._pause.wait(self.period_s)
        if self.count >= self.frames:
            return False, None
        self.count += 1
        return True, np.full((24, 32, 3), self.count % 256, np.uint8)

    def release(self) -> None:
        self.released.set()


def camera_of(capture: TickingCapture, **options: Any) -> DeviceCamera:
    return DeviceCamera(0, SystemClock(), name="overview", open_capture=lambda device: capture, **options)


async def test_frames_are_newer_than_the_call_and_carry_their_bytes():
    capture = TickingCapture(0)
    camera = camera_of(capture, size_px=(32, 24), fps=30)
    await camera.grab(1, 2.0)
    await asyncio.sleep(0.1)
    delivered = capture.count
    called_s = SystemClock().now_s()
    frames = await camera.grab(3, 2.0)
    assert [f.seq for f in frames] == sorted({f.seq for f in frames})
    assert frames[0].seq > delivered, "what waited is not taken"
    assert all(f.captured_s >= called_s for f in frames)
    assert camera.age_s() < 0.5
    for frame in frames:
        assert frame.source == f"overview#{frame.seq}"
        decoded = cv2.imdecode(np.frombuffer(frame.encoded, np.uint8), cv2.IMREAD_COLOR)
        assert int(decoded[0, 0, 0]) == pytest.approx(frame.seq % 256, abs=2)
        assert frame.sha256 == hashlib.sha256(frame.encoded).hexdigest()
    assert capture.properties[cv2.CAP_PROP_FRAME_WIDTH] == 32
    assert capture.properties[cv2.CAP_PROP_FPS] == 30
    await camera.close()
    assert capture.released.is_set()
    await camera.close()


async def test_a_film_is_read_to_its_end(tmp_path: Path):
    film = str(tmp_path / "film.avi")
    writer = cv2.VideoWriter(film, cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for _ in range(200):
        writer.write(np.full((48, 64, 3), 128, np.uint8))
    writer.release()
    camera = DeviceCamera(film, SystemClock(), size_px=(64, 48))
    (frame,) = await camera.grab(1, 5.0)
    assert frame.image.shape == (48, 64, 3)
    with pytest.raises(CameraError) as caught:
        await camera.grab(300, 5.0)
    assert caught.value.code == "camera.gone"
    await camera.close()
