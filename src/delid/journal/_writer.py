"""The recorder: takes facts and frames without ever waiting, writes them on its own thread."""

from __future__ import annotations

import dataclasses
import queue
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2

from delid.core import Clock, Effect, Event, Frame, ImageBgr, Record, Wire, to_json, to_plain

from ._mcap_out import McapOut, create, write_header
from ._recording import (
    CAMERA_TOPIC,
    EFFECT_TOPIC,
    EVENT_TOPIC,
    FRAME_META_TOPIC,
    LOSSES_NAME,
    RECORD_TOPIC,
    WIRE_TOPIC,
    Losses,
    RecordedFrame,
    RecordingHeader,
)
from ._schemas import CompressedImage, FrameMeta, Json, WireBytes

FLUSH_AFTER_S = 1.0
"""Facts wait at most this long in memory for their chunk to close."""
FRAME_OVERHEAD_BYTES = 2048
"""Room for the fields beside an image."""
SIGNATURES = {b"\xff\xd8\xff": "jpeg", b"\x89PNG": "png"}


@dataclass(frozen=True, slots=True)
class _Item:
    """One queued fact or frame, with the time and the place in the order of the call."""

    topic: str
    fact: Any
    log_ns: int
    number: int
    at_s: float
    image: ImageBgr | None = None
    """Pixels of a frame that has no encoded bytes."""


class RecordingWriter:
    """Writes one recording.

    The calls return at once, from any thread: they put the fact into a bounded queue. A frame that finds
    ``max_frames`` waiting is dropped and counted; a fact that finds ``max_facts`` waiting is lost, counted and
    reported by ``healthy``. A disk that fails ends the recording, never the run.

    Args:
        path: the new file; raises RecordingError where there is one or none can be made.
        clock: its wall time becomes the log time.
        header: what the run is made with.
        autostart: False leaves the queue standing until ``start`` is called.
    """

    def __init__(
        self,
        path: Path | str,
        clock: Clock,
        header: RecordingHeader,
        *,
        max_facts: int = 20_000,
        max_frames: int = 32,
        autostart: bool = True,
    ) -> None:
        self.path = Path(path)
        self._clock = clock
        self._wall_minus_now_s = clock.wall_s() - clock.now_s()
        self._room = {"facts": max_facts, "frames": max_frames}
        self._lock = threading.Lock()
        self._number = 0
        self._last_ns = int(clock.wall_s() * 1e9)
        self._dropped_frames = 0
        self._lost_facts = 0
        self._failure = ""
        self._dead = False
        self._closed = False
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._out = McapOut(create(self.path), f"delid {header.delid}".strip())
        write_header(self._out, header, self._last_ns)
        self._thread = threading.Thread(target=self._work, name="recording", daemon=True)
        if autostart:
            self.start()

    @property
    def dropped(self) -> int:
        """Frames dropped so far because the writer was busy."""
        return self._dropped_frames

    @property
    def losses(self) -> Losses:
        """What could not be kept so far."""
        return Losses(self._dropped_frames, self._lost_facts, self._failure)

    @property
    def healthy(self) -> bool:
        """False once a fact was lost or the file could not be written."""
        return not self._failure and self._lost_facts == 0

    def start(self) -> None:
        """Begin to write what is queued."""
        self._thread.start()

    def event(self, event: Event) -> None:
        """An event, as it is fed to the reducer."""
        self._put(EVENT_TOPIC, event)

    def effect(self, effect: Effect, at_s: float | None = None) -> None:
        """An effect, as the reducer returned it for the event of ``at_s``; Records go to their own channel."""
        self._put(RECORD_TOPIC if isinstance(effect, Record) else EFFECT_TOPIC, effect, at_s=at_s)

    def record(self, record: Record, at_s: float | None = None) -> None:
        """The same as ``effect`` for a Record."""
        self._put(RECORD_TOPIC, record, at_s=at_s)

    def wire(self, wire: Wire) -> None:
        """Bytes that a driver sent or received."""
        self._put(WIRE_TOPIC, wire)

    def frame(self, frame: Frame, look_id: str, camera: str = "") -> None:
        """A frame of the Look ``look_id``; ``camera`` is taken from ``frame.source`` (``overview#12``) if not given."""
        name = camera or frame.source.rsplit("/", 1)[-1].split("#", 1)[0]
        name = re.sub(r"[^A-Za-z0-9_.-]", "_", name) or "camera"
        kind = next((kind for start, kind in SIGNATURES.items() if frame.encoded.startswith(start)), "")
        height, width = frame.image.shape[:2]
        kept = RecordedFrame(
            look_id=look_id, camera=name, captured_s=frame.captured_s, seq=frame.seq, source=frame.source,
            sha256=frame.sha256, look=frame.look, width=width, height=height, encoded=frame.encoded, format=kind,
        )  # fmt: skip
        # Pixels are many times larger than their JPEG: a queue of them would fill the memory.
        self._put(CAMERA_TOPIC + name, kept, at_s=frame.captured_s, image=None if kind else frame.image)

    def close(self) -> None:
        """Write what is queued and finish the file; ``losses`` then says what is missing."""
        with self._lock:
            first, self._closed = not self._closed, True
        if first:
            self._queue.put(None)
            if self._thread.ident is None:
                self.start()
        self._thread.join()

    def _put(self, topic: str, fact: Any, *, at_s: float | None = None, image: ImageBgr | None = None) -> None:
        kind = _kind_of(fact)
        at_s = getattr(fact, "at_s", self._clock.now_s()) if at_s is None else at_s
        with self._lock:
            if self._room[kind] <= 0 or self._closed or self._dead:
                self._lose(kind)
                return
            self._room[kind] -= 1
            self._number += 1
            # Readers sort by log time, so that it must grow even where the wall clock is set back.
            self._last_ns = max(self._last_ns + 1, int(self._clock.wall_s() * 1e9))
            self._queue.put(_Item(topic, fact, self._last_ns, self._number, at_s, image))

    def _lose(self, kind: str) -> None:
        if kind == "frames":
            self._dropped_frames += 1
        else:
            self._lost_facts += 1

    # --- the writing thread ---

    def _work(self) -> None:
        while True:
            try:
                item = self._queue.get(timeout=FLUSH_AFTER_S)
            except queue.Empty:
                self._guarded("facts", self._out.flush_pending)
                continue
            if item is None:
                break
            kind = _kind_of(item.fact)
            self._guarded(kind, partial(self._write, item))
            with self._lock:
                self._room[kind] += 1
        self._finish()

    def _guarded(self, kind: str, act: Callable[[], None]) -> None:
        """Act unless the disk has failed; what cannot be kept is counted, with the first reason."""
        if self._dead:
            with self._lock:
                self._lose(kind)
            return
        try:
            act()
        except (OSError, TypeError, ValueError, cv2.error) as error:
            with self._lock:
                self._lose(kind)
                self._failure = self._failure or f"{type(error).__name__}: {error}"
                # A disk that failed once is not trusted again; a fact that cannot be written down leaves the others.
                self._dead = isinstance(error, OSError)

    def _write(self, item: _Item) -> None:
        publish_ns = max(0, int((item.at_s + self._wall_minus_now_s) * 1e9))
        if isinstance(item.fact, RecordedFrame):
            self._write_frame(item, _encoded(item.fact, item.image), publish_ns)
        else:
            self._out.message(item.topic, _message(item), item.log_ns, publish_ns, item.number)
        self._out.flush_older(item.log_ns - int(FLUSH_AFTER_S * 1e9))

    def _write_frame(self, item: _Item, frame: RecordedFrame, exposed_ns: int) -> None:
        meta = FrameMeta(**{name: getattr(frame, name) for name in FrameMeta.DESCRIPTOR.fields_by_name})
        image = CompressedImage(frame_id=frame.camera, data=frame.encoded, format=frame.format)
        image.timestamp.FromNanoseconds(exposed_ns)
        # Both messages go into one chunk, so that a cut file has both or neither.
        self._out.reserve(len(frame.encoded) + FRAME_OVERHEAD_BYTES)
        self._out.message(FRAME_META_TOPIC, meta, item.log_ns, exposed_ns, item.number)
        self._out.message(item.topic, image, item.log_ns, exposed_ns, item.number)

    def _finish(self) -> None:
        try:
            if self._dead:
                self._out.abandon()
                return
            lost = self.losses
            if lost != Losses():
                self._out.metadata(LOSSES_NAME, {k: str(v) for k, v in to_plain(lost).items()})
            self._out.finish()
        except OSError as error:
            with self._lock:
                self._failure = self._failure or f"{type(error).__name__}: {error}"


def _message(item: _Item) -> Any:
    fact = item.fact
    if isinstance(fact, Wire):
        return WireBytes(at_s=fact.at_s, device=fact.device, out=fact.out, data=fact.data, id=fact.id)
    return Json(at_s=item.at_s, id=getattr(fact, "id", ""), json=to_json(fact, tagged=True))


def _kind_of(fact: Any) -> str:
    return "frames" if isinstance(fact, RecordedFrame) else "facts"


def _encoded(frame: RecordedFrame, image: ImageBgr | None) -> RecordedFrame:
    """The camera's own bytes; without them PNG, which keeps every pixel."""
    if image is None:
        return frame
    done, buffer = cv2.imencode(".png", image)
    if not done:
        raise ValueError(f"the frame {frame.source} cannot be written as PNG")
    return dataclasses.replace(frame, encoded=buffer.tobytes(), format="png")
