"""A small recording with every kind of fact, and frames that are real JPEGs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np

from delid.core import (
    Command,
    Event,
    Finished,
    Frame,
    LinkChanged,
    ManualClock,
    Move,
    OperatorCommanded,
    Record,
    RunCommand,
    Started,
    TagsRead,
    Wire,
)
from delid.journal import RecordingHeader, RecordingWriter

HEADER = RecordingHeader(
    run_id="r1",
    delid="0.1.0",
    cell_file="cells/a.yaml",
    cell_sha256="00",
    models={"pack": "sha256:1"},
    recipes={"a/b": "2"},
    texts={"cells/a.yaml": "cell: ä\n", "plc/b.yaml": ""},
    extra={"onnxruntime": "1"},
)


def jpeg_frame(number: int, size_px: int = 96, encoded: bool = True) -> Frame:
    image = np.random.default_rng(number).integers(0, 255, (size_px, size_px, 3), dtype=np.uint8)
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes() if encoded else b""
    digest = hashlib.sha256(data or image.tobytes()).hexdigest()
    return Frame(image, f"overview#{number}", digest, 10.0 + number, number, "ambient", data)


def facts(rounds: int) -> list[Event | Move | RunCommand | Record | Wire]:
    found: list[Event | Move | RunCommand | Record | Wire] = [
        Started(1.0, "r0", None),
        LinkChanged(1.5, "plc", True, ack_seq=7),
        OperatorCommanded(1.75, Command.RESET, "Ünal"),
    ]
    for n in range(rounds):
        found += [
            TagsRead(2.0 + n, {"guard_closed": True, "gas_ppm": n, "pack_voltage_v": 0.5 * n}),
            Move(f"m.{n}", (1.0, 2.0, -3.5), 60.0, 20.0),
            RunCommand(f"c.{n}", "unfasten", {"torque_nm": 12.0}, 5.0),
            Record("step", {"key": f"a/b/{n}", "status": "done", "detail": ""}),
            Wire(2.25 + n, "motion", True, bytes([n, 0, 255]), f"m.{n}"),
            Wire(2.5 + n, "plc", False, b"", ""),
            Finished(2.75 + n, f"m.{n}", False, "seized", "too tight", {"torque_nm": 12.5}),
        ]
    return found


def write_recording(
    path: Path, rounds: int = 5, size_px: int = 96, clock: ManualClock | None = None
) -> RecordingWriter:
    """Facts and two frames for each round; wall time runs half a second a round."""
    clock = clock or ManualClock(2.0)
    writer = RecordingWriter(path, clock, HEADER)
    put(writer, clock, rounds, size_px)
    writer.close()
    return writer


def put(writer: RecordingWriter, clock: ManualClock, rounds: int, size_px: int = 96) -> None:
    for n, fact in enumerate(facts(rounds)):
        if isinstance(fact, Event):
            writer.event(fact)
        elif isinstance(fact, Wire):
            writer.wire(fact)
        elif isinstance(fact, Record):
            writer.record(fact, clock.now_s())
        else:
            writer.effect(fact, clock.now_s())
        if n % 7 == 3:
            clock.set(clock.now_s() + 0.5)
            for k in range(2):
                writer.frame(jpeg_frame(n + k, size_px), f"look.{n}")
