"""What the fastener detector makes of real photographs: none of them shows flange bolts on sheet metal."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.core import FastenerKind
from delid.vision import Detection, Detector, OnnxModel, detect_fasteners, prepare_crops

Figures = dict[str, Any]
Picture = NDArray[np.uint8]
HEAD_PX, GROUND_PX = 40, 128
"""A photographed crop is shrunk to this size and laid on a plain ground of its own mean colour."""
REACH_PX = 10.0
LONGEST_PX = 384
PICTURES = (".jpg", ".jpeg", ".png")


def photograph_figures(model: Detector, folder: Path) -> Figures:
    """Figures for every known set of photographs below `folder`; sets that are not there are left out."""
    found: Figures = {}
    crops = next(
        (p for p in (folder / "screw_hole_crops/validate", folder / "screw_hole_crops") if (p / "screw").is_dir()), None
    )
    if crops:
        found["screws_and_holes"] = crop_figures(model, crops)
    if (folder / "screw_hole_crops/scenes").is_dir():
        found["scenes_of_electronic_waste"] = scene_figures(model, folder / "screw_hole_crops/scenes")
    if (folder / "stripped_screws").is_dir():
        found["stripped_screws"] = head_figures(model, folder / "stripped_screws")
    if (folder / "twizy_pack").is_dir():
        found["twizy_pack"] = count_figures(model, folder / "twizy_pack")
    return found


def kind_figures(model: OnnxModel, folder: Path) -> Figures:
    """The held-out crops of screws and holes, each laid in the middle of the model's input."""
    spec, crop = model.manifest.input, model.manifest.crop
    labels = model.manifest.output("kind").labels
    place = folder / "screw_hole_crops/validate"
    if crop is None or not (place / "screw").is_dir():
        return {}
    found: Figures = {}
    for label in ("screw", "hole", "other"):
        grounds = [_grounded(picture, GROUND_PX) for _, picture in _pictures(place / label)]
        middle = ((GROUND_PX - 1) / 2, (GROUND_PX - 1) / 2)
        step = crop.cover_mm / crop.size_px  # one pixel of the ground is one of the crop
        said = [
            labels[int(model.run(prepare_crops(ground, [middle], step, spec, crop))["kind"][0].argmax())]
            for ground in grounds
        ]
        found[label] = {"crops": len(said), **{name: said.count(name) for name in labels}}
    return {"kinds_of_screws_and_holes": found}


def crop_figures(model: Detector, folder: Path) -> Figures:
    """Crops by folder: is something found in the middle, and of which kind?"""
    found: Figures = {}
    for label in ("screw", "hole", "other"):
        said = [_middle(model, picture) for _, picture in _pictures(folder / label)]
        if said:
            found[label] = {"crops": len(said), **_counts(said)}
    return found


def _grounded(crop: Picture, side_px: int) -> Picture:
    """A crop on a plain ground of its own edge's colour."""
    ground = np.empty((side_px, side_px, 3), np.uint8)
    ground[:] = np.concatenate([crop[0], crop[-1], crop[:, 0], crop[:, -1]]).mean(axis=0)
    start = (side_px - HEAD_PX) // 2
    ground[start : start + HEAD_PX, start : start + HEAD_PX] = cv2.resize(
        crop, (HEAD_PX, HEAD_PX), interpolation=cv2.INTER_AREA
    )
    return ground


def _middle(model: Detector, crop: Picture) -> Detection | None:
    ground = _grounded(crop, GROUND_PX)
    middle = (GROUND_PX - 1) / 2
    near = [
        d for d in detect_fasteners(ground, model)
        if np.hypot(d.center_px[0] - middle, d.center_px[1] - middle) <= REACH_PX
    ]  # fmt: skip
    return near[0] if near else None


def scene_figures(model: Detector, folder: Path) -> Figures:
    """Whole photographs with boxes around screws and holes; what has no box is not known, so there is no precision."""
    found: Figures = {}
    for file in sorted((folder / "Annotations").glob("*.csv")):
        rows = list(csv.DictReader(file.read_text().splitlines()))
        picture = cv2.imread(str(folder / "Images" / rows[0]["image_name"]), cv2.IMREAD_COLOR) if rows else None
        if picture is None:
            continue
        detections = detect_fasteners(np.asarray(picture, np.uint8), model)
        found[file.stem] = {"detections": len(detections), **_boxes(rows, detections)}
    return found


def _boxes(rows: list[dict[str, str]], detections: list[Detection]) -> Figures:
    counts: Figures = {}
    for label in ("screw", "hole"):
        own = [r for r in rows if r["label_name"] == label]
        said = []
        for row in own:
            x, y, w, h = (float(row[key]) for key in ("bbox_x", "bbox_y", "bbox_width", "bbox_height"))
            inside = [d for d in detections if x <= d.center_px[0] <= x + w and y <= d.center_px[1] <= y + h]
            said.append(inside[0] if inside else None)
        if own:
            counts[label] = {"boxes": len(own), **_counts(said)}
    return counts


def head_figures(model: Detector, folder: Path) -> Figures:
    """Frames of films of single torn cross-head screws: what is the surest detection of each?"""
    said = []
    for _, picture in _pictures(folder):
        factor = LONGEST_PX / max(picture.shape[:2])
        small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        said.append(next(iter(detect_fasteners(np.asarray(small, np.uint8), model)), None))
    return {"pictures": len(said), **_counts(said)}


def count_figures(model: Detector, folder: Path) -> Figures:
    """Pictures without labels: how many detections a picture, half of the pictures having fewer."""
    limit = model.manifest.thresholds.fasteners
    least = limit.min_confidence if limit else 0.5
    every = [detect_fasteners(picture, model) for _, picture in _pictures(folder)]
    return {
        "pictures": len(every),
        "detections_median": float(np.median([len(d) for d in every])) if every else None,
        "sure_detections_median": float(np.median([sum(x.confidence >= least for x in d) for d in every]))
        if every
        else None,
    }


def _counts(said: list[Detection | None]) -> Figures:
    kinds = {str(kind): sum(d is not None and d.kind == kind for d in said) for kind in FastenerKind}
    return {**kinds, "nothing": sum(d is None for d in said)}


def _pictures(folder: Path) -> list[tuple[str, Picture]]:
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES):
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is not None:
            found.append((path.name, np.asarray(picture, np.uint8)))
    return found
