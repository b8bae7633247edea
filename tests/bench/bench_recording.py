"""What recording costs beside the camera, and how much is gone after kill -9.

``python tests/bench/bench_recording.py [--seconds 15] [--kills 5]`` runs a camera of 1920x1080 at 20 frames a second
with all channels recorded in a process of its own, and prints the CPU time of both in per cent of one core: that of the
camera (decoding, digest), and all the rest of the process, which is the recorder and the loop that feeds it. Then it
kills the recording process at any moment, repairs the file, and prints what is missing at its end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from mcap.reader import make_reader

from delid.journal import repair_recording

CAMERA = Path(__file__).with_name("recorded_camera.py")
MOST_PER_CENT, MOST_LOST_S = 15.0, 1.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Per cent of one core, of the camera and of what recording adds."""

    camera: float
    recording: float
    picture_mb: float
    dropped: int


def measure(seconds: float, rounds: int = 3) -> Cost:
    """The medians of ``rounds`` runs; what of the process is not the camera's is the recorder's."""
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            runs.append(_run(seconds, Path(folder) / f"{number}.mcap"))
    camera = median(100 * told["camera_s"] / told["wall_s"] for told in runs)
    recording = median(100 * (told["cpu_s"] - told["camera_s"]) / told["wall_s"] for told in runs)
    dropped = sum(told["losses"]["dropped_frames"] + told["losses"]["lost_facts"] for told in runs)
    return Cost(camera, recording, runs[0]["picture_mb"], dropped)


def lost_after_kill(after_s: float, folder: Path) -> float:
    """Seconds between the last frame that the recorder took and the last message that the repaired file holds."""
    path, mended = folder / "killed.mcap", folder / "mended.mcap"
    process = subprocess.Popen([sys.executable, CAMERA, "600", path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    taken: list[float] = []
    first = threading.Event()

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            taken.append(float(line))
            first.set()

    listener = threading.Thread(target=listen)
    listener.start()
    assert first.wait(60)
    time.sleep(after_s)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    listener.join()
    process.stderr.close()
    repair_recording(path, mended)
    with mended.open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    assert summary.statistics is not None
    lost_s = taken[-1] - summary.statistics.message_end_time / 1e9
    path.unlink()
    mended.unlink()
    return max(0.0, lost_s)


def _run(seconds: float, path: Path) -> dict[str, Any]:
    command = [sys.executable, str(CAMERA), str(seconds), str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return dict(json.loads(done.stdout))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kills", type=int, default=5)
    given = parser.parse_args()
    cost = measure(given.seconds, given.rounds)
    print(f"camera                  {cost.camera:6.1f} % of one core (decoding {cost.picture_mb:.2f} MB JPEGs at 20/s)")
    print(
        f"recording all channels  {cost.recording:6.1f} % of one core more, {cost.recording / cost.camera:.2f} of the "
        f"camera (at most {MOST_PER_CENT:g} %), {cost.dropped} dropped"
    )
    moments = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        lost = [lost_after_kill(moments.uniform(1.0, 4.0), Path(folder)) for _ in range(given.kills)]
    print(f"lost after kill -9      {max(lost):6.2f} s at most of {given.kills} (at most {MOST_LOST_S:g} s)")
    return 0 if cost.recording <= MOST_PER_CENT and max(lost) <= MOST_LOST_S and not cost.dropped else 1


if __name__ == "__main__":
    raise SystemExit(main())
