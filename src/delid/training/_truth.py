"""What is true of a picture: outline, damage with place and coverage, fasteners with centre, scale and kind."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._render import Rendered
from ._scene import Scene

CELL_PX = 8
"""Damage coverage is kept as the share of each square of this many pixels, 0..255."""
LID_BAND_MM = (-12.0, 45.0)
"""Heights above the flange at which a pixel shows the lid itself."""
HIDDEN_MM = 14.0
"""A fastener whose place shows something this much nearer to the camera is hidden."""
SMALLEST_PX = 12


def truth_of(scene: Scene, rendered: Rendered, split: str) -> dict[str, Any]:
    """Plain data for one picture."""
    camera = scene.camera
    outline = np.array([(x, y, 0.0) for x, y in scene.family.outline_mm])
    return {
        "name": scene.name,
        "split": split,
        "family": scene.family.name,
        "seed": scene.seed,
        "size_px": [camera.width_px, camera.height_px],
        "camera": asdict(camera),
        "outline_px": _rounded(camera.project(outline)),
        "damages": [_damage(scene, rendered, k) for k in range(len(scene.damages))],
        "fasteners": _fasteners(scene, rendered),
    }


def damage_pixels(scene: Scene, rendered: Rendered, number: int) -> NDArray[np.bool_]:
    """Which pixels show this damage: their place on the lid lies in the damage's mask. Shape (height, width)."""
    place, mask = rendered.position_mm, rendered.masks[number]
    column = np.round((place[..., 0] - rendered.texture.x_mm[0, 0]) / rendered.texture.mm_per_px).astype(int)
    row = np.round((place[..., 1] - rendered.texture.y_mm[0, 0]) / rendered.texture.mm_per_px).astype(int)
    inside = (column >= 0) & (column < mask.shape[1]) & (row >= 0) & (row < mask.shape[0])
    low, high = LID_BAND_MM
    on_lid = (place[..., 2] > low - 90.0 * (scene.damages[number].kind == "dent")) & (place[..., 2] < high + 120.0)
    found = mask[np.clip(row, 0, mask.shape[0] - 1), np.clip(column, 0, mask.shape[1] - 1)]
    return np.asarray(found & inside & on_lid, np.bool_)


def _damage(scene: Scene, rendered: Rendered, number: int) -> dict[str, Any]:
    damage, seen = scene.damages[number], damage_pixels(scene, rendered, number)
    rows, cols = np.nonzero(seen)
    enough = len(rows) >= SMALLEST_PX
    box = [int(cols.min()), int(rows.min()), int(cols.max()), int(rows.max())] if enough else None
    tall, wide = (n // CELL_PX for n in seen.shape)
    cells = seen[: tall * CELL_PX, : wide * CELL_PX].reshape(tall, CELL_PX, wide, CELL_PX).mean(axis=(1, 3))
    return {
        "kind": damage.kind,
        "severity": round(damage.severity, 4),
        "box_px": box,
        "pixels": len(rows),
        "coverage": {
            "rows": tall,
            "columns": wide,
            "data": base64.b64encode(np.round(cells * 255).astype(np.uint8).tobytes()).decode(),
        },
    }


def _fasteners(scene: Scene, rendered: Rendered) -> list[dict[str, Any]]:
    camera, heights, grid = scene.camera, rendered.heights, rendered.grid
    places = []
    for fastener in scene.fasteners:
        col = int(np.clip(round((fastener.at_mm[0] - grid.x0) / grid.step_mm), 0, grid.cols - 1))
        row = int(np.clip(round((fastener.at_mm[1] - grid.y0) / grid.step_mm), 0, grid.rows - 1))
        places.append((*fastener.at_mm, float(heights[row, col])))
    if not places:
        return []
    points = np.array(places)
    pixels, depth = camera.project(points), camera.depth(points)
    found = []
    for number, (fastener, (x, y), away) in enumerate(zip(scene.fasteners, pixels, depth, strict=True), start=1):
        inside = 0 <= x <= camera.width_px - 1 and 0 <= y <= camera.height_px - 1
        hidden = False
        if inside:
            shown = rendered.position_mm[round(y), round(x)]
            nearer = away - float(np.linalg.norm(shown - np.array(camera.at_mm)))
            hidden = bool(nearer > HIDDEN_MM + 8.0)
        found.append(
            {
                "id": f"lid.{number:02d}",
                "kind": fastener.kind,
                "center_px": [round(float(x), 2), round(float(y), 2)],
                "mm_per_px": round(float(away) / camera.focal_px, 4),
                "inside": bool(inside),
                "hidden": hidden,
            }
        )
    return found


def _rounded(points: NDArray[np.float64]) -> list[list[float]]:
    return [[round(float(x), 1), round(float(y), 1)] for x, y in points]
