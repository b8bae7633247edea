"""Photographs to teach a pack from: read, paired with their looks, checked one by one and against each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.core import AMBIENT, Frame, FrameError, ImageBgr

from ._decode import read_frame
from ._gallery import TaughtPicture, Vectors, unit
from ._prepare import prepare
from ._quality import check_quality
from ._session import OnnxModel

LOOK_SUFFIXES = {".left": "rake_left", ".right": "rake_right"}
"""``lid.left.jpg`` is ``lid.jpg`` under the left raking lamp."""
ENDINGS = (".jpg", ".jpeg", ".png")
SKETCH_PX = (96, 72)
SLOW_PX = 12.0

ADVICE: Mapping[str, str] = {
    "too_few": "Take more photographs: other sides, other light, with and without dirt.",
    "too_many": "Keep those that differ most from each other.",
    "unreadable": "Copy the file again, or take it out.",
    "stray_look": "Put the photograph without the lamp beside it, under the same name, or take it out.",
    "unusable": "Take it again, or take it out.",
    "too_alike": "Take one of the two out: a second picture of the same scene teaches nothing.",
    "outlier": "Take it out if it shows something else; if it is the pack, take more photographs like it.",
    "scattered": "Take photographs of this one pack model alone, the whole lid in view.",
    "near_pack": "Check that it is not the same pack model; if it is another one, show it from where it differs.",
    "disturbs": "Check that it is not the same pack model.",
}
"""What a person should do about each objection."""


@dataclass(frozen=True, slots=True)
class Objection:
    """Something that speaks against a photograph, or against the whole set where ``photo`` is empty."""

    code: str
    words: str
    photo: str = ""

    @property
    def advice(self) -> str:
        return ADVICE[self.code]


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph with the same view under other lamps, by look: encoded bytes, or frames that are decoded."""

    name: str
    images: Mapping[str, bytes | Frame]


@dataclass(frozen=True, slots=True)
class Studied:
    """What is known of a photograph once it was read.

    Attributes:
        vectors: unit embeddings, one for each row of ``pictures``; none where there are objections.
        sketch: a small picture of its edges, to compare photographs by.
    """

    name: str
    objections: tuple[Objection, ...] = ()
    pictures: tuple[TaughtPicture, ...] = ()
    vectors: Vectors = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    sketch: NDArray[np.float32] | None = None


def read_photos(folder: Path) -> list[Photo]:
    """All JPEG and PNG files of a folder by name; a look (``.left``, ``.right``) goes with its photograph."""
    paths = sorted(p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in ENDINGS)
    plain = [path for path in paths if _look(path) == AMBIENT]
    photos = {path: {AMBIENT: path} for path in plain}
    for path in (p for p in paths if _look(p) != AMBIENT):
        owner = next((p for p in plain if p.stem == Path(path.stem).stem), path)
        photos.setdefault(owner, {})[_look(path)] = path
    return [Photo(shown.name, {k: p.read_bytes() for k, p in looks.items()}) for shown, looks in photos.items()]


def _look(path: Path) -> str:
    return LOOK_SUFFIXES.get(Path(path.stem).suffix, AMBIENT)


def study(photo: Photo, model: OnnxModel) -> Studied:
    """Read a photograph, judge its quality, and let the model look at it; raises ModelError when the model fails."""
    if AMBIENT not in photo.images:
        looks = ", ".join(sorted(photo.images))
        return _refused(photo, "stray_look", f"{looks} without a photograph in plain light")
    try:
        frames = {look: _frame(image, photo.name, look) for look, image in photo.images.items()}
    except FrameError as error:
        return _refused(photo, "unreadable", error.message)
    reasons = [reason for frame in frames.values() for reason in _reasons(frame, frames[AMBIENT])]
    if reasons:
        return _refused(photo, "unusable", "; ".join(reasons))
    pictures, vectors = zip(*_embedded(photo.name, frames, model), strict=True)
    return Studied(photo.name, (), pictures, np.stack(vectors), sketch_of(frames[AMBIENT].image))


def _refused(photo: Photo, code: str, words: str) -> Studied:
    return Studied(photo.name, (Objection(code, words, photo.name),))


def _frame(image: bytes | Frame, name: str, look: str) -> Frame:
    return image if isinstance(image, Frame) else read_frame(image, source=name, look=look)


def _reasons(frame: Frame, ambient: Frame) -> tuple[str, ...]:
    """The gate that frames of the cell pass too. A raking look is dark where it must be: only its size counts."""
    if frame is ambient:
        return check_quality(frame).reasons
    if frame.image.shape != ambient.image.shape:
        return (f"the look {frame.look} has another size than the photograph",)
    return ()


def _embedded(name: str, frames: Mapping[str, Frame], model: OnnxModel) -> Iterable[tuple[TaughtPicture, Vectors]]:
    """In plain light, and with all looks if the model has a use for them: a cell may look either way."""
    ambient, spec = frames[AMBIENT], model.manifest.input
    size = (ambient.image.shape[1], ambient.image.shape[0])
    useful = {look: frame.image for look, frame in frames.items() if look in set[str](spec.planes)}
    ways: list[dict[str, ImageBgr]] = [{}, useful] if useful else [{}]
    for looks in ways:
        vector = unit(model.run(prepare(ambient.image, spec, looks))["embedding"][0])
        yield TaughtPicture(file=name, sha256=ambient.sha256, size_px=size, looks=(AMBIENT, *sorted(looks))), vector


def sketch_of(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Edges of a small grey copy, of mean zero and length one: brightness and contrast have no part in it."""
    grey = cv2.cvtColor(cv2.resize(image, SKETCH_PX, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    fine = grey.astype(np.float32)
    fine -= cv2.GaussianBlur(fine, (0, 0), SLOW_PX)
    return unit(np.asarray(fine - fine.mean(), np.float32))


def too_alike(studied: Sequence[Studied], limit: float) -> list[Objection]:
    """Photographs that show the same scene as one before them: the same file, or hardly anything moved."""
    found: list[Objection] = []
    kept: list[Studied] = []
    for one in studied:
        if one.sketch is None:
            continue
        same = next((other for other in kept if _alike(one, other, limit)), None)
        if same is None:
            kept.append(one)
            continue
        how = "is the same file as" if _digest(one) == _digest(same) else "shows the same scene as"
        found.append(Objection("too_alike", f"{how} {same.name}", one.name))
    return found


def _alike(one: Studied, other: Studied, limit: float) -> bool:
    assert one.sketch is not None
    assert other.sketch is not None
    return _digest(one) == _digest(other) or float(one.sketch @ other.sketch) >= limit


def _digest(studied: Studied) -> str:
    return studied.pictures[0].sha256
