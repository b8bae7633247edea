"""Frames on which a decision changed, with what was seen in them then and now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from delid.core import Inspection, Located, Looked
from delid.journal import RecordedFrame, Recording

from ._compare import Difference
from ._inspections import FrameSeam
from ._lines import short
from ._reference import Seams
from ._words import TARGET, expand

MOST = 8
"""Pictures of one recording in a report."""
WIDE_PX = 960
QUALITY = 78


@dataclass(frozen=True, slots=True)
class Mark:
    """A word at a place of the picture; ``box`` is x0, y0, x1, y1, ``changed`` where the other side says otherwise."""

    text: str
    box: tuple[float, float, float, float]
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame, made smaller, with the marks and words of both sides. Pixels are those of the smaller picture."""

    title: str
    jpeg: bytes
    width: int
    height: int
    before: tuple[Mark, ...]
    now: tuple[Mark, ...]
    before_words: tuple[str, ...]
    now_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison; a reference has seams alone, and places are taken from the other side."""

    seams: Seams
    inspections: Sequence[tuple[str, Inspection]] = ()
    located: Sequence[tuple[str, Located]] = field(default=())

    def frames(self) -> dict[str, FrameSeam]:
        return {frame.name: frame for frame in self.seams.inspection}


def pictures_of(recording: Recording, found: Sequence[Difference], now: Side, before: Side) -> tuple[Picture, ...]:
    """The frames whose judgement differs; without one, those that the first decision to differ was made on."""
    new, old = now.frames(), before.frames()
    changed = [name for name in dict.fromkeys([*old, *new]) if name in new and name in old and _differs(name, found)]
    names = changed or _looked_at(found, new)
    seen = _places(now, before, recording)
    pictures = []
    for name in names[:MOST]:
        frame = new.get(name) or old[name]
        if (recorded := _recorded(recording, frame)) is not None:
            pictures.append(_picture(name, recorded, old.get(name), new.get(name), seen.get(name), _targets(found)))
    return tuple(pictures)


def _differs(name: str, found: Sequence[Difference]) -> bool:
    return any(d.seam == "inspection" and d.where.startswith(f"{name}: ") for d in found)


def _looked_at(found: Sequence[Difference], frames: Mapping[str, FrameSeam]) -> list[str]:
    """The fine look at the target of the first decision that differs, else the first frame of the pack."""
    for d in found:
        if d.seam != "inspection" and (target := TARGET.search(d.where)):
            near = [name for name in frames if f"{target[0]}#" in name]
            if near:
                return near[:1]
    return list(frames)[:1]


def _targets(found: Sequence[Difference]) -> frozenset[str]:
    """Fasteners that a decision or the wire differs about."""
    return frozenset(m[0] for d in found if d.seam != "inspection" for m in TARGET.finditer(d.where))


def _recorded(recording: Recording, frame: FrameSeam) -> RecordedFrame | None:
    """The picture itself; a frame is the one with the digest that was judged."""
    kept = recording.frames.get(frame.look, ())
    digest = frame.exact.get("sha256", "")
    return next((one for one in kept if one.sha256 == digest), None)


def _places(now: Side, before: Side, recording: Recording) -> dict[str, Inspection]:
    """Frame name to an inspection that knows the places: of today, of the other side, or as it was recorded."""
    asked = [(e.id, i) for e in recording.events if isinstance(e, Looked) for i in e.inspections]
    found: dict[str, Inspection] = {}
    for side in (asked, before.inspections, now.inspections):
        counts: dict[str, int] = {}
        for look, inspection in side:
            counts[look] = counts.get(look, 0) + 1
            found[f"{short(look)} frame {counts[look]}"] = inspection
    return found


def _picture(
    name: str,
    recorded: RecordedFrame,
    before: FrameSeam | None,
    now: FrameSeam | None,
    seen: Inspection | None,
    targets: frozenset[str],
) -> Picture:
    jpeg, (width, height), scale = _smaller(recorded.encoded)
    sides = [_kinds(side) for side in (before, now)]
    marks = [tuple(_marks(sides[n], sides[1 - n], seen, scale, targets)) for n in (0, 1)]
    words = [tuple(_facts(side, other)) for side, other in ((before, now), (now, before))]
    return Picture(name, jpeg, width, height, marks[0], marks[1], words[0], words[1])


def _smaller(encoded: bytes) -> tuple[bytes, tuple[int, int], float]:
    """The frame as JPEG no wider than a report shows it."""
    image = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return encoded, (WIDE_PX, WIDE_PX), 1.0
    scale = min(1.0, WIDE_PX / image.shape[1])
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return data.tobytes(), size, scale


def _kinds(frame: FrameSeam | None) -> dict[str, str]:
    """Fastener to its kind on one side."""
    exact = frame.exact if frame else {}
    kinds = {k.removeprefix("fasteners."): v for k, v in exact.items() if k.startswith("fasteners.")}
    return {name: kind for kind, spans in kinds.items() for name in expand(spans)}


def _marks(
    ours: Mapping[str, str],
    theirs: Mapping[str, str],
    seen: Inspection | None,
    scale: float,
    targets: frozenset[str],
) -> Iterator[Mark]:
    if seen is None:
        return
    for fastener in seen.fasteners:
        kind = ours.get(fastener.id)
        if kind is None and fastener.id not in theirs:
            continue
        x, y = (value * scale for value in fastener.center_px)
        changed = kind != theirs.get(fastener.id) or fastener.id in targets
        yield Mark(f"{fastener.id} {kind or 'not seen'}", (x - 9, y - 9, x + 9, y + 9), changed)
    for damage in seen.damage:
        x0, y0, x1, y1 = (value * scale for value in damage.box_px)
        yield Mark(damage.kind.value, (x0, y0, x1, y1))


def _facts(ours: FrameSeam | None, theirs: FrameSeam | None) -> Iterator[str]:
    """What one side says of the frame where the other says something else."""
    if ours is None:
        yield "this frame was not looked at"
        return
    other = theirs.exact if theirs else {}
    for key, value in ours.exact.items():
        if value != other.get(key) and not key.startswith("fasteners."):
            yield f"{key}: {value}"
    for key, score in ours.scores.items():
        was = theirs.scores.get(key) if theirs else None
        if was is None or abs(was - score) > 5e-5:
            yield f"{key} {score:.4f}"
