"""Heat map and severities to damages with boxes in the camera's pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.core import Damage, DamageKind

from ._manifest import DamageThreshold, InputSpec
from ._prepare import Letterbox

MAX_REGIONS = 3
"""Boxes for each kind of damage: the strongest places; more would cover the picture."""

Heat = NDArray[np.float32]


def find_damage(
    heat: Heat,
    severity: NDArray[np.float32],
    labels: tuple[str, ...],
    thresholds: Mapping[Literal["dent", "corrosion", "leak", "swelling", "burn"], DamageThreshold],
    box: Letterbox,
    spec: InputSpec,
) -> tuple[Damage, ...]:
    """Damages, most certain first.

    Args:
        heat: kinds x rows x columns, 0..1, in the model's input.
        severity: one figure for each kind, 0..1.
        labels: the kinds in the order of the heat map.
        thresholds: by kind; a region counts where its heat reaches ``min_confidence``.
        box: where the frame lies in the model's input.
    """
    inside = _cells_of_image(heat.shape[1], heat.shape[2], box, spec)
    found: list[Damage] = []
    limits = {str(kind): threshold.min_confidence for kind, threshold in thresholds.items()}
    for index, label in enumerate(labels):
        for peak, rows, columns in _regions(np.where(inside, heat[index], -1.0), limits[label]):
            found.append(
                Damage(
                    kind=DamageKind(label),
                    confidence=round(min(max(peak, 0.0), 1.0), 4),
                    severity=round(min(max(float(severity[index]), 0.0), 1.0), 4),
                    box_px=_rounded(box.cells_to_box(rows, columns, (heat.shape[1], heat.shape[2]), spec)),
                )
            )
    return tuple(sorted(found, key=lambda d: -d.confidence))


def _regions(heat: NDArray[np.floating], limit: float) -> list[tuple[float, tuple[int, int], tuple[int, int]]]:
    """Peak, rows and columns (first, last) of connected regions at or above ``limit``, strongest first."""
    mask = (heat >= limit).astype(np.uint8)
    if not mask.any():
        return []
    count, marks, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    regions = []
    for mark in range(1, count):
        left, top, width, height = (int(v) for v in stats[mark, :4])
        peak = float(heat[marks == mark].max())
        regions.append((peak, (top, top + height - 1), (left, left + width - 1)))
    return sorted(regions, key=lambda r: -r[0])[:MAX_REGIONS]


def _cells_of_image(rows: int, columns: int, box: Letterbox, spec: InputSpec) -> NDArray[np.bool_]:
    """True for cells that show a part of the frame; what the model says of its padding is no damage."""
    bottom, right = box.offset_y + box.height_px * box.scale_y, box.offset_x + box.width_px * box.scale_x
    y = np.arange(rows) * (spec.height_px / rows)
    x = np.arange(columns) * (spec.width_px / columns)
    in_rows = (y + spec.height_px / rows > box.offset_y) & (y < bottom)
    in_columns = (x + spec.width_px / columns > box.offset_x) & (x < right)
    return np.asarray(in_rows[:, None] & in_columns[None, :])


def _rounded(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    return (round(box[0], 1), round(box[1], 1), round(box[2], 1), round(box[3], 1))
