"""Labelled pictures as COCO (object detection with keypoints), which the training pipeline and other tools read."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from delid.core import DamageKind, FastenerKind, UsageError, to_plain

from ._labels import LabelledFrame, labelled_frames
from ._read_recording import read_recording
from ._recording import Recording

ANNOTATIONS_FILE, IMAGES = "annotations.json", "images"
PACK = "pack"
CATEGORIES = {
    name: number
    for number, name in enumerate([*(k.value for k in FastenerKind), *(k.value for k in DamageKind), PACK], start=1)
}
"""Category names to their COCO numbers; they never change their order."""
CENTRE = 0.5
"""COCO counts from the corner of the first pixel, delid from its centre."""
VISIBLE = 2


@dataclass(frozen=True, slots=True)
class SetReport:
    """What was written."""

    recordings: int
    images: int
    annotations: int
    corrected_images: int


@dataclass(slots=True)
class _Set:
    folder: Path
    recordings: int = 0
    corrected: int = 0
    images: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    """Digest of a picture to its number."""


def write_training_set(paths: Sequence[Path], out: Path, *, corrected_only: bool = False) -> SetReport:
    """Pictures and labels of recordings as ``images`` and ``annotations.json`` in the new folder ``out``.

    Args:
        corrected_only: only pictures of which a person or a tool said something.

    Raises RecordingError for a recording that cannot be read, UsageError where ``out`` is not empty.
    """
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty.", hint="Name a new folder.")
    (out / IMAGES).mkdir(parents=True)
    made = _Set(out)
    for path in paths:
        _add(made, read_recording(path), corrected_only)
    coco = {
        "info": {"description": "Recordings of dismantling cells, labelled by delid", "version": "1"},
        "licenses": [],
        "categories": [_category(name, number) for name, number in CATEGORIES.items()],
        "images": made.images,
        "annotations": made.annotations,
    }
    (out / ANNOTATIONS_FILE).write_text(json.dumps(coco, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return SetReport(made.recordings, len(made.images), len(made.annotations), made.corrected)


def _add(made: _Set, recording: Recording, corrected_only: bool) -> None:
    made.recordings += 1
    for labelled in labelled_frames(recording):
        frame = labelled.frame
        wanted = labelled.corrected or labelled.ambient in made.numbers or not corrected_only
        if frame.sha256 in made.numbers or not wanted:
            continue
        number = len(made.images) + 1
        made.numbers[frame.sha256] = number
        ending = {"jpeg": "jpg"}.get(frame.format, frame.format)
        name = f"{IMAGES}/{recording.header.run_id}-{number:06d}-{frame.camera}-{frame.look}.{ending}"
        (made.folder / name).write_bytes(frame.encoded)
        made.images.append(_image(labelled, recording, number, name, made))
        for annotation in _annotations(labelled):
            made.annotations.append({"id": len(made.annotations) + 1, "image_id": number, **annotation})
        made.corrected += labelled.corrected


def _image(labelled: LabelledFrame, recording: Recording, number: int, name: str, made: _Set) -> dict[str, Any]:
    frame = labelled.frame
    return {
        "id": number,
        "file_name": name,
        "width": frame.width,
        "height": frame.height,
        "date_captured": _date(recording),
        "delid": {
            "run": recording.header.run_id,
            "recording": recording.path.name,
            "camera": frame.camera,
            "look": frame.look,
            "look_id": frame.look_id,
            "sha256": frame.sha256,
            "pack": labelled.pack,
            "pack_status": labelled.pack_status,
            "pack_source": labelled.pack_source,
            "hazard_class": labelled.hazard_class,
            "absent": list(labelled.absent),
            "corrected": labelled.corrected,
            "ambient_image_id": made.numbers.get(labelled.ambient),
            "models": to_plain(recording.header.models),
        },
    }


def _date(recording: Recording) -> str:
    """The run's name begins with its time in UTC; empty for one that does not."""
    try:
        when = datetime.datetime.strptime(recording.header.run_id[:15], "%Y%m%dT%H%M%S").replace(tzinfo=datetime.UTC)
    except ValueError:
        return ""
    return when.isoformat()


def _annotations(labelled: LabelledFrame) -> list[dict[str, Any]]:
    found = []
    if labelled.outline_px:
        corners = [(x + CENTRE, y + CENTRE) for x, y in labelled.outline_px]
        attributes = {"model": labelled.pack, "source": labelled.pack_source}
        found.append(_annotation(PACK, _bounds(corners), attributes, corners))
    for damage in labelled.damage:
        x0, y0, x1, y1 = damage.box_px
        box = (x0, y0, x1 + 2 * CENTRE, y1 + 2 * CENTRE)
        told = {"source": damage.source, "severity": damage.severity, "confidence": damage.confidence}
        found.append(_annotation(damage.kind, box, {**told, "unclear": damage.unclear}))
    for fastener in labelled.fasteners:
        x, y, half = fastener.center_px[0] + CENTRE, fastener.center_px[1] + CENTRE, fastener.side_px / 2
        told = {"source": fastener.source, "fastener": fastener.id, "confidence": fastener.confidence}
        made = _annotation(
            fastener.kind, (x - half, y - half, x + half, y + half), {**told, "doubtful": fastener.doubtful}
        )
        found.append(made | {"keypoints": [round(x, 2), round(y, 2), VISIBLE], "num_keypoints": 1})
    return found


def _annotation(
    name: str,
    box: tuple[float, float, float, float],
    attributes: dict[str, Any],
    outline: Sequence[tuple[float, float]] = (),
) -> dict[str, Any]:
    x0, y0, x1, y1 = (round(v, 2) for v in box)
    corners = outline or ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    return {
        "category_id": CATEGORIES[name],
        "bbox": [x0, y0, round(x1 - x0, 2), round(y1 - y0, 2)],
        "area": round(_area(corners), 2),
        "segmentation": [[round(v, 2) for corner in corners for v in corner]],
        "iscrowd": 0,
        "attributes": attributes,
    }


def _bounds(corners: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _area(corners: Sequence[tuple[float, float]]) -> float:
    """Shoelace formula."""
    turned = [*corners[1:], corners[0]]
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(corners, turned, strict=True))) / 2


def _category(name: str, number: int) -> dict[str, Any]:
    if name == PACK:
        return {"id": number, "name": name, "supercategory": PACK}
    if name in {kind.value for kind in DamageKind}:
        return {"id": number, "name": name, "supercategory": "damage"}
    return {"id": number, "name": name, "supercategory": "fastener", "keypoints": ["centre"], "skeleton": []}
