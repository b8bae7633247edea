"""The demonstration cell with a light program and a camera at the tool, and small pictures for both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

LOOKS: list[dict[str, Any]] = [
    {"name": "ambient", "settle_ms": 20},
    {"name": "rake_left", "lamp": 1, "settle_ms": 60},
    {"name": "rake_right", "lamp": 2, "settle_ms": 60},
]
TOOL_CAMERA: dict[str, Any] = {
    "id": "close",
    "mount": "tool",
    "source": {"kind": "closeup", "path": "closeups"},
    "size_px": [320, 240],
    "frames": 1,
    "fine_look": {"standoff_mm": 240, "settle_ms": 200, "limit_mm": 8},
    "calibration": {
        "matrix": [[800, 0, 159.5], [0, 800, 119.5], [0, 0, 1]],
        "tool_from_camera": [[1, 0, 0, 60], [0, -1, 0, 0], [0, 0, -1, -30], [0, 0, 0, 1]],
    },
}
"""60 mm beside the flange and 30 below it, looking straight down: 0.3 mm to a pixel at 240 mm."""
HEADS: dict[str, int] = {"bolt": 230, "nut": 190, "empty": 20, "stripped": 90}
"""Grey of each kind's disc."""
HEAD_PX = 26


def closeups(folder: Path) -> Path:
    """One close-up of each kind: a disc on plain grey, 0.3 mm to a pixel, the fastener in the middle."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, grey in HEADS.items():
        image = np.full((240, 320, 3), 128, np.uint8)
        cv2.circle(image, (159 * 16 + 8, 119 * 16 + 8), HEAD_PX * 16, (grey,) * 3, -1, cv2.LINE_AA, 4)
        cv2.imwrite(str(folder / f"{kind}-1.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return folder


def discs(image: NDArray[np.uint8]) -> list[tuple[tuple[float, float], str]]:
    """Centre and kind of every disc that is whole in a picture: a detector for pictures of ``closeups``."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (0, 0), 1.0)
    off = (np.abs(grey.astype(np.int16) - 128) > 18).astype(np.uint8)
    count, _, stats, centres = cv2.connectedComponentsWithStats(off)
    found = []
    for n in range(1, count):
        if stats[n, cv2.CC_STAT_AREA] < 0.8 * np.pi * HEAD_PX**2:
            continue
        x, y = centres[n]
        level = float(grey[round(y), round(x)])
        kind = min(HEADS, key=lambda k: abs(HEADS[k] - level))
        found.append(((float(x), float(y)), kind))
    return found
