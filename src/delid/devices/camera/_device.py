"""A live camera through OpenCV, read in one thread that always keeps up, so that no old frame waits in a buffer."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable
from typing import Any, Protocol, cast

import cv2
import numpy as np
import structlog

from delid.core import CameraError, Clock, Frame, ImageBgr

from ._camera import SizePx, check_size

JPEG_QUALITY = 92
_CLOSE_S = 2.0
_GONE_HINT = "Check the camera's cable and power; the next look tries to open it again."


class Capture(Protocol):
    """The part of ``cv2.VideoCapture`` that is used."""

    def isOpened(self) -> bool: ...
    def read(self) -> tuple[bool, Any]: ...
    def set(self, propId: int, value: float) -> bool: ...
    def release(self) -> None: ...


def _video_capture(device: int | str) -> Capture:
    return cast(Capture, cv2.VideoCapture(device))


class DeviceCamera:
    """An index, a device path or a stream address that OpenCV opens; opened at the first ``grab``.

    Args:
        max_age_s: without a frame for so long the camera is stale.
        open_capture: opens the capture, in the camera's own thread; for tests.
    """

    def __init__(
        self,
        device: int | str,
        clock: Clock,
        *,
        name: str = "camera",
        size_px: SizePx | None = None,
        fps: float | None = None,
        max_age_s: float = 1.0,
        open_capture: Callable[[int | str], Capture] = _video_capture,
    ) -> None:
        self._device, self._clock, self._name = device, clock, name
        self._size_px, self._fps, self._max_age_s = size_px, fps, max_age_s
        self._open_capture = open_capture
        self._reader: _Reader | None = None
        self._log = structlog.get_logger().bind(device=name)

    async def grab(self, count: int, deadline_s: float) -> tuple[Frame, ...]:
        """Frames exposed after the call began: the one that arrives first may have been begun before, and is dropped.

        Raises CameraError ``camera.gone`` (not there, or it went away), ``camera.stale`` or ``camera.size``.
        """
        reader = self._running()
        end_s = self._clock.now_s() + deadline_s
        after_seq, frames = reader.seq + 1, list[Frame]()
        while len(frames) < count:
            if reader.gone:
                self._reader = None
                raise self._error("gone", reader.gone, _GONE_HINT)
            frame = reader.take(after_seq)
            if frame is not None:
                check_size(frame.image, frame.source, self._name, self._size_px)
                frames.append(frame)
                after_seq = frame.seq
                continue
            now_s = self._clock.now_s()
            age_s = now_s - reader.latest_s
            if now_s >= end_s or (reader.seq and age_s > self._max_age_s):
                raise self._error("stale", f"no fresh frame for {age_s:.1f} s.", "Check the camera and its load.")
            await reader.changed(min(end_s - now_s, self._max_age_s))
        return tuple(frames)

    async def close(self) -> None:
        """Stop the thread and let the device go; may be called twice."""
        reader, self._reader = self._reader, None
        if reader is not None and not await reader.stop(_CLOSE_S):
            self._log.warning("camera.close_late", waited_s=_CLOSE_S)

    def age_s(self) -> float:
        """Seconds since the last frame arrived; infinite before the first."""
        return self._clock.now_s() - self._reader.latest_s if self._reader and self._reader.seq else float("inf")

    def _running(self) -> _Reader:
        if self._reader is None:
            self._reader = _Reader(self._name, self._clock, self._open)
        return self._reader

    def _open(self) -> Capture | None:
        capture = self._open_capture(self._device)
        if not capture.isOpened():
            capture.release()
            return None
        wanted = {cv2.CAP_PROP_BUFFERSIZE: 1.0}
        if self._size_px:
            wanted |= {cv2.CAP_PROP_FRAME_WIDTH: self._size_px[0], cv2.CAP_PROP_FRAME_HEIGHT: self._size_px[1]}
        if self._fps:
            wanted[cv2.CAP_PROP_FPS] = self._fps
        for prop, value in wanted.items():
            capture.set(prop, value)
        return capture

    def _error(self, code: str, message: str, hint: str) -> CameraError:
        return CameraError(message, hint=hint, code=f"camera.{code}", device=self._name)


class _Reader:
    """The thread. It keeps the newest image only; ``seq`` counts what arrived, ``gone`` says why it ended."""

    def __init__(self, name: str, clock: Clock, open_capture: Callable[[], Capture | None]) -> None:
        self.seq = 0
        self.latest_s = clock.now_s()
        self.gone = ""
        self._name, self._clock, self._open = name, clock, open_capture
        self._image: ImageBgr | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._thread = threading.Thread(target=self._work, name=f"camera-{name}", daemon=True)
        self._thread.start()

    def take(self, after_seq: int) -> Frame | None:
        """The newest image as a frame if it is later than ``after_seq``. Encoded once, for the recording."""
        with self._lock:
            image, seq, captured_s = self._image, self.seq, self.latest_s
        if image is None or seq <= after_seq:
            return None
        done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        data = encoded.tobytes() if done else b""
        digest = hashlib.sha256(data or image.tobytes()).hexdigest()
        return Frame(image, f"{self._name}#{seq}", digest, captured_s, seq, encoded=data)

    async def changed(self, within_s: float) -> None:
        """Return at the next news, or after ``within_s`` seconds."""
        self._news.clear()
        try:
            async with asyncio.timeout(within_s):
                await self._news.wait()
        except TimeoutError:
            return

    async def stop(self, within_s: float) -> bool:
        """Ask the thread to end; False when a blocking read still holds it after ``within_s``."""
        self._stopping.set()
        async with asyncio.timeout(within_s + 1):
            end_s = self._loop.time() + within_s
            while self._thread.is_alive() and self._loop.time() < end_s:
                await self.changed(0.02)
        return not self._thread.is_alive()

    def _work(self) -> None:
        capture = self._open()
        reason = "the camera cannot be opened."
        if capture is not None:
            try:
                reason = self._read(capture)
            finally:
                capture.release()
        self.gone = reason
        self._tell()

    def _read(self, capture: Capture) -> str:
        """Read until asked to end or until nothing comes; why it ended."""
        while not self._stopping.is_set():
            there, image = capture.read()
            if not there or image is None:
                return "the camera has gone: it delivers no more frames."
            with self._lock:
                self._image = np.asarray(image, np.uint8)
                self.seq += 1
                self.latest_s = self._clock.now_s()
            self._tell()
        return "the camera was closed."

    def _tell(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)
