"""What every camera can do, and how encoded bytes become a frame."""

from __future__ import annotations

import hashlib
from typing import Protocol

import cv2
import numpy as np

from delid.core import CameraError, Frame, ImageBgr

SizePx = tuple[int, int]
"""Width and height."""


class Camera(Protocol):
    async def grab(self, count: int, deadline_s: float) -> tuple[Frame, ...]:
        """``count`` frames exposed after this call began, within ``deadline_s`` seconds; raises CameraError."""
        ...

    async def close(self) -> None:
        """Let go of the camera; may be called twice."""
        ...


def frame_of(encoded: bytes, source: str, device: str, size_px: SizePx | None, captured_s: float, seq: int) -> Frame:
    """Decode an image file's bytes; raises CameraError when they are no image or of another size."""
    image = _decode(encoded)
    if image is None:
        raise CameraError(
            f"{source} is not an image.",
            hint="Remove the file or replace it by a whole JPEG or PNG.",
            code="camera.not_an_image",
            device=device,
        )
    check_size(image, source, device, size_px)
    return Frame(image, source, hashlib.sha256(encoded).hexdigest(), captured_s, seq, encoded=encoded)


def check_size(image: ImageBgr, source: str, device: str, size_px: SizePx | None) -> None:
    """Raises CameraError: a calibration holds for one size only."""
    height, width = image.shape[:2]
    if size_px is not None and (width, height) != size_px:
        raise CameraError(
            f"{source} is {width} x {height} pixels; the cell file says {size_px[0]} x {size_px[1]}.",
            hint="Set the camera to that size, or correct size_px and calibrate again.",
            code="camera.size",
            device=device,
        )


def _decode(encoded: bytes) -> ImageBgr | None:
    """Pixels as the sensor had them: a note about orientation in the file is not followed."""
    if not encoded:
        return None
    try:
        image = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    return None if image is None else np.asarray(image, np.uint8)
