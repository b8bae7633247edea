"""What the recording thread does with each item: which messages it becomes, and when they are on the disk."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2

from delid.core import ImageBgr, Record, Wire

from ._channels import message_of
from ._part_files import PartFiles
from ._recording import FRAME_META_TOPIC, RecordedFrame
from ._schemas import CompressedImage, FrameMeta
from ._views import LensFacts, Views, calibration_view

FLUSH_AFTER_S = 0.4
"""Facts wait at most this long in memory for their chunk to close, and half as long again where nothing follows."""
CHECK_ROOM_S = 1.0
FRAME_OVERHEAD_BYTES = 4096
"""Room for the messages beside an image."""


@dataclass(frozen=True, slots=True)
class Item:
    """One queued fact or frame, with its times and its place in the order of the calls."""

    kind: str
    """``facts``, ``frames`` or ``traffic``."""
    topic: str
    fact: Any
    log_ns: int
    number: int
    at_s: float
    put_s: float
    wall_s: float
    image: ImageBgr | None = None
    """Pixels of a frame that has no encoded bytes."""


class Scribe:
    """Writes items into the files of a recording. For one thread; raises OSError, TypeError, ValueError, cv2.error."""

    def __init__(self, files: PartFiles, lenses: Mapping[str, LensFacts], wall_minus_now_s: float) -> None:
        self.files = files
        self._lenses, self._wall_minus_now_s = lenses, wall_minus_now_s
        self._views = Views()
        self._chunk = (0, 0)
        self._chunk_since_s = self._checked_s = -math.inf

    def write(self, item: Item) -> None:
        """Add the messages of one item to the open chunk; close it when it is old."""
        exposed_ns = max(0, int((item.at_s + self._wall_minus_now_s) * 1e9))
        if isinstance(item.fact, RecordedFrame):
            self._frame(item, _encoded(item.fact, item.image), exposed_ns)
        else:
            self._fact(item, exposed_ns)
        self._flush_old(item.put_s)
        if item.put_s - self._checked_s > CHECK_ROOM_S:
            self._checked_s = item.put_s
            self.files.must_have_room()

    def _flush_old(self, now_s: float) -> None:
        """Close the chunk if its first message waits for so long; by the run's clock, which is never set back."""
        chunk = (self.files.number, self.files.out.chunks)
        if chunk != self._chunk:
            self._chunk, self._chunk_since_s = chunk, now_s
        elif now_s - self._chunk_since_s >= FLUSH_AFTER_S:
            self.files.out.flush_pending()

    def _fact(self, item: Item, publish_ns: int) -> None:
        out, fact = self.files.out, item.fact
        out.message(item.topic, message_of(fact, item.at_s, item.wall_s), item.log_ns, publish_ns, item.number)
        if isinstance(fact, Wire):
            return
        if isinstance(fact, Record):
            self.files.tally.count(fact)
        for topic, message in self._views.of(fact, item.at_s, item.log_ns):
            out.message(topic, message, item.log_ns, publish_ns, item.number)

    def _frame(self, item: Item, frame: RecordedFrame, exposed_ns: int) -> None:
        out = self.files.out
        meta = FrameMeta(**{name: getattr(frame, name) for name in FrameMeta.DESCRIPTOR.fields_by_name})
        image = CompressedImage(frame_id=frame.camera, data=frame.encoded, format=frame.format)
        image.timestamp.FromNanoseconds(exposed_ns)
        # They go into one chunk, so that a cut file has all or none of them.
        out.reserve(len(frame.encoded) + FRAME_OVERHEAD_BYTES)
        out.message(FRAME_META_TOPIC, meta, item.log_ns, exposed_ns, item.number)
        lens = self._lenses.get(frame.camera)
        if lens is not None:
            topic, calibration = calibration_view(frame.camera, lens, exposed_ns)
            out.message(topic, calibration, item.log_ns, exposed_ns, item.number)
        out.message(item.topic, image, item.log_ns, exposed_ns, item.number)
        self._views.saw(frame.sha256, frame.camera, exposed_ns)


def _encoded(frame: RecordedFrame, image: ImageBgr | None) -> RecordedFrame:
    """The camera's own bytes; without them PNG, which keeps every pixel."""
    if image is None:
        return frame
    done, buffer = cv2.imencode(".png", image)
    if not done:
        raise ValueError(f"the frame {frame.source} cannot be written as PNG")
    return dataclasses.replace(frame, encoded=buffer.tobytes(), format="png")
