"""The same scene under each light: a picture of its own where there is one, else the ambient one darkened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from delid.core import AMBIENT, ImageBgr

from ._draw import picture, scene_error

NEAR_LIGHT, FAR_LIGHT = 0.95, 0.4
"""A lamp at one side, where nobody has drawn it: the ambient picture times this, from the lamp's side to the other."""


class LitPictures:
    """``bolts.jpg`` and the like with their other lights: ``bolts.rake_left.jpg``.

    Args:
        lamps: lamp number to the name of its look; of two lamps that burn, the lower number is seen.
    """

    def __init__(self, folder: Path, lamps: Mapping[int, str], name: str) -> None:
        self._folder, self._lamps, self._name = folder, dict(sorted(lamps.items())), name
        self._loaded: dict[tuple[str, str], ImageBgr] = {}

    def look(self, burning: int) -> str:
        """The look that these lamps (a bit mask) make."""
        return next((look for lamp, look in self._lamps.items() if burning >> (lamp - 1) & 1), AMBIENT)

    def get(self, stem: str, look: str = AMBIENT) -> ImageBgr:
        """The picture ``stem`` under a look; raises CameraError where it is missing or of another size."""
        key = (stem, look)
        if key not in self._loaded:
            self._loaded[key] = self._load(stem, look)
        return self._loaded[key]

    def has(self, stem: str) -> bool:
        """True where the scene has this picture."""
        return (self._folder / f"{stem}.jpg").exists()

    def _load(self, stem: str, look: str) -> ImageBgr:
        if look == AMBIENT:
            return picture(self._folder / f"{stem}.jpg", self._name)
        ambient, path = self.get(stem), self._folder / f"{stem}.{look}.jpg"
        if not path.exists():
            return _from_one_side(ambient, from_right=look.endswith("right"))
        lit = picture(path, self._name)
        if lit.shape != ambient.shape:
            raise scene_error(f"{path} and {stem}.jpg differ in size.", self._name)
        return lit


def _from_one_side(ambient: ImageBgr, from_right: bool) -> ImageBgr:
    ramp = np.linspace(NEAR_LIGHT, FAR_LIGHT, ambient.shape[1], dtype=np.float32)
    ramp = ramp[::-1] if from_right else ramp
    return np.asarray(cv2.multiply(ambient, np.dstack([np.tile(ramp, (ambient.shape[0], 1))] * 3), dtype=cv2.CV_8U))
