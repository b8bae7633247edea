"""Linear light in 8-bit PNG files: what is kept of a scene until a camera is chosen for it.

A picture of a scene is any mixture of its lights, seen by any sensor; keeping the lights apart makes one rendering
many pictures.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

GAMMA = 2.2
WHITE_PERCENTILE = 99.7


def write_linear(path: Path, linear: NDArray[np.float32]) -> None:
    """Linear light (h, w, 3), any scale, to a PNG; the brightest 0.3 % are clipped, the scale is lost."""
    white = max(float(np.percentile(linear, WHITE_PERCENTILE)), 1e-6)
    value = np.clip(linear / white, 0, 1) ** np.float32(1 / GAMMA)
    done, data = cv2.imencode(".png", np.asarray(value[..., ::-1] * 255 + 0.5, np.uint8))
    if not done:
        raise ValueError("the picture could not be encoded as PNG")
    path.write_bytes(bytes(data))


def read_values(path: Path) -> NDArray[np.uint8]:
    """What `write_linear` wrote, RGB (h, w, 3), before `LINEAR_OF` makes light of it."""
    data = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if data is None:
        raise ValueError(f"{path} is no picture")
    return np.ascontiguousarray(data[..., ::-1], np.uint8)


LINEAR_OF = ((np.arange(256, dtype=np.float32) / 255) ** np.float32(GAMMA)).astype(np.float32)
"""Linear light of each value in a file, 1 being white."""
