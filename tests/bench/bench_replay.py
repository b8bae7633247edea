"""What replay costs over what it cannot do without, and what the cache, more processes and a cluster bring.

Run from the repository: ``python tests/bench/bench_replay.py``. Four figures, each against a reference in the same run:

* Replay (reading the file, vision, planning, reducer and wire bytes of every event) turn by turn with the bare work of
  the same frames in one process on one thread. The bound is the larger of decoding the frames and the same calls of
  ``session.run``; the share over all recordings shall be at least 0.85. That of each is the median of single turns.
* ``--decisions-only``: a recording judged from cached inspections as the command does it (replayed twice and
  compared), over the time that the recorded run took; at least 20 times as fast. Beside it the processor's time, and
  how often it waited for anything else: a busy machine takes from the first figure only.
* Two worker processes over one, at least 1.8 on two cores. What two processes of bare ``session.run`` reach over one is
  measured in the same turn: with threads of one core in the place of two cores it is far below 2, and nine tenths of it
  are asked for then.
* A Dask cluster of two local workers over two worker processes, at least 0.9.

Ends with exit code 1 where one of them is missed.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
from replay_bounds import bare_gain, work_of

from delid.config import Cell, load_cell
from delid.journal import read_recording
from delid.replay import replay
from delid.replay.many import DaskPool, ProcessPool, Setup, Source, Worker
from delid.vision import Inspector

REPOSITORY = Path(__file__).resolve().parents[2]
BOUND, REAL_TIME, TWO_WORKERS, CLUSTER = 0.85, 20.0, 1.8, 0.9
AGAIN = 6
"""From the cache a recording takes part of a second: each is judged so many times more in a turn."""
OF_BARE = TWO_WORKERS / 2
"""Of what two bare processes gain over one: 1.8 where they are twice as fast."""


class Judge:
    """Says of each figure whether it is enough, and remembers."""

    def __init__(self) -> None:
        self.missed = 0

    def __call__(self, figure: float, least: float) -> str:
        self.missed += figure < least
        return f"(at least {least:.3g}: {'ok' if figure >= least else 'MISSED'})"


@dataclass(frozen=True)
class Figures:
    """Medians over the rounds. ``share`` is that of the bound which the replay reaches."""

    frames: int
    events: int
    replay_s: float
    decode_s: float
    infer_s: float
    share: float

    @property
    def frames_per_s(self) -> float:
        return self.frames / self.replay_s

    @property
    def bound_s(self) -> float:
        return max(self.decode_s, self.infer_s)


def measure(path: Path, cell: Cell, inspector: Inspector, rounds: int) -> Figures:
    """Time ``rounds`` turns over one recording."""
    recording = read_recording(path)
    work = work_of(recording, cell, inspector)
    replay_s, decode_s, infer_s = [], [], []
    for _ in range(rounds):
        decode_s.append(work.decode())
        infer_s.append(work.infer())
        start = time.perf_counter()
        replay(read_recording(path), cell, inspector)
        replay_s.append(time.perf_counter() - start)
    turns = zip(replay_s, decode_s, infer_s, strict=True)
    return Figures(
        frames=len(work.encoded),
        events=len(recording.events),
        replay_s=statistics.median(replay_s),
        decode_s=statistics.median(decode_s),
        infer_s=statistics.median(infer_s),
        share=statistics.median(max(d, i) / r for r, d, i in turns),
    )


@dataclass(frozen=True)
class Cached:
    """Medians over the rounds: seconds of the recorded run, of judging it from the cache, and of the processor.

    ``waits``: how often it gave the processor away by itself, for a disk, a lock or a clock.
    """

    run_s: float
    judge_s: float
    busy_s: float
    waits: float


def real_time(path: Path, setup: Setup, rounds: int) -> Cached:
    """Judge a recording from the cache, which is filled first."""
    events = read_recording(path).events
    Worker(setup).judge(Source(str(path)))
    cached = Worker(replace(setup, decisions_only=True))
    spent, busy, waits = [], [], []
    for _ in range(rounds):
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        judged = cached.judge(Source(str(path)))
        after = resource.getrusage(resource.RUSAGE_SELF)
        spent.append(time.perf_counter() - start)
        busy.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        waits.append(after.ru_nvcsw - before.ru_nvcsw)
        assert judged.verdict is not None, judged.error
        assert judged.inferred == 0
    run_s = events[-1].at_s - events[0].at_s
    return Cached(run_s, statistics.median(spent), statistics.median(busy), statistics.median(waits))


def pool_s(setup: Setup, sources: Sequence[Source], jobs: int) -> float:
    """Seconds of a process pool for all sources, from the first result on: processes start only once."""
    return _after_first(ProcessPool(setup, jobs).run([*sources[:jobs], *sources]), jobs)


MALLOC = {"MALLOC_TRIM_THRESHOLD_": 134217728, "MALLOC_MMAP_THRESHOLD_": 33554432}
DASK = {"distributed.nanny.pre-spawn-environ": MALLOC, "distributed.worker.profile.enabled": False}
"""What docs/replay-many.md advises: no profiler in the worker, and memory not given back after each frame."""


def dask_s(setup: Setup, sources: Sequence[Source], workers: int) -> float:
    """The same on a cluster of local workers, a process of one thread each."""
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set(DASK),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            worker_dashboard_address=None,
        ) as cluster,
    ):
        return _after_first(DaskPool(setup, cluster.scheduler_address).run([*sources[:workers], *sources]), workers)


def _after_first(results, warm: int) -> float:
    for _ in range(warm):
        next(results)
    start = time.perf_counter()
    for judged in results:
        assert judged.verdict is not None, judged.error
    return time.perf_counter() - start


def _share(paths: Sequence[Path], cell: Cell, rounds: int, judge: Judge) -> None:
    inspector = Inspector.load(cell, threads=1)
    all_found = []
    for path in paths:
        found = measure(path, cell, inspector, rounds)
        all_found.append(found)
        print(
            f"{path.stem:<24} {found.frames:4d} frames {found.events:6d} events in {found.replay_s:6.2f} s: "
            f"{found.frames_per_s:6.2f} frames/s; decode {found.decode_s:5.2f} s, session.run {found.infer_s:6.2f} s, "
            f"share of the bound {found.share:5.3f}",
            flush=True,
        )
    bound_s, replay_s = sum(found.bound_s for found in all_found), sum(found.replay_s for found in all_found)
    frames = sum(found.frames for found in all_found)
    print(
        f"all: {frames / replay_s:.2f} frames/s, bound {frames / bound_s:.2f} frames/s, share {bound_s / replay_s:.3f} "
        f"{judge(bound_s / replay_s, BOUND)}"
    )


def _real_time(paths: Sequence[Path], cell: Cell, rounds: int, judge: Judge) -> None:
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(cell=cell, reference=REPOSITORY / "fixtures/reference", cache=Path(folder))
        for path in paths:
            found = real_time(path, setup, rounds)
            times = found.run_s / found.judge_s
            print(
                f"{path.stem:<24} run of {found.run_s:6.1f} s from cached inspections in {found.judge_s:6.3f} s: "
                f"{times:6.1f} times real time {judge(times, REAL_TIME)}; processor {found.busy_s:6.3f} s "
                f"({found.run_s / found.busy_s:.0f} times), {found.waits:.0f} waits",
                flush=True,
            )


def _side_by_side(paths: Sequence[Path], cell: Cell, rounds: int, dask: bool, cache: Path | None, judge: Judge) -> None:
    """With ``cache``, from cached inspections: there what a pool or a cluster costs by itself weighs most."""
    setup = Setup(cell=cell, reference=REPOSITORY / "fixtures/reference", cache=cache)
    sources = [Source(str(path)) for path in paths] * 2 * (1 if cache is None else AGAIN)
    if cache is not None:
        for path in paths:
            Worker(setup).judge(Source(str(path)))
        setup = replace(setup, decisions_only=True)
    gains, most, shares, clusters = [], [], [], []
    for _ in range(rounds):
        one, two = pool_s(setup, sources, 1), pool_s(setup, sources, 2)
        gains.append(one / two)
        most.append(bare_gain(cell.path, paths[0], 1))
        shares.append(gains[-1] / most[-1])
        if dask:
            clusters.append(two / dask_s(setup, sources, 2))
    gain, bare, share = (statistics.median(some) for some in (gains, most, shares))
    told = (
        f"two workers over one: {gain:.2f}; two processes of bare session.run over one: {bare:.2f}; share {share:.2f}"
    )
    print(f"{told} {judge(share, OF_BARE)}" if gain < TWO_WORKERS else f"{told} {judge(gain, TWO_WORKERS)}", flush=True)
    if dask:
        cluster = statistics.median(clusters)
        print(f"Dask cluster of two over two processes: {cluster:.2f} {judge(cluster, CLUSTER)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, nargs="*", help="all of fixtures/recordings if none is given")
    parser.add_argument("--cell", type=Path, default=REPOSITORY / "cell_configs/cells/demo.yaml")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["share", "real-time", "workers"], help="one of the parts")
    parser.add_argument("--no-dask", action="store_true")
    parser.add_argument("--cached", action="store_true", help="compare workers on cached inspections")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    cell = load_cell(arguments.cell)
    paths = arguments.recordings or sorted((REPOSITORY / "fixtures/recordings").glob("*.mcap"))
    if not paths:
        raise SystemExit("there is no recording in fixtures/recordings: name one")
    judge = Judge()
    if arguments.only in (None, "share"):
        _share(paths, cell, arguments.rounds, judge)
    if arguments.only in (None, "real-time"):
        _real_time(paths, cell, arguments.rounds, judge)
    if arguments.only in (None, "workers"):
        with tempfile.TemporaryDirectory() as folder:
            cache = Path(folder) if arguments.cached else None
            _side_by_side(paths, cell, arguments.rounds, not arguments.no_dask, cache, judge)
    raise SystemExit(1 if judge.missed else 0)


if __name__ == "__main__":
    main()
