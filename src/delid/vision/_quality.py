"""The gate before the models: may this frame be judged at all? Its reasons are words for the operator."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.core import Frame, Quality

WORKING_SIDE_PX = 800
"""Sharpness depends on scale, so it is measured with the longer side brought to this size."""


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """The table of the gate; grey levels are 0..255.

    Attributes:
        dark_mean: below this mean the lamps are off or the lens is covered; a dim cell still gives about 40.
        dark_bright: and only if even the brightest hundredth of the picture stays below this, so that a dark pack
            under a working lamp passes.
        bright_level: a pixel at or above this has lost its detail.
        bright_share: with more than this share of such pixels the picture is over-exposed; a polished lid has
            glints, not a white half.
        blur_variance: below this variance of the Laplacian nothing in the picture has an edge: out of focus,
            moved, steamed up, or a plain surface close to the lens. Forty sharp pictures of packs gave 63 to
            1060; the same, blurred by 1/300 of their width and with noise of 1.5 grey levels, 10 at most.
        min_side_px: a smaller picture shows no pack.
    """

    dark_mean: float = 20.0
    dark_bright: float = 60.0
    bright_level: int = 250
    bright_share: float = 0.5
    blur_variance: float = 20.0
    min_side_px: int = 64


class FrozenWatch:
    """Remembers the last frame of each camera: a new number with the same pixels means the camera stands still."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, str]] = {}

    def is_frozen(self, frame: Frame) -> bool:
        """True when this frame has another number than the one before it, but the same content."""
        camera = camera_of(frame)
        before = self._last.get(camera)
        self._last[camera] = (frame.seq, frame.sha256)
        return before is not None and before[0] != frame.seq and before[1] == frame.sha256

    def forget(self) -> None:
        """Start again, for example when another recording is replayed."""
        self._last.clear()


def camera_of(frame: Frame) -> str:
    """The camera's name from the frame's source, ``overview`` for ``overview#12``."""
    return frame.source.rpartition("#")[0] or frame.source


def check_quality(
    frame: Frame,
    *,
    size_px: tuple[int, int] | None = None,
    frozen: bool = False,
    limits: QualityLimits | None = None,
) -> Quality:
    """Every reason why the frame cannot be judged. ``size_px`` is the camera's width and height, if known."""
    limits = limits or QualityLimits()
    height, width = frame.image.shape[:2]
    reasons: list[str] = []
    if min(width, height) < limits.min_side_px:
        return Quality(False, (f"too small: {width} x {height} px shows no pack",))
    if size_px is not None and (width, height) != tuple(size_px):
        reasons.append(f"wrong size: {width} x {height} px, the camera is set to {size_px[0]} x {size_px[1]} px")
    if frozen:
        reasons.append("frozen: the same picture as the one before under a new number")
    reasons.extend(_picture_reasons(_working_grey(frame.image), limits))
    return Quality(not reasons, tuple(reasons))


def _picture_reasons(grey: NDArray[np.uint8], limits: QualityLimits) -> list[str]:
    sample = np.ascontiguousarray(grey[::2, ::2])
    histogram = cv2.calcHist([sample], [0], None, [256], [0, 256]).ravel() / sample.size
    mean = float(histogram @ np.arange(256))
    bright_end = int(np.searchsorted(np.cumsum(histogram), 0.99))
    if mean < limits.dark_mean and bright_end < limits.dark_bright:
        return [f"dark: mean brightness {mean:.0f} of 255; check lamps and lens cover"]
    washed_out = float(histogram[limits.bright_level :].sum())
    if washed_out > limits.bright_share:
        return [f"over-exposed: {washed_out:.0%} of the picture is white; check exposure and lamps"]
    sharpness = float(cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))[1][0, 0]) ** 2
    if sharpness < limits.blur_variance:
        return [f"blurred: sharpness {sharpness:.0f}, at least {limits.blur_variance:.0f} is needed; check focus"]
    return []


def _working_grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    ratio = WORKING_SIDE_PX / max(width, height)
    if ratio < 1.0:
        size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
