"""Rendered pictures with their truth, read back from a folder that `delid train render` has filled."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.vision import DAMAGE_KINDS

from ._linear import LINEAR_OF, read_values
from ._looks import fixed_frames
from ._sensor import through_jpeg
from ._truth import CELL_PX

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sample:
    """One scene. `kind` is family, pack, cell, open or closeup; `truth` is the content of its JSON file."""

    path: Path
    split: str
    kind: str
    family: str
    truth: dict[str, Any]

    def picture(self) -> Picture:
        """The ambient frame in BGR; raises ValueError when it cannot be read."""
        if not self.path.exists():
            return self.frames()["ambient"]
        image = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError(f"{self.path} cannot be read as an image")
        return np.asarray(image, np.uint8)

    def light_bytes(self) -> NDArray[np.uint8]:
        """The scene's lights as they lie in the files: (height, width, 6), see `LINEAR_OF`."""
        files = (self.path.with_suffix(".png"), self.path.with_suffix(".rakes.png"))
        return np.concatenate([read_values(path) for path in files], axis=2)

    def lights(self) -> NDArray[np.float32]:
        """The scene's lights, linear, (height, width, 6)."""
        return np.asarray(LINEAR_OF[self.light_bytes()], np.float32)

    def frames(self, looks: tuple[str, ...] = ()) -> dict[str, Picture]:
        """The frames that a camera delivers, by look, the same ones every time; ``ambient`` is among them."""
        found = fixed_frames(self.lights(), self.truth, looks)
        quality = int(self.truth["sensor"]["jpeg_quality"])
        return {name: through_jpeg(frame, quality) for name, frame in found.items()}

    def coverage(self) -> NDArray[np.float32]:
        """How much of each pixel shows each kind of damage: (height, width, kinds), 0..1."""
        width, height = self.truth["size_px"]
        layers = np.zeros((height, width, len(DAMAGE_KINDS)), np.float32)
        for damage in self.truth["damages"]:
            cells = damage["coverage"]
            grid = np.frombuffer(base64.b64decode(cells["data"]), np.uint8).reshape(cells["rows"], cells["columns"])
            whole = (cells["columns"] * CELL_PX, cells["rows"] * CELL_PX)  # a last, cut square is not in the truth
            layer = cv2.resize(grid.astype(np.float32) / 255, whole, interpolation=cv2.INTER_LINEAR)
            part = layers[: whole[1], : whole[0], DAMAGE_KINDS.index(damage["kind"])]
            np.maximum(part, layer, out=part)
        return layers

    def severity(self) -> NDArray[np.float32]:
        """Severity of each kind, 0 where there is none to be seen."""
        level = np.zeros(len(DAMAGE_KINDS), np.float32)
        for damage in self.truth["damages"]:
            if damage["box_px"] is not None:
                index = DAMAGE_KINDS.index(damage["kind"])
                level[index] = max(float(level[index]), float(damage["severity"]))
        return level

    def present(self) -> NDArray[np.bool_]:
        """Which kinds are there and in view."""
        return np.asarray(self.severity() > 0)


def read_samples(folder: Path) -> list[Sample]:
    """Every finished picture of the folder, by name."""
    found = []
    for path in sorted(folder.glob("*.json")):
        if path.name == "plan.json":
            continue
        truth = json.loads(path.read_text())
        found.append(Sample(path.with_suffix(".jpg"), truth["split"], truth["kind"], truth["family"], truth))
    return found


def of_split(samples: list[Sample], split: str, *, close_ups: bool) -> list[Sample]:
    """Either the whole packs or the close-ups of one split."""
    return [s for s in samples if s.split == split and (s.kind == "closeup") == close_ups]
