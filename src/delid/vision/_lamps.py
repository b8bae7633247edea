"""Which frames of a light program may be judged together with the ambient one."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.core import Frame, ImageBgr

from ._quality import QualityLimits, check_quality

COARSE_PX = (64, 48)
"""Two frames are compared at this size, where sensor noise has averaged out."""
LEAST_CHANGE = 2.0
"""A lamp that burns changes the picture by more than this on average, grey levels of 255; noise by less than 0.5."""


def usable_looks(
    frame: Frame, looks: Mapping[str, Frame], limits: QualityLimits
) -> tuple[dict[str, ImageBgr], tuple[str, ...]]:
    """Pictures by look, and words for each that is left out: another size, unusable, or a lamp that changed nothing."""
    height, width = frame.image.shape[:2]
    used: dict[str, ImageBgr] = {}
    notes: list[str] = []
    for name, other in looks.items():
        quality = check_quality(other, size_px=(width, height), limits=limits)
        if not quality.ok:
            notes.append(f"look {name} left out: {quality.reasons[0]}")
        elif _change(frame.image, other.image) < LEAST_CHANGE:
            notes.append(f"look {name} left out: its lamp changes nothing; check the lamp")
        else:
            used[name] = other.image
    return used, tuple(notes)


def _change(first: ImageBgr, second: ImageBgr) -> float:
    """Mean difference of two pictures, coarsely."""
    return float(np.abs(_coarse(first) - _coarse(second)).mean())


def _coarse(image: ImageBgr) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(image, COARSE_PX, interpolation=cv2.INTER_AREA), np.float32)
