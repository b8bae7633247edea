"""Heat map and severities to damages with boxes in the camera's pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.core import Damage, DamageKind

from ._manifest import DamageThreshold, InputSpec, Manifest
from ._prepare import Letterbox, letterbox_for

MAX_REGIONS = 3
"""Boxes for each kind of damage: the strongest places; more would cover the picture."""

Heat = NDArray[np.float32]
Outputs = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class DamageVerdict:
    """Damages found, and those neither found nor ruled out; each most certain first."""

    found: tuple[Damage, ...]
    unclear: tuple[Damage, ...] = ()


def judge_damage(outputs: Outputs, manifest: Manifest, width: int, height: int, *, raking: bool) -> DamageVerdict:
    """What the pack_damage model says of a frame of this size.

    Args:
        outputs: of one run, by name.
        raking: the frame came with its raking looks; a single frame has thresholds of its own.
    """
    alone = manifest.thresholds.damage_single
    limits = alone if alone is not None and not raking else manifest.thresholds.damage
    return find_damage(
        outputs["damage_heat"][0],
        outputs["severity"][0],
        manifest.output("damage_heat").labels,
        limits or {},
        letterbox_for(width, height, manifest.input),
        manifest.input,
        outputs["damage_presence"][0] if "damage_presence" in outputs else None,
    )


def find_damage(
    heat: Heat,
    severity: NDArray[np.float32],
    labels: tuple[str, ...],
    thresholds: Mapping[Literal["dent", "corrosion", "leak", "swelling", "burn"], DamageThreshold],
    box: Letterbox,
    spec: InputSpec,
    presence: NDArray[np.float32] | None = None,
) -> DamageVerdict:
    """Damages by the thresholds of their kinds.

    Args:
        heat: kinds x rows x columns, 0..1, in the model's input.
        severity: one figure for each kind, 0..1.
        labels: the kinds in the order of the heat map.
        thresholds: by kind; a kind is there when its presence reaches ``min_confidence``, and lies where its heat
            reaches ``region``; from ``rule_out`` on it is unclear.
        box: where the frame lies in the model's input.
        presence: one figure for each kind, 0..1; without it the highest heat of a kind is its presence.
    """
    inside = _cells_of_image(heat.shape[1], heat.shape[2], box, spec)
    found: list[Damage] = []
    unclear: list[Damage] = []
    limits = {str(kind): threshold for kind, threshold in thresholds.items()}
    for index, label in enumerate(labels):
        layer = np.where(inside, heat[index], -1.0)
        sure = float(layer.max() if presence is None else presence[index])
        limit = limits[label]
        if sure < (limit.min_confidence if limit.rule_out is None else limit.rule_out):
            continue
        chosen = found if sure >= limit.min_confidence else unclear
        edge = limit.min_confidence if limit.region is None else limit.region
        regions = _regions(layer, min(edge, float(layer.max())))
        for peak, rows, columns in regions:
            # the strongest place carries the certainty of the whole kind, weaker ones their share of it
            certainty = peak if presence is None else sure * peak / max(regions[0][0], 1e-6)
            place = _rounded(box.cells_to_box(rows, columns, (heat.shape[1], heat.shape[2]), spec))
            chosen.append(Damage(DamageKind(label), _share(certainty), _share(severity[index]), place))
    return DamageVerdict(_surest_first(found), _surest_first(unclear))


def _surest_first(damages: list[Damage]) -> tuple[Damage, ...]:
    return tuple(sorted(damages, key=lambda d: -d.confidence))


def _share(value: float) -> float:
    return round(min(max(float(value), 0.0), 1.0), 4)


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
    """True for cells that show a pixel of the frame or more; what the model says of its padding is no damage."""
    bottom, right = box.offset_y + box.height_px * box.scale_y, box.offset_x + box.width_px * box.scale_x
    y = np.arange(rows) * (spec.height_px / rows)
    x = np.arange(columns) * (spec.width_px / columns)
    in_rows = (y + spec.height_px / rows >= box.offset_y + box.scale_y) & (y <= bottom - box.scale_y)
    in_columns = (x + spec.width_px / columns >= box.offset_x + box.scale_x) & (x <= right - box.scale_x)
    return np.asarray(in_rows[:, None] & in_columns[None, :])


def _rounded(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    return (round(box[0], 1), round(box[1], 1), round(box[2], 1), round(box[3], 1))
