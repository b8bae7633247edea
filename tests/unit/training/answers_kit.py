"""What a pack model says of views, written down by hand, and the manifest that it is read by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from delid.training._predict import Answers
from delid.training._samples import Sample
from delid.training._specs import HEAT_GRID, PACK_INPUT, STRIDE
from delid.vision import DAMAGE_KINDS, Manifest

TOP = 0  # rows of the heat map above a picture of 416 x 320


def limits(region: float | None = None, least: float = 0.5) -> dict[str, Any]:
    rule = {"min_confidence": least, "from": "validation", "chosen": "by hand"}
    return {kind: rule if region is None else {**rule, "region": region} for kind in DAMAGE_KINDS}


def manifest(region: float | None = None, single: float | None = None) -> Manifest:
    pack = {"min_score": 0.8, "margin": 0.1, "neighbours": 2, "from": "validation", "chosen": "by hand"}
    thresholds = {"pack": pack, "damage": limits(region)}
    if single is not None:
        thresholds["damage_single"] = limits(region, single)
    spec: dict[str, Any] = {
        "model": "pack-damage",
        "version": "0",
        "task": "pack_damage",
        "file": "model.onnx",
        "sha256": "0" * 64,
        "trained_on": "rendered",
        "data": {"images": 0, "families": 0, "seeds": [1], "recipe_sha256": "0" * 64, "note": ""},
        "made_by": {"command": "none", "seed": 1},
        "input": PACK_INPUT.model_dump(mode="json"),
        "outputs": [
            {"name": "embedding", "shape": [1, 3]},
            {"name": "damage_heat", "shape": [1, 5, *HEAT_GRID], "labels": list(DAMAGE_KINDS)},
            {"name": "damage_presence", "shape": [1, 5], "labels": list(DAMAGE_KINDS)},
            {"name": "severity", "shape": [1, 5]},
        ],
        "thresholds": thresholds,
    }
    return Manifest.model_validate(spec)


def sample(family: str, *damages: tuple[str, list[int]], severity: float = 0.6) -> Sample:
    truth = {
        "size_px": [416, 320],
        "damages": [{"kind": kind, "severity": severity, "box_px": box} for kind, box in damages],
    }
    return Sample(Path("none.jpg"), "test", "family" if family.startswith("family") else "pack", family, truth)


def answers(*vectors: list[float], raking: bool = True) -> Answers:
    """Nothing found in frames of 416 x 320; severities of 0.5."""
    count, kinds = len(vectors), len(DAMAGE_KINDS)
    return Answers(
        np.array(vectors, np.float32),
        np.zeros((count, kinds, *HEAT_GRID), np.float32),
        np.zeros((count, kinds), np.float32),
        np.full((count, kinds), 0.5, np.float32),
        ((416, 320),) * count,
        raking,
        PACK_INPUT,
    )


def see(said: Answers, view: int, kind: str, box: tuple[int, int, int, int], presence: float = 0.9) -> None:
    """The model finds a kind in the cells of a box (of multiples of 8 px)."""
    index, (x0, y0, x1, y1) = DAMAGE_KINDS.index(kind), box
    said.heat[view, index, TOP + y0 // STRIDE : TOP + y1 // STRIDE, x0 // STRIDE : x1 // STRIDE] = 0.9
    said.presence[view, index] = presence
