"""Recordings without what must not leave the house: names of people, parts of pictures, pictures, codes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mcap.records import Channel, Message

from delid.core import RecordingError

from ._channels import JSON_FACTS
from ._copy import Copy
from ._mcap_in import McapIn
from ._read_recording import is_image, open_parts
from ._recording import ANNOTATIONS, FRAME_META_TOPIC, LOG_TOPIC, REDACTION_NAME
from ._schemas import CompressedImage, FrameMeta, Json, Log

PEOPLE = ("by", "acknowledged_by")
"""Fields that name a person."""
CODE = "[code]"
FULL = 255
JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a camera's picture in pixels, edges included."""

    camera: str
    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True, slots=True)
class Redaction:
    """What shall go. ``names`` become *person 1*, *person 2* ...; ``boxes`` are painted over."""

    names: bool = True
    codes: bool = False
    images: bool = False
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class RedactionReport:
    """What went: names and codes that were found, pictures left out, and pictures painted over."""

    names: int
    codes: int
    images_left_out: int
    images_painted: int


def redact_recording(path: Path | str, out: Path | str, what: Redaction) -> RedactionReport:
    """Copy a recording into ``out`` without what ``what`` names; the configuration files stay as they are.

    Raises RecordingError ``recording.truncated`` where it is not whole: what cannot be read cannot be redacted. ``out``
    is not there then.
    """
    words = _words_in(Path(path), what)
    pen = _Pen(what, words)
    target = Path(out)
    copy = Copy(open_parts(path), target, "delid redact")
    for part, channel, message in copy.read():
        for kept in pen.redacted(part, channel, message):
            copy.put(part, *kept)
    cut = next((part.path for part in copy.parts if not part.complete), None)
    if cut is not None:
        copy.out.abandon()
        target.unlink()
        hint = f"Run `delid recording repair {path} OUT.mcap` first."
        raise RecordingError(f"{cut} is cut or damaged.", hint=hint, code="recording.truncated")
    note = {
        "names": str(what.names).lower(), "codes": str(what.codes).lower(), "images": str(what.images).lower(),
        "boxes": json.dumps([[b.camera, b.x0, b.y0, b.x1, b.y1] for b in what.boxes]),
    }  # fmt: skip
    copy.finish(REDACTION_NAME, note)
    names = sum(word != CODE for word in words.values())
    return RedactionReport(names, len(words) - names, pen.left_out, pen.painted)


def _words_in(path: Path, what: Redaction) -> dict[str, str]:
    """Every name and code of the recording, and what stands in its place; the longest first, so that none is half
    replaced."""
    names: dict[str, None] = {}
    codes: dict[str, None] = {}
    for part in open_parts(path):
        for channel, message in part.messages():
            if channel.topic in JSON_FACTS:
                for key, value, holder in _texts(json.loads(Json.FromString(message.data).json)):
                    if what.names and key in PEOPLE:
                        names.setdefault(value)
                    if what.codes and key == "text" and "symbology" in holder:
                        codes.setdefault(value)
    found = {name: f"person {number}" for number, name in enumerate(names, start=1)} | dict.fromkeys(codes, CODE)
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


Text = tuple[str, str, Mapping[str, Any]]
"""Key, text, and the object that holds it."""


def _texts(value: Any, holder: Mapping[str, Any] | None = None, key: str = "") -> Iterator[Text]:
    """Every text that is not empty."""
    if isinstance(value, dict):
        for name, held in value.items():
            yield from _texts(held, value, name)
    elif isinstance(value, list):
        for held in value:
            yield from _texts(held, holder, key)
    elif isinstance(value, str) and value:
        yield key, value, holder or {}


class _Pen:
    def __init__(self, what: Redaction, words: Mapping[str, str]) -> None:
        self._what, self._words = what, words
        self._pattern = _any_of(words)
        self._waiting: tuple[Channel, Message] | None = None
        self.left_out = self.painted = 0

    def redacted(
        self, part: McapIn, channel: Channel, message: Message
    ) -> Iterator[tuple[Channel, Message, bytes | None]]:
        """What takes the place of a message; a frame's description waits for its picture."""
        if channel.topic == FRAME_META_TOPIC:
            self._waiting = (channel, message)
        elif is_image(part, channel):
            yield from self._picture(channel, message)
        elif channel.topic.endswith(ANNOTATIONS) and self._what.images:
            return
        else:
            yield channel, message, self._text(channel.topic, message.data)

    def _text(self, topic: str, data: bytes) -> bytes | None:
        if self._pattern is None:
            return None
        if topic in JSON_FACTS:
            fact = Json.FromString(data)
            fact.json = json.dumps(
                self._clean(json.loads(fact.json)), sort_keys=True, separators=(",", ":"), ensure_ascii=False
            )
            return bytes(fact.SerializeToString())
        if topic == LOG_TOPIC:
            line = Log.FromString(data)
            line.message = self._replaced(line.message)
            return bytes(line.SerializeToString())
        return None

    def _clean(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: held if key == "type" else self._clean(held) for key, held in value.items()}
        if isinstance(value, list):
            return [self._clean(held) for held in value]
        return self._replaced(value) if isinstance(value, str) else value

    def _replaced(self, text: str) -> str:
        assert self._pattern is not None
        return self._pattern.sub(lambda found: self._words[found.group()], text)

    def _picture(self, channel: Channel, message: Message) -> Iterator[tuple[Channel, Message, bytes | None]]:
        waiting, self._waiting = self._waiting, None
        if self._what.images:
            self.left_out += 1
            return
        image = CompressedImage.FromString(message.data)
        boxes = [box for box in self._what.boxes if box.camera == image.frame_id]
        if not boxes:
            if waiting is not None:
                yield *waiting, None
            yield channel, message, None
            return
        self.painted += 1
        image.data = painted(image.data, boxes, image.format)
        if waiting is not None:
            meta = FrameMeta.FromString(waiting[1].data)
            meta.sha256 = hashlib.sha256(image.data).hexdigest()
            yield *waiting, bytes(meta.SerializeToString())
        yield channel, message, bytes(image.SerializeToString())


def painted(encoded: bytes, boxes: Iterable[Box], kind: str) -> bytes:
    """The picture with its boxes grey; raises RecordingError where it is none."""
    picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise RecordingError("a picture of the recording cannot be read.", code="recording.picture")
    for box in boxes:
        picture[max(0, box.y0) : box.y1 + 1, max(0, box.x0) : box.x1 + 1] = FULL // 2
    ending = ".png" if kind == "png" else ".jpg"
    return bytes(cv2.imencode(ending, picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes())


def _any_of(words: Mapping[str, str]) -> re.Pattern[str] | None:
    """Whole words only: a person called Al is no part of *alarm*."""
    if not words:
        return None
    return re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words))
