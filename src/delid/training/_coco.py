"""Labelled pictures of recordings, as ``delid recording export --training`` writes them (COCO), for fitting.

What a person or a tool said counts as it is; what the models said alone counts only where they were sure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.vision import DAMAGE_KINDS, FASTENER_KINDS

Picture = NDArray[np.uint8]
ANNOTATIONS_FILE = "annotations.json"
SURE = 0.9
"""From this confidence on a label of the models alone is learnt from."""


def is_coco(folder: Path) -> bool:
    """True for a folder that holds labelled pictures."""
    return (folder / ANNOTATIONS_FILE).is_file()


def coco_crops(folder: Path) -> dict[int, list[Picture]]:
    """The fasteners of the pictures by kind (place in FASTENER_KINDS), each filling its crop.

    Raises ValueError where a picture cannot be read.
    """
    found: dict[int, list[Picture]] = {}
    data = _data(folder)
    names = {category["id"]: category["name"] for category in data["categories"]}
    for image, labels in _by_image(data):
        wanted = [a for a in labels if names[a["category_id"]] in FASTENER_KINDS and _is_sure(a)]
        picture = _picture(folder / image["file_name"]) if wanted else None
        for label in wanted:
            assert picture is not None
            crop = _crop(picture, label["bbox"])
            if crop is not None:
                found.setdefault(FASTENER_KINDS.index(names[label["category_id"]]), []).append(crop)
    return found


def sound_pictures(folder: Path) -> list[Path]:
    """Ambient pictures of packs of class A without any damage, found or unclear."""
    data = _data(folder)
    damages = {category["id"] for category in data["categories"] if category["name"] in DAMAGE_KINDS}
    return [
        folder / image["file_name"]
        for image, labels in _by_image(data)
        if image["delid"]["hazard_class"] == "A" and not any(a["category_id"] in damages for a in labels)
    ]


def _data(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / ANNOTATIONS_FILE).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{folder / ANNOTATIONS_FILE} is no JSON: {error}") from error
    return found


def _by_image(data: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    own: dict[int, list[dict[str, Any]]] = {}
    for label in data["annotations"]:
        own.setdefault(label["image_id"], []).append(label)
    for image in data["images"]:
        yield image, own.get(image["id"], [])


def _is_sure(label: dict[str, Any]) -> bool:
    said = label["attributes"]
    return not said.get("doubtful") and (said["source"] != "model" or said["confidence"] >= SURE)


def _picture(path: Path) -> Picture:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{path} cannot be read as an image")
    return np.asarray(picture, np.uint8)


def _crop(picture: Picture, box: list[float]) -> Picture | None:
    """The box, or None where a part of it lies outside the picture."""
    x, y, wide, high = box
    x0, y0, x1, y1 = round(x), round(y), round(x + wide), round(y + high)
    if x0 < 0 or y0 < 0 or x1 > picture.shape[1] or y1 > picture.shape[0] or x1 - x0 < 4 or y1 - y0 < 4:
        return None
    return picture[y0:y1, x0:x1]
