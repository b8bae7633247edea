"""The recorder: takes facts and frames without ever waiting, writes them on its own thread."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import cv2

from delid.core import Clock, Effect, Event, Frame, ImageBgr, Record, RecordingError, Wire

from ._channels import topic_of, traffic_topic
from ._part_files import PartFiles, PartLimits
from ._recording import CAMERA_TOPIC, WIRE_TOPIC, Losses, RecordedFrame, RecordingHeader
from ._scribe import FLUSH_AFTER_S, Item, Scribe
from ._views import LensFacts

LONGEST_CLOSE_S = 60.0
SIGNATURES = {b"\xff\xd8\xff": "jpeg", b"\x89PNG": "png"}


class RecordingWriter:
    """Writes one recording.

    The calls return at once, from any thread: they put the fact into a bounded queue. A frame that finds
    ``max_frames`` waiting is dropped and counted, and so is traffic; a fact that finds ``max_facts`` waiting is lost,
    counted and reported by ``healthy``. A disk that fails or is nearly full ends the recording, never the run.

    Args:
        path: the new file; raises RecordingError where there is one or none can be made.
        clock: its wall time becomes the log time.
        header: what the run is made with.
        lenses: calibration by camera, written beside each picture.
        limits: when the next file begins, and how much of the disk is left to others.
        autostart: False leaves the queue standing until ``start`` is called.
    """

    def __init__(
        self,
        path: Path | str,
        clock: Clock,
        header: RecordingHeader,
        *,
        lenses: Mapping[str, LensFacts] | None = None,
        limits: PartLimits | None = None,
        max_facts: int = 20_000,
        max_frames: int = 32,
        max_traffic: int = 5_000,
        autostart: bool = True,
    ) -> None:
        self.path = Path(path)
        self._clock = clock
        self._room = {"facts": max_facts, "frames": max_frames, "traffic": max_traffic}
        self._lost = {"facts": 0, "frames": 0, "traffic": 0}
        self._lock = threading.Lock()
        self._number = 0
        self._began_ns = self._last_ns = int(clock.wall_s() * 1e9)
        self._failure = ""
        self._dead = False
        self._closed = False
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._files = PartFiles(self.path, header, limits or PartLimits(), self._last_ns)
        self._scribe = Scribe(self._files, lenses or {}, clock.wall_s() - clock.now_s())
        self._thread = threading.Thread(target=self._work, name="recording", daemon=True)
        if autostart:
            self.start()

    @property
    def dropped(self) -> int:
        """Frames dropped so far because the writer was busy."""
        return self._lost["frames"]

    @property
    def losses(self) -> Losses:
        """What could not be kept so far."""
        return Losses(self._lost["frames"], self._lost["facts"], self._failure, self._lost["traffic"])

    @property
    def healthy(self) -> bool:
        """False once a fact was lost or the file could not be written."""
        return not self._failure and self._lost["facts"] == 0

    def report(self) -> dict[str, Any]:
        """What people are told while it runs, as plain data."""
        return {
            "healthy": self.healthy,
            "dropped_frames": self._lost["frames"],
            "lost_facts": self._lost["facts"],
            "dropped_traffic": self._lost["traffic"],
            "failure": self._failure,
            "waiting": self._queue.qsize(),
        }

    def start(self) -> None:
        """Begin to write what is queued."""
        self._thread.start()

    def event(self, event: Event) -> None:
        """An event, as it is fed to the reducer."""
        self._put("facts", topic_of(event), event)

    def effect(self, effect: Effect, at_s: float | None = None) -> None:
        """An effect, as the reducer returned it for the event of ``at_s``; Records go to their own channel."""
        self._put("facts", topic_of(effect), effect, at_s=at_s)

    def record(self, record: Record, at_s: float | None = None) -> None:
        """The same as ``effect`` for a Record."""
        self._put("facts", topic_of(record), record, at_s=at_s)

    def wire(self, wire: Wire) -> None:
        """Bytes that a driver sent for an effect, or received for it."""
        self._put("facts", WIRE_TOPIC, wire)

    def traffic(self, wire: Wire) -> None:
        """Any bytes on a wire, polling included; not needed to replay, and the first to go where there is no room."""
        self._put("traffic", traffic_topic(wire.device), wire)

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
        self._put("frames", CAMERA_TOPIC + name, kept, at_s=frame.captured_s, image=None if kind else frame.image)

    def end(self) -> None:
        """Take nothing more; what is queued is still written, in the background."""
        with self._lock:
            first, self._closed = not self._closed, True
        if first:
            self._queue.put(None)
            if self._thread.ident is None:
                self.start()

    def close(self, within_s: float = LONGEST_CLOSE_S) -> None:
        """Write what is queued and finish the file; ``losses`` then says what is missing.

        A disk that hangs is left behind after ``within_s``.
        """
        self.end()
        self._thread.join(within_s)

    def _put(
        self, kind: str, topic: str, fact: Any, *, at_s: float | None = None, image: ImageBgr | None = None
    ) -> None:
        now_s, wall_s = self._clock.now_s(), self._clock.wall_s()
        at_s = getattr(fact, "at_s", now_s) if at_s is None else at_s
        with self._lock:
            if self._room[kind] <= 0 or self._closed or self._dead:
                self._lost[kind] += 1
                return
            self._room[kind] -= 1
            self._number += 1
            # Readers sort by log time, so that it must grow even where the wall clock is set back.
            self._last_ns = max(self._last_ns + 1, int(wall_s * 1e9))
            self._queue.put(Item(kind, topic, fact, self._last_ns, self._number, at_s, now_s, wall_s, image))

    # --- the writing thread ---

    def _work(self) -> None:
        self._guarded(None, lambda: self._files.begin(self._began_ns))
        while True:
            try:
                item = self._queue.get(timeout=FLUSH_AFTER_S / 2)
            except queue.Empty:
                self._guarded(None, lambda: self._files.out.flush_pending())
                continue
            if item is None:
                break
            self._guarded(item.kind, partial(self._write, item))
            with self._lock:
                self._room[item.kind] += 1
        self._finish()

    def _write(self, item: Item) -> None:
        self._scribe.write(item)
        self._files.turn(item.log_ns, self.losses)

    def _guarded(self, kind: str | None, act: Callable[[], None]) -> None:
        """Act unless the disk has failed; what cannot be kept is counted, with the first reason."""
        if self._dead:
            self._lose(kind)
            return
        try:
            act()
        except (OSError, TypeError, ValueError, cv2.error, RecordingError) as error:
            self._lose(kind)
            with self._lock:
                self._failure = self._failure or f"{type(error).__name__}: {error}"
                # A disk that failed once is not trusted again; a fact that cannot be written down leaves the others.
                self._dead = isinstance(error, (OSError, RecordingError))

    def _lose(self, kind: str | None) -> None:
        if kind is not None:
            with self._lock:
                self._lost[kind] += 1

    def _finish(self) -> None:
        try:
            if self._dead:
                self._files.out.abandon()
            else:
                self._files.finish(self.losses)
        except OSError as error:
            with self._lock:
                self._failure = self._failure or f"{type(error).__name__}: {error}"
