"""Ten thousand small recordings judged from the cache: how fast, with how much memory, and what the bad ones change.

Run from the repository: ``python tests/bench/bench_replay_many.py``. Recordings are made of one staged run with small
models: ``--distinct`` files with frames and facts of their own, recorded over 60 days, and links to them for the
rest. One broken, one empty and one huge file lie among them. They are judged once with inference, which fills the
cache, and once more with ``decisions_only`` by processes that never load a model. Memory is that of the whole family
of processes; it is flat if the second half of the recordings adds nothing to what the first half took.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY / "tests/replay"), str(REPOSITORY / "tests/unit/engine")]

import many_kit  # noqa: E402
import replay_kit as kit  # noqa: E402

from delid.config import Cell, load_cell  # noqa: E402
from delid.journal import read_recording  # noqa: E402
from delid.replay.many import ManyOptions, ManyReplays, Setup, find_sources, make_report, report_html  # noqa: E402

FLAT = 1.05
"""The second half may take this much of what the first half took."""
BAD = 3


@dataclass(frozen=True)
class Figures:
    """``grown``: the most memory in the second half over the most in the first."""

    recordings: int
    equal: int
    aside: dict[str, str]
    took_s: float
    peak_mb: float
    grown: float
    inferred: int

    @property
    def per_s(self) -> float:
        return self.recordings / self.took_s


def make(folder: Path, count: int, distinct: int) -> Cell:
    """``count`` recordings in ``folder/recordings``, the bad ones among them; the cell they are replayed with."""
    cell_file = kit.build_site(folder)
    script = kit.Script(stop_after_moves=2)
    stage = kit.record_run(cell_file, folder / "run.mcap", script)
    recording = read_recording(folder / "run.mcap")
    target = folder / "recordings"
    target.mkdir()
    span_s = 60 * many_kit.DAY_S / max(1, distinct)
    made = [
        many_kit.variant(recording, target / f"{n:05d}.mcap", 1_800_000_000.0 + n * span_s, seed=n)
        for n in range(min(distinct, count))
    ]
    for n in range(len(made), count):
        os.link(made[n % len(made)], target / f"{n:05d}.mcap")
    whole = made[0].read_bytes()
    (target / f"{count // 4:05d}-broken.mcap").write_bytes(whole[: len(whole) // 2])
    (target / f"{count // 3:05d}-empty.mcap").write_bytes(b"")
    with (target / f"{count // 2:05d}-huge.mcap").open("wb") as huge:
        huge.write(whole)
        huge.truncate(100 * 1024**3)  # takes no place on the disk
    return stage.cell


def measure(cell: Cell, folder: Path, jobs: int, log: Path, *, decisions_only: bool) -> Figures:
    """Judge every recording of ``folder/recordings``."""
    setup = Setup(cell=cell, cache=folder / "cache", decisions_only=decisions_only)
    many = ManyReplays(find_sources([str(folder / "recordings")]), setup, ManyOptions(jobs=jobs, results=log))
    halves, aside, inferred = [0.0, 0.0], {}, 0
    start = time.perf_counter()
    for number, judged in enumerate(many):
        inferred += judged.inferred
        if judged.error is not None:
            aside[judged.source.name] = judged.error.code
        if number % 50 == 0 and number >= 10 * jobs:  # until then processes start
            half = 2 * number >= many.tally.total
            halves[half] = max(halves[half], sum(_resident_mb()))
    took_s = time.perf_counter() - start
    halves[1] = max(halves[1], sum(_resident_mb()))
    grown = halves[1] / halves[0] if halves[0] else 1.0
    return Figures(many.tally.total, many.tally.equal, aside, took_s, max(halves), grown, inferred)


def _resident_mb() -> Iterator[float]:
    """Memory of this process and all that descend from it: workers are children of the fork server, not of this one."""
    found: dict[int, tuple[int, float]] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        found[int(fields["Pid"])] = int(fields["PPid"]), int(fields.get("VmRSS", "0 kB").split()[0]) / 1024
    family = {os.getpid()}
    while more := {pid for pid, (parent, _) in found.items() if parent in family} - family:
        family |= more
    yield from (found[pid][1] for pid in family if pid in found)


def _told(aside: dict[str, str]) -> str:
    """What was set aside and why; of many only how many for each reason."""
    if len(aside) <= BAD:
        return ", ".join(f"{name} ({code})" for name, code in sorted(aside.items())) or "nothing"
    return ", ".join(f"{count} {code}" for code, count in Counter(aside.values()).most_common())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--distinct", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        start = time.perf_counter()
        cell = load_cell(make(folder, arguments.count, arguments.distinct).path)
        print(f"made {arguments.count} recordings in {time.perf_counter() - start:.0f} s", flush=True)
        for words, decisions_only in (("inferred", False), ("from the cache", True)):
            found = measure(cell, folder, arguments.jobs, folder / f"{words}.jsonl", decisions_only=decisions_only)
            print(
                f"{words}: {found.recordings} recordings in {found.took_s:.0f} s: {found.per_s:.1f} recordings/s; "
                f"{found.equal} equal, set aside {_told(found.aside)}; {found.inferred} inferences; "
                f"memory {found.peak_mb:.0f} MB, second half over first {found.grown:.3f} (at most {FLAT})",
                flush=True,
            )
        start = time.perf_counter()
        page = report_html(make_report(folder / "from the cache.jsonl"), {})
        print(f"report in {time.perf_counter() - start:.1f} s, {len(page) / 1000:.0f} kB")
        good = found.equal == arguments.count and len(found.aside) == BAD and not found.inferred and found.grown <= FLAT
        print("all as they should be" if good else "NOT as it should be")
        raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
