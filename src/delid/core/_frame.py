"""One camera frame and where it came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

AMBIENT = "ambient"
"""The look without any lamp of a light program: the light that is always there."""

ImageBgr = npt.NDArray[np.uint8]
"""Colour image, shape (height, width, 3), order blue, green, red, as OpenCV has it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded frame.

    Attributes:
        image: shape (height, width, 3), uint8, BGR.
        source: what a person would call it: a file name, ``overview#12``.
        sha256: hex digest of the encoded bytes; of the raw pixels when the camera delivers no encoded image.
        captured_s: monotonic time of exposure in seconds; its age decides whether it may be used.
        seq: running number of the camera.
        look: name of the light program that was on.
        encoded: the encoded bytes (JPEG or PNG) if the camera delivered them, for the recording.
    """

    image: ImageBgr
    source: str
    sha256: str
    captured_s: float = 0.0
    seq: int = 0
    look: str = AMBIENT
    encoded: bytes = b""

    def age_s(self, now_s: float) -> float:
        """Seconds since exposure."""
        return now_s - self.captured_s
