"""The simulated camera: a rendered scene, changed as far as the simulated PLC has taken the pack apart.

Where a fastener has come out, a soft-edged round patch of the picture without bolts replaces the picture with bolts,
and the bolt's shadow goes with it. Sensor noise is drawn from a seed and the frame's number, so that the same run
gives the same frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
from pydantic import Field, model_validator

from delid.config import StrictModel, load_yaml_model
from delid.core import Clock, DamageKind, Frame, ImageBgr

from .._world import PlcFacts, World
from ._draw import Sensor, scene_error
from ._drawn import DrawnCamera
from ._lighting import LitPictures

SOFT_EDGE = 0.25
"""Part of a patch's radius over which it fades in."""
SHADOW_REACH = 5.0
"""A fastener's shadow is looked for within so many patch radii, and not nearer to another fastener."""
SHADOW_LEVEL = 8
"""Grey levels by which the two pictures differ where there is a shadow."""


class SceneFastener(StrictModel):
    id: str
    center_px: tuple[float, float]
    patch_radius_px: Annotated[float, Field(gt=0)]
    hidden: bool = False
    """Something stands between it and the camera."""


class SceneDamage(StrictModel):
    kind: DamageKind
    severity: float
    box_px: tuple[float, float, float, float] | None


class Scene(StrictModel):
    """``scene.yaml``: where the fasteners of the rendered pictures are, and what else is true of them."""

    fasteners: list[SceneFastener]
    scene: str = ""
    pack: str = ""
    taught: bool = True
    """False for a pack that no pack file describes."""
    shift_mm: tuple[float, float] = (0.0, 0.0)
    """How far the pack stands from its nominal place."""
    damage: list[SceneDamage] = []
    camera: dict[str, Any] = {}
    seed: int = 0
    command: str = ""

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Scene:
        ids = [f.id for f in self.fasteners]
        if repeated := {i for i in ids if ids.count(i) > 1}:
            raise ValueError(f"fasteners are listed twice: {', '.join(sorted(repeated))}")
        return self


class SceneCamera(DrawnCamera):
    """Composes each frame from ``scene_dir`` and the world.

    The folder holds bolts.jpg, none.jpg, scene.yaml, perhaps open.jpg, and each of the pictures under other lights
    (bolts.rake_left.jpg). Which light is seen follows from the lamps that the simulated PLC has switched on.
    Raises CameraError when a picture is missing or of another size, ConfigError for a wrong scene.yaml.

    Args:
        lamps: lamp number to the name of its look.
    """

    def __init__(
        self,
        scene_dir: Path,
        world: World,
        clock: Clock,
        noise_seed: int,
        *,
        name: str = "camera",
        lamps: Mapping[int, str] | None = None,
    ) -> None:
        super().__init__(name, clock)
        self._world = world
        self._scene = load_yaml_model(scene_dir / "scene.yaml", Scene)
        self._pictures = LitPictures(scene_dir, lamps or {}, name)
        bolts, none = self._pictures.get("bolts"), self._pictures.get("none")
        self._opened = "open" if self._pictures.has("open") else "none"
        for other, file in ((none, "none.jpg"), (self._pictures.get(self._opened), "open.jpg")):
            if other.shape != bolts.shape:
                raise scene_error(f"{scene_dir / file} and bolts.jpg differ in size.", name)
        self._sensor = Sensor(bolts.shape, noise_seed, name)
        self._composed: tuple[tuple[object, ...], ImageBgr] | None = None
        self._seq = 0

    def draw(self) -> Frame:
        """The next frame."""
        self._seq += 1
        captured_s = self._clock.now_s()
        return self._sensor.frame(self._compose(self._world.read_plc() or PlcFacts()), self._seq, captured_s)

    def _compose(self, facts: PlcFacts) -> ImageBgr:
        look = self._pictures.look(facts.lamps)
        key = (look, facts.lid_on, tuple(sorted(facts.removed)))
        if self._composed is None or self._composed[0] != key:
            opened = self._pictures.get(self._opened, look)
            self._composed = (key, self._patched(set(facts.removed), look) if facts.lid_on else opened)
        return self._composed[1]

    def _patched(self, removed: set[str], look: str) -> ImageBgr:
        picture = self._pictures.get("bolts", look).copy()
        for fastener in self._scene.fasteners:
            if fastener.id in removed:
                others = [f.center_px for f in self._scene.fasteners if f is not fastener]
                _patch(picture, self._pictures.get("none", look), fastener, others)
        return picture


def _patch(onto: ImageBgr, source: ImageBgr, fastener: SceneFastener, others: list[tuple[float, float]]) -> None:
    """Take a fastener and its shadow out of ``onto``: its round neighbourhood, and what else differs near it."""
    (x, y), radius = fastener.center_px, fastener.patch_radius_px
    height, width = onto.shape[:2]
    reach = radius * SHADOW_REACH
    left, right = max(0, int(x - reach)), min(width, int(x + reach) + 2)
    top, bottom = max(0, int(y - reach)), min(height, int(y + reach) + 2)
    if left >= right or top >= bottom:
        return
    rows, columns = np.mgrid[top:bottom, left:right]
    distance = np.hypot(columns - x, rows - y)
    part = np.s_[top:bottom, left:right]
    differs = cv2.absdiff(source[part], onto[part]).max(axis=2) > SHADOW_LEVEL
    own = distance <= reach
    for other_x, other_y in others:
        own &= distance <= np.hypot(columns - other_x, rows - other_y)
    shadow = cv2.dilate((differs & own).astype(np.float32), np.ones((5, 5), np.uint8))
    share = np.maximum(
        np.clip((radius - distance) / (radius * SOFT_EDGE), 0.0, 1.0), cv2.GaussianBlur(shadow, (0, 0), 1.5)
    )[..., None]
    onto[part] = np.rint(source[part] * share + onto[part] * (1 - share)).astype(np.uint8)
