"""Teaching the named packs from rendered pictures, in the very way in which an engineer teaches from photographs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from delid.core import AMBIENT, Frame
from delid.vision import Gallery, Lesson, OnnxModel, Photo, PrototypeFile, Teaching, gallery_of, store_pack, teach_pack

from ._samples import Picture, Sample

PICTURES = 10
MADE_FROM = "rendered pictures"
TEACHER = "delid train export"
OVERRULED = frozenset({"outlier", "scattered", "near_pack", "disturbs"})
"""Rendered pictures show what they are made to show; the file keeps what an engineer would have been asked about."""


def chosen_to_teach(samples: Sequence[Sample], pack: str, count: int = PICTURES) -> list[Sample]:
    """Pictures of one pack of the split ``teach``: half from the cell's camera, sound and damaged alternating."""
    mine = [s for s in samples if s.family == pack and s.split == "teach" and s.kind in ("pack", "cell")]
    cell = _alternating([s for s in mine if s.kind == "cell"])[: count // 2]
    return cell + _alternating([s for s in mine if s.kind == "pack"])[: count - len(cell)]


def _alternating(samples: Sequence[Sample]) -> list[Sample]:
    sound = [s for s in samples if not s.present().any()]
    damaged = [s for s in samples if s.present().any()]
    pairs = [s for pair in zip(sound, damaged, strict=False) for s in pair]
    return pairs + sound[len(damaged) :] + damaged[len(sound) :]


def looks_of(model: OnnxModel) -> tuple[str, ...]:
    """The looks that the model has planes for, besides the ambient one."""
    return tuple(str(plane) for plane in model.manifest.input.planes if plane in ("rake_left", "rake_right"))


def frames_of(sample: Sample, looks: tuple[str, ...]) -> dict[str, Picture]:
    """The frames of a sample by look; ``ambient`` is always among them."""
    return sample.frames(looks) if looks else {AMBIENT: sample.picture()}


def photo_of(sample: Sample, looks: tuple[str, ...]) -> Photo:
    """A sample as the photograph that an engineer would have taken."""
    name = sample.path.name
    return Photo(name, {look: _frame(image, name, look) for look, image in frames_of(sample, looks).items()})


def _frame(image: Picture, name: str, look: str) -> Frame:
    pixels = np.ascontiguousarray(image)
    return Frame(image=pixels, source=name, sha256=hashlib.sha256(pixels.tobytes()).hexdigest(), look=look)


def lessons(
    model: OnnxModel, photos: Mapping[str, Sequence[Photo]], at_s: float, by: str = TEACHER
) -> dict[str, Teaching]:
    """Each pack taught among all the others; at first each alone, so that their order has no say.

    Args:
        photos: of each pack.
        at_s: seconds since 1970-01-01 UTC, for the record.
    """
    alone = {pack: _lesson(model, pack, shown, Gallery({}), at_s, by) for pack, shown in photos.items()}
    known = as_gallery({pack: t.file for pack, t in alone.items() if t.file})
    return {pack: _lesson(model, pack, shown, known, at_s, by) for pack, shown in photos.items()}


def _lesson(model: OnnxModel, pack: str, photos: Sequence[Photo], known: Gallery, at_s: float, by: str) -> Teaching:
    lesson = Lesson(pack, by=by, at_s=at_s, made_from=MADE_FROM, leave_out=True, accept=OVERRULED)
    return teach_pack(photos, lesson, model, known)


def teach(
    model: OnnxModel, samples: Sequence[Sample], packs: Sequence[str], at_s: float, count: int = PICTURES
) -> dict[str, PrototypeFile]:
    """One gallery file for each pack that the samples show in the split ``teach``."""
    looks = looks_of(model)
    photos = {pack: [photo_of(s, looks) for s in chosen_to_teach(samples, pack, count)] for pack in packs}
    taught = lessons(model, {pack: shown for pack, shown in photos.items() if shown}, at_s)
    return {pack: teaching.file for pack, teaching in taught.items() if teaching.file}


def as_gallery(files: Mapping[str, PrototypeFile]) -> Gallery:
    return gallery_of(files.values())


def write_gallery(files: Mapping[str, PrototypeFile], folder: Path) -> None:
    """``folder/PACK.json`` for each pack, in the place of what another model was taught."""
    for file in files.values():
        store_pack(folder, file, keep_at_s=None)
