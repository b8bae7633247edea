"""What goes wrong with a live camera: the clear error, and that nothing stays open."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from delid.core import CameraError, SystemClock
from delid.devices.camera import DeviceCamera

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contract"))
from test_camera_device import TickingCapture


class Closed(TickingCapture):
    def isOpened(self) -> bool:
        return False


class Hanging(TickingCapture):
    """Delivers three frames, and then blocks until it is let go."""

    def __init__(self) -> None:
        super().__init__(0)
        self.let_go = threading.Event()

    def read(self) -> tuple[bool, Any]:
        if self.count >= 3:
            self.let_go.wait(5.0)
        return super().read()


async def test_a_camera_that_is_not_there_is_gone_and_may_come_back():
    captures: list[TickingCapture] = [Closed(0), TickingCapture(0)]
    camera = DeviceCamera("/dev/video7", SystemClock(), name="overview", open_capture=lambda _: captures.pop(0))
    with pytest.raises(CameraError) as caught:
        await camera.grab(1, 2.0)
    assert (caught.value.code, caught.value.device) == ("camera.gone", "overview")
    assert "cannot be opened" in caught.value.message
    assert len(await camera.grab(1, 2.0)) == 1, "the next look opened it again"
    await camera.close()


async def test_a_camera_that_vanishes_is_gone_and_is_let_go():
    capture = TickingCapture(0, frames=5)
    camera = DeviceCamera(0, SystemClock(), open_capture=lambda _: capture)
    with pytest.raises(CameraError) as caught:
        await camera.grab(50, 2.0)
    assert caught.value.code == "camera.gone"
    assert capture.released.is_set()
    await camera.close()


async def test_a_camera_that_hangs_is_stale_long_before_the_deadline():
    capture, clock = Hanging(), SystemClock()
    camera = DeviceCamera(0, clock, max_age_s=0.2, open_capture=lambda _: capture)
    began_s = clock.now_s()
    with pytest.raises(CameraError) as caught:
        await camera.grab(50, 4.0)
    assert caught.value.code == "camera.stale"
    assert clock.now_s() - began_s < 2.0
    capture.let_go.set()
    await camera.close()
    assert capture.released.is_set()


async def test_frames_that_come_too_slowly_miss_the_deadline():
    camera = DeviceCamera(0, SystemClock(), open_capture=lambda _: TickingCapture(0, period_s=0.1))
    with pytest.raises(CameraError) as caught:
        await camera.grab(50, 0.3)
    assert caught.value.code == "camera.stale"
    await camera.close()


async def test_a_camera_of_another_size_is_refused():
    camera = DeviceCamera(0, SystemClock(), size_px=(640, 480), open_capture=lambda _: TickingCapture(0))
    with pytest.raises(CameraError) as caught:
        await camera.grab(1, 2.0)
    assert caught.value.code == "camera.size"
    await camera.close()
