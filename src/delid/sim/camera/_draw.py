"""What the simulated cameras share: pictures from files, sensor noise, and JPEG as a camera delivers it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from delid.core import CameraError, Frame, ImageBgr

JPEG_QUALITY = 90
NOISE_SIGMA = 1.5
"""Standard deviation of the sensor noise, grey levels of 255."""
_NOISE_SPREAD = 251
"""Rows and columns by which the noise field may be shifted; prime, so that shifts repeat late."""


class Sensor:
    """Noise from a seed and the frame's number, so that the same run gives the same frames; then JPEG.

    Args:
        shape: of the pictures, height and width first.
    """

    def __init__(self, shape: tuple[int, ...], seed: int, name: str) -> None:
        self._seed, self._name = seed, name
        self._height, self._width = shape[:2]
        field = np.random.default_rng(seed).normal(
            0.0, NOISE_SIGMA, (self._height + _NOISE_SPREAD, self._width + _NOISE_SPREAD, 3)
        )
        self._noise: npt.NDArray[np.int8] = np.clip(np.rint(field), -127, 127).astype(np.int8)

    def frame(self, picture: ImageBgr, seq: int, captured_s: float) -> Frame:
        """The picture as frame number ``seq``."""
        noisy = cv2.add(picture, self._shifted_noise(seq), dtype=cv2.CV_8U)
        done, encoded = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if not done:
            raise scene_error("the frame cannot be encoded.", self._name)
        data = encoded.tobytes()
        image = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)
        digest = hashlib.sha256(data).hexdigest()
        return Frame(image, f"{self._name}#{seq}", digest, captured_s, seq, encoded=data)

    def _shifted_noise(self, seq: int) -> npt.NDArray[np.int8]:
        """A window of the noise field at a place that follows from seed and frame number."""
        down, right = np.random.default_rng((self._seed, seq)).integers(0, _NOISE_SPREAD, 2)
        return self._noise[down : down + self._height, right : right + self._width]


def picture(path: Path, name: str) -> ImageBgr:
    """A picture file; raises CameraError."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise scene_error(f"the scene's picture {path} is missing or no image.", name)
    return np.asarray(image, np.uint8)


def scene_error(message: str, name: str, code: str = "camera.scene") -> CameraError:
    return CameraError(message, hint="Check the scene's folder.", code=code, device=name)
