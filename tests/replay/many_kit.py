"""Many small recordings from one, and workers that die of a recording."""

from __future__ import annotations

import dataclasses
import os
import signal
from pathlib import Path

from delid.core import Effect, Frame, ManualClock, Record, Wire
from delid.journal import Recording, RecordingWriter
from delid.replay import decode
from delid.replay.many import Judged, Source, Worker

DAY_S = 86_400.0


def variant(recording: Recording, out: Path, wall_s: float = 1_800_000_000.0, seed: int | None = None) -> Path:
    """The same facts and frames in another file, recorded at another time; with ``seed`` frames have other bytes."""
    clock = ManualClock(recording.events[0].at_s, wall_s)
    header = dataclasses.replace(recording.header, run_id=out.stem)
    writer = RecordingWriter(out, clock, header, max_facts=100_000, max_frames=1000)
    written: set[str] = set()
    try:
        for fact in recording.facts:
            if isinstance(fact, Wire):
                writer.wire(fact)
            elif isinstance(fact, Effect):
                writer.effect(fact, clock.now_s())
            else:
                clock.set(fact.at_s)
                writer.event(fact)
            name = getattr(fact, "id", "")
            if not isinstance(fact, Record) and name in recording.frames and name not in written:
                written.add(name)
                for kept in recording.frames[name]:
                    writer.frame(_marked(decode(kept), seed), name, kept.camera)
    finally:
        writer.close()
    assert writer.healthy, writer.losses
    return out


def _marked(frame: Frame, seed: int | None) -> Frame:
    """The same picture with a comment in its JPEG, so that its bytes are its own."""
    if seed is None:
        return frame
    text = f"run {seed}".encode()
    encoded = frame.encoded[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + frame.encoded[2:]
    return dataclasses.replace(frame, encoded=encoded)


class Mortal(Worker):
    """Dies of a recording called ``poison``, every time, and of one called ``once`` the first time."""

    def judge(self, source: Source) -> Judged:
        mark = Path(source.url).with_suffix(".seen")
        if source.name.startswith("poison") or (source.name.startswith("once") and not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().judge(source)
