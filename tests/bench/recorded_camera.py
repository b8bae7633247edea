"""A camera of 1920x1080 at 20 frames a second, alone or with everything recorded: a process of its own, to be killed.

``python recorded_camera.py SECONDS [RECORDING.mcap]`` prints one JSON line: CPU seconds of the whole process and of
the camera's work in it, over wall seconds. With a recording it also writes ``WALL_S`` of each frame to stderr as soon
as the recorder has taken it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from delid.core import (
    Assessment,
    Fastener,
    FastenerKind,
    Frame,
    FrameFacts,
    HazardClass,
    Inspection,
    Looked,
    MotionReported,
    MotionState,
    Move,
    PackStatus,
    PackVerdict,
    Quality,
    Record,
    Scalar,
    Started,
    SystemClock,
    TagsRead,
    Ticked,
    Wire,
)
from delid.journal import LensFacts, RecordingHeader, RecordingWriter

REPOSITORY = Path(__file__).resolve().parents[2]
SIZE_PX, RATE_HZ = (1920, 1080), 20
PICTURES = 3
TAGS: dict[str, Scalar] = {
    "ack_seq": 41, "stop_ack": 3, "estop_ok": True, "guard_closed": True, "extraction_on": False, "clamp_closed": False,
    "vacuum_ok": False, "grip_ok": False, "motion_permitted": True, "fault_latched": False, "watchdog_ok": True,
    "smoke": False, "pack_voltage_v": 12.0, "isolation_ohm_per_v": 800, "pack_temperature_c": 22.0, "gas_ppm": 1,
    "carried_kg": 0.0, "tool_number": 0, "torque_nm": 0.0, "angle_deg": 0, "energy_wh": 0.0,
}  # fmt: skip
LENS = LensFacts((1600.0, 0.0, 959.5, 0.0, 1600.0, 539.5, 0.0, 0.0, 1.0), (0.1, -0.2, 0.0, 0.0, 0.05), *SIZE_PX)
BLOCK = bytes(range(90))
REPORT = b"<Run|MPos:123.456,789.012,-20.000|Bf:15,128|FS:500,0|WCO:0.000,0.000,0.000>\r\n"


def pictures() -> list[bytes]:
    """What a camera delivers: JPEGs of a lid, no two alike, with a sensor's noise."""
    scene = cv2.imread(str(REPOSITORY / "fixtures/scenes/vw-meb-82-clean/bolts.jpg"))
    assert scene is not None
    large = cv2.resize(scene, SIZE_PX, interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(1).integers(0, 12, large.shape, dtype=np.uint8)
    noisy = [cv2.add(large, np.roll(noise, 97 * number, axis=0)) for number in range(PICTURES)]
    return [cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes() for one in noisy]


def grab(encoded: bytes, number: int, now_s: float) -> Frame:
    """What every camera driver does with a picture: decode it and take its digest."""
    image = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    digest = hashlib.sha256(encoded).hexdigest()
    return Frame(np.asarray(image, np.uint8), f"overview#{number}", digest, now_s, number, encoded=encoded)


class Facts:
    """What else a running cell records beside a frame, at the rates of the demonstration cell."""

    def __init__(self, writer: RecordingWriter) -> None:
        self._writer = writer
        pack = PackVerdict(PackStatus.KNOWN, "vw-meb-82", 0.98)
        bolts = tuple(
            Fastener(f"lid.{n:02d}", FastenerKind.BOLT, (40.0 * n, 90.0), (20.0 * n, 45.0), 0.98) for n in range(40)
        )
        self._pack, self._bolts = pack, bolts

    def beside(self, frame: Frame, now_s: float) -> None:
        """20 block reads with control writes, 20 reports of the robot, 10 ticks, effects, records, a look every 2 s."""
        writer, number = self._writer, frame.seq
        for out, data in ((True, BLOCK[:11]), (False, BLOCK[:5]), (True, BLOCK[:5]), (False, BLOCK)):
            writer.traffic(Wire(now_s, "plc", out, data))
        writer.traffic(Wire(now_s, "motion", True, b"?"))
        writer.traffic(Wire(now_s, "motion", False, REPORT))
        writer.event(TagsRead(now_s, {**TAGS, "torque_nm": float(number % 12)}))
        writer.event(MotionReported(now_s, MotionState.MOVING, (float(number), 2.0, -20.0), True))
        if number % 2 == 0:
            writer.event(Ticked(now_s))
        if number % 10 == 0:
            writer.effect(Move(f"m.{number}", (1.0, 2.0, -3.5), 60.0, 20.0))
            writer.wire(Wire(now_s, "motion", True, b"G1X1.000Y2.000Z-3.500F3600\n", f"m.{number}"))
            writer.record(Record("step", {"key": f"a/b/{number}", "status": "done", "detail": ""}))
        if number % 40 == 0:
            self._look(frame, now_s)

    def _look(self, frame: Frame, now_s: float) -> None:
        facts, quality = FrameFacts(*SIZE_PX, frame.sha256), Quality(True)
        seen = Inspection(frame.source, facts, quality, self._pack, (), HazardClass.A, (), self._bolts)
        assessment = Assessment(self._pack, (), HazardClass.A, (), self._bolts)
        self._writer.event(Looked(now_s, "look.1", (seen,), assessment))


def main(duration_s: float, path: Path | None) -> None:
    encoded, clock = pictures(), SystemClock()
    writer = None
    if path is not None:
        writer = RecordingWriter(path, clock, RecordingHeader("bench"), lenses={"overview": LENS})
        writer.event(Started(clock.now_s()))
    facts = Facts(writer) if writer is not None else None
    began_s, cpu_s, camera_s = time.monotonic(), time.process_time(), 0.0
    for number in range(int(duration_s * RATE_HZ)):
        time.sleep(max(0.0, began_s + number / RATE_HZ - time.monotonic()))
        before_s = time.thread_time()
        frame = grab(encoded[number % PICTURES], number, clock.now_s())
        camera_s += time.thread_time() - before_s
        if writer is not None and facts is not None:
            writer.frame(frame, "look.1", "overview")
            facts.beside(frame, clock.now_s())
            os.write(2, f"{clock.wall_s():.6f}\n".encode())
    if writer is not None:
        writer.close()
    used_s, passed_s = time.process_time() - cpu_s, time.monotonic() - began_s
    megabytes = sum(map(len, encoded)) / PICTURES / 1e6
    losses = writer.report() if writer is not None else {}
    told = {"cpu_s": used_s, "camera_s": camera_s, "wall_s": passed_s, "picture_mb": megabytes, "losses": losses}
    print(json.dumps(told))


if __name__ == "__main__":
    main(float(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
