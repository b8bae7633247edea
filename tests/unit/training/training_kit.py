"""Small scenes on disk, as `delid train render` would leave them: lights, truth, and a JPEG for close-ups."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from delid.training._sensor import Sensor
from delid.vision import FASTENER_KINDS

WIDTH, HEIGHT = 400, 300
BURN_BOX = (160, 120, 240, 200)
SENSOR = Sensor(exposure_stops=0.0, vignette=0.0, blur_px=0.0, noise=0.2, contrast=0.0, jpeg_quality=95, seed=5)


def coverage_of(box: tuple[int, int, int, int]) -> dict[str, Any]:
    """A box of whole 8 px squares, as the truth file keeps it."""
    rows, columns = HEIGHT // 8, WIDTH // 8
    cells = np.zeros((rows, columns), np.uint8)
    cells[box[1] // 8 : box[3] // 8, box[0] // 8 : box[2] // 8] = 255
    return {"rows": rows, "columns": columns, "data": base64.b64encode(cells.tobytes()).decode()}


def write(folder: Path, name: str, *, split: str = "train", kind: str = "pack", burnt: bool = True) -> None:
    """A grey lid with a dark, square burn and four fasteners; the left lamp is brighter on its left half."""
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    picture[30:270, 30:370] = 150
    x0, y0, x1, y1 = BURN_BOX
    if burnt:
        picture[y0:y1, x0:x1] = 20
    fasteners = []
    for number, kind_name in enumerate(FASTENER_KINDS):
        center = (60 + 80 * number, 60)
        cv2.circle(picture, center, 6, (230, 230, 230), -1)
        fasteners.append({
            "id": f"lid.{number}", "kind": kind_name, "center_px": list(center), "mm_per_px": 0.9,
            "inside": True, "hidden": kind_name == "stripped",
        })  # fmt: skip
    truth = {
        "name": name, "split": split, "kind": kind, "family": "family-1", "size_px": [WIDTH, HEIGHT],
        "camera": {"axes": [[1, 0, 0], [0, -1, 0], [0, 0, -1]], "at_mm": [0, 0, 2000], "focal_px": 400},
        "outline_px": [[30, 30], [370, 30], [370, 270], [30, 270]], "fasteners": fasteners, "sensor": asdict(SENSOR),
        "damages": [
            {"kind": "burn", "severity": 0.7, "box_px": [160, 120, 239, 199], "coverage": coverage_of(BURN_BOX)}
        ] if burnt else [],
    }  # fmt: skip
    if kind == "closeup":
        cv2.imwrite(str(folder / f"{name}.png"), picture)
        (folder / f"{name}.png").rename(folder / f"{name}.jpg")  # told by its content; free of JPEG's losses
    else:
        cv2.imwrite(str(folder / f"{name}.png"), picture)
        cv2.imwrite(str(folder / f"{name}.rakes.png"), rakes_of(picture))
    (folder / f"{name}.json").write_text(json.dumps(truth))


def rakes_of(picture: np.ndarray) -> np.ndarray:
    """Left, right and front lamp of a flat lid as RGB in a BGR file: the left lamp falls off to the right."""
    fall = np.linspace(1.0, 0.6, picture.shape[1])[None, :]
    grey = picture[..., 0].astype(float)
    left, right, front = grey * fall, grey * fall[:, ::-1], grey * 0.8
    return np.stack([front, right, left], axis=2).astype(np.uint8)
