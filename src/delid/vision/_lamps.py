"""Which frames of a light program may be judged together with the ambient one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.core import Frame, ImageBgr, Quality

from ._manifest import InputSpec
from ._prepare import Tensor, look_planes, prepare
from ._quality import QualityLimits, check_quality

COARSE_PX = (64, 48)
"""Two frames are compared at this size, where sensor noise has averaged out."""
LEAST_CHANGE = 2.0
"""A lamp that burns changes the picture by more than this on average, grey levels of 255; noise by less than 0.5."""


@dataclass(frozen=True, slots=True)
class _Shot:
    """The frame of one lamp, and what of it is the same for every ambient frame that it is judged with."""

    frame: Frame
    size_px: tuple[int, int]
    quality: Quality
    coarse: NDArray[np.float32]


class Lamps:
    """Frames of the lamps. A look has several ambient frames and one frame of each lamp, which is made ready once."""

    def __init__(self, spec: InputSpec, limits: QualityLimits) -> None:
        self._spec, self._limits = spec, limits
        self._shots: dict[str, _Shot] = {}
        self._last: tuple[tuple[tuple[str, Frame], ...], tuple[int, ...], Tensor] | None = None

    def usable(self, frame: Frame, looks: Mapping[str, Frame]) -> tuple[dict[str, Frame], tuple[str, ...]]:
        """Frames by look, and words for each that is left out: another size, unusable, a lamp that changed nothing.

        Looks that the model has no plane for are not looked at.
        """
        wanted = {name: other for name, other in looks.items() if name in self._spec.planes}
        if not wanted:
            return {}, ()
        coarse = _coarse(frame.image)
        used: dict[str, Frame] = {}
        notes: list[str] = []
        for name, other in wanted.items():
            shot = self._shot(name, other, (frame.image.shape[1], frame.image.shape[0]))
            if not shot.quality.ok:
                notes.append(f"look {name} left out: {shot.quality.reasons[0]}")
            elif float(np.abs(coarse - shot.coarse).mean()) < LEAST_CHANGE:
                notes.append(f"look {name} left out: its lamp changes nothing; check the lamp")
            else:
                used[name] = other
        return used, tuple(notes)

    def tensor(self, frame: Frame, used: Mapping[str, Frame]) -> Tensor:
        """What the model takes of ``frame`` with these looks; the planes of the looks are those of the frame before."""
        shape, given = frame.image.shape, tuple(used.items())
        last = self._last
        if last is None or last[1] != shape or not _the_same(last[0], given):
            images = {name: other.image for name, other in given}
            last = self._last = given, shape, look_planes(images, shape, self._spec)
        return prepare(frame.image, self._spec, planes=last[2])

    def _shot(self, name: str, frame: Frame, size_px: tuple[int, int]) -> _Shot:
        shot = self._shots.get(name)
        if shot is None or shot.frame is not frame or shot.size_px != size_px:
            quality = check_quality(frame, size_px=size_px, limits=self._limits)
            shot = self._shots[name] = _Shot(frame, size_px, quality, _coarse(frame.image))
        return shot


def _the_same(one: tuple[tuple[str, Frame], ...], other: tuple[tuple[str, Frame], ...]) -> bool:
    """True for the very same frames: a digest is not asked, because whoever makes a frame says what it is."""
    return [name for name, _ in one] == [name for name, _ in other] and all(
        a is b for (_, a), (_, b) in zip(one, other, strict=True)
    )


def _coarse(image: ImageBgr) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(image, COARSE_PX, interpolation=cv2.INTER_AREA), np.float32)
