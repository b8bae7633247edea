"""What a replay cannot do without: decoding the frames that it judges, and the same calls of ``session.run``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from delid.config import Cell
from delid.journal import Recording, read_recording
from delid.replay import _eyes as eyes_module
from delid.replay import replay
from delid.vision import Inspector, OnnxModel


@dataclass
class Work:
    """The bare work of one replay. A tensor is kept for each shape; what stands in it does not change the time."""

    encoded: list[np.ndarray] = field(default_factory=list)
    runs: list[tuple[Any, dict[str, np.ndarray]]] = field(default_factory=list)

    def decode(self) -> float:
        """Decode every frame; seconds."""
        start = time.perf_counter()
        for data in self.encoded:
            cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        return time.perf_counter() - start

    def infer(self) -> float:
        """Run every model as often as the replay did; seconds."""
        start = time.perf_counter()
        for session, feed in self.runs:
            session.run(None, feed)
        return time.perf_counter() - start


def work_of(recording: Recording, cell: Cell, inspector: Inspector) -> Work:
    """Replay once and write down what was decoded and run."""
    work = Work()
    with _noted(work):
        replay(recording, cell, inspector)
    return work


@contextmanager
def _noted(work: Work) -> Iterator[None]:
    real_run, real_decode = OnnxModel.run, eyes_module.decode
    kept: dict[tuple[int, tuple[int, ...]], dict[str, np.ndarray]] = {}

    def run(model: OnnxModel, tensor: np.ndarray) -> Any:
        session, name = model._session, model.manifest.input.name
        feed = kept.setdefault((id(session), tensor.shape), {name: np.ascontiguousarray(tensor)})
        work.runs.append((session, feed))
        return real_run(model, tensor)

    def decode(frame: Any) -> Any:
        work.encoded.append(np.frombuffer(frame.encoded, np.uint8))
        return real_decode(frame)

    OnnxModel.run, eyes_module.decode = run, decode  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        OnnxModel.run, eyes_module.decode = real_run, real_decode  # type: ignore[method-assign]


def bare_loop(cell_file: str, recording: str, rounds: int) -> Callable[[], float]:
    """Ready to run the models' calls of one recording ``rounds`` times; for a process of its own."""
    from delid.config import load_cell

    cv2.setNumThreads(1)
    cell = load_cell(Path(cell_file))
    work = work_of(read_recording(Path(recording)), cell, Inspector.load(cell, threads=1))

    def loop() -> float:
        return sum(work.infer() for _ in range(rounds))

    return loop


def bare_process(cell_file: str, recording: str, rounds: int, barrier: Any, took: Any) -> None:
    """Run in a process: wait for the others, then work; the seconds go into ``took``."""
    loop = bare_loop(cell_file, recording, rounds)
    barrier.wait()
    took.put(loop())


def bare_gain(cell_file: Path, recording: Path, rounds: int) -> float:
    """How much more two processes of bare ``session.run`` do than one: what two workers can reach at best."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    spent = []
    for count in (1, 2):
        barrier, took = context.Barrier(count), context.SimpleQueue()
        given = (str(cell_file), str(recording), rounds, barrier, took)
        processes = [context.Process(target=bare_process, args=given) for _ in range(count)]
        for process in processes:
            process.start()
        spent.append(max(took.get() for _ in processes))
        for process in processes:
            process.join()
    return 2 * spent[0] / spent[1]
