"""Replayed frames per second, and replay over what it cannot do without: JPEG decoding and the bare ``session.run``.

Run from the repository: ``python tests/bench/bench_replay.py``. Replay (reading the file, vision, planning, reducer
and wire bytes of every event) and the bare work on the same frames run turn by turn in one process, so that a busy
machine slows both. The figure is the median of the ratios of single turns.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from bare_kit import detector_feeds, session_of

from delid.config import Cell, load_cell
from delid.journal import Recording, read_recording
from delid.replay import Outcome, replay
from delid.vision import Inspector, load_model, prepare, read_frame

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Figures:
    """Medians over the rounds. ``events_per_s`` counts every recorded event."""

    frames: int
    events: int
    replay_s: float
    bare_s: float
    ratio: float

    @property
    def frames_per_s(self) -> float:
        return self.frames / self.replay_s

    @property
    def events_per_s(self) -> float:
        return self.events / self.replay_s


def measure(path: Path, cell: Cell, rounds: int) -> Figures:
    """Time ``rounds`` turns over one recording."""
    inspector = Inspector.load(cell, threads=1)
    recording = read_recording(path)
    outcome = replay(recording, cell, inspector)
    bare = bare_work(cell, recording, outcome)
    bare()
    replay_s, bare_s = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        bare()
        bare_s.append(time.perf_counter() - start)
        start = time.perf_counter()
        replay(read_recording(path), cell, inspector)
        replay_s.append(time.perf_counter() - start)
    return Figures(
        frames=len(outcome.inspections),
        events=len(recording.events),
        replay_s=statistics.median(replay_s),
        bare_s=statistics.median(bare_s),
        ratio=statistics.median(r / b for r, b in zip(replay_s, bare_s, strict=True)),
    )


def bare_work(cell: Cell, recording: Recording, outcome: Outcome) -> Callable[[], None]:
    """Decode every inspected frame and run the models on tensors made beforehand."""
    spec = cell.spec
    folders = cell.resolve(spec.models.pack_damage), cell.resolve(spec.models.fasteners)
    pack, fastener = load_model(folders[0], "pack_damage").manifest, load_model(folders[1], "fastener_detect").manifest
    sessions = [session_of(folder) for folder in folders]
    encoded = {frame.sha256: frame.encoded for frame in recording.all_frames()}
    jobs = []
    for _, inspection in outcome.inspections:
        data = encoded[inspection.frame.sha256]
        image = read_frame(data).image
        feeds = [(sessions[0], {pack.input.name: prepare(image, pack.input)})]
        feeds += detector_feeds(sessions[1], fastener, image)
        jobs.append((np.frombuffer(data, np.uint8), feeds))

    def run() -> None:
        for data, feeds in jobs:
            cv2.imdecode(data, cv2.IMREAD_COLOR)
            for session, feed in feeds:
                session.run(None, feed)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recordings", type=Path, nargs="*", help="all of fixtures/recordings if none is given")
    parser.add_argument("--cell", type=Path, default=REPOSITORY / "cell_configs/cells/demo.yaml")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    cell = load_cell(arguments.cell)
    paths = arguments.recordings or sorted((REPOSITORY / "fixtures/recordings").glob("*.mcap"))
    if not paths:
        raise SystemExit("there is no recording in fixtures/recordings: name one")
    for path in paths:
        found = measure(path, cell, arguments.rounds)
        print(
            f"{path.stem:<24} {found.frames:4d} frames {found.events:6d} events in {found.replay_s:6.2f} s: "
            f"{found.frames_per_s:6.2f} frames/s, bare {found.bare_s:6.2f} s, ratio {found.ratio:5.2f}"
        )


if __name__ == "__main__":
    main()
