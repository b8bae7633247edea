"""Memory of a process that does nothing but inspect 1920 x 1080 frames: resident megabytes after each hundred.

Run from the repository: ``python tests/bench/bench_memory.py``. Prints the steady figure, its growth, and the ratio to
the memory of a process that holds nothing but onnxruntime, OpenCV and the sessions of the same models.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def resident_mb() -> float:
    """What the kernel counts as this process's own memory."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return int(fields["VmRSS"].split()[0]) / 1024


def bare() -> None:
    """The reference process."""
    import cv2
    import numpy as np

    import delid  # noqa: F401  switches onnxruntime's telemetry off, before it is loaded

    # isort: split
    import onnxruntime as ort

    held = [
        ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        for file in sorted((REPOSITORY / "models").glob("*/model.onnx"))
    ]
    cv2.resize(np.zeros((8, 8, 3), np.uint8), (4, 4))
    print(f"{resident_mb():.0f} {len(held)}")


def inspecting(frames: int) -> None:
    """Inspect, and print the memory after each hundred frames."""
    from bench_vision import REPOSITORY, full_hd, full_hd_jpeg

    from delid.config import load_cell
    from delid.vision import Inspector, read_frame

    cell = full_hd(load_cell(REPOSITORY / "cell_configs/cells/demo.yaml"))
    inspector = Inspector.load(cell)
    pictures = [
        full_hd_jpeg(read_frame(REPOSITORY / f"fixtures/scenes/{name}/bolts.jpg").image)
        for name in ("vw-meb-82-clean", "nissan-leaf-24-clean", "stranger")
    ]
    for number in range(frames):
        found = inspector.inspect(read_frame(pictures[number % 3], source=f"overview#{number}", seq=number))
        assert found.quality.ok, found.quality.reasons
        if number % 100 == 99:
            print(f"{resident_mb():.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--part", choices=("bare", "inspecting"))
    arguments = parser.parse_args()
    if arguments.part == "bare":
        return bare()
    if arguments.part == "inspecting":
        return inspecting(arguments.frames)
    command = [sys.executable, __file__, "--frames", str(arguments.frames), "--part"]
    reference = float(subprocess.run([*command, "bare"], check=True, capture_output=True, text=True).stdout.split()[0])
    shown = subprocess.run([*command, "inspecting"], check=True, capture_output=True, text=True).stdout.split()
    steps = [float(value) for value in shown]
    print(f"sessions alone   {reference:6.0f} MB")
    growth = steps[-1] - steps[0]
    print(f"inspecting       {steps[-1]:6.0f} MB after {arguments.frames} frames, {growth:+.0f} MB since frame 100")
    print(f"ratio            {steps[-1] / reference:6.2f}")
    return None


if __name__ == "__main__":
    main()
