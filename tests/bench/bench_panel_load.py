"""10,000 requests of 50 clients: does the panel's memory stay as it is? Run: python tests/bench/bench_panel_load.py

Each round has as many requests as the first, which fills the buffers of fixed size; growth from then on is a leak.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

from panel_kit import panel_process, requests  # noqa: E402

REQUESTS, CLIENTS, ROUNDS = 10_000, 50, 5
MOST_GROWTH = 0.03
"""Of the memory after the first round."""


async def load(total: int, clients: int, rounds: int) -> list[tuple[int, int, dict[int, int], float]]:
    """Memory (KiB), open files, answers by status and seconds, before the first round and after each."""
    with tempfile.TemporaryDirectory(prefix="delid-") as name:
        async with panel_process(Path(name)) as (panel, _):
            lines = [(panel.memory_kib, panel.open_files, {}, 0.0)]
            for _ in range(rounds):
                began_s = time.monotonic()
                answers = await requests(panel.address, total // rounds, clients)
                await asyncio.sleep(0.5)
                lines.append((panel.memory_kib, panel.open_files, answers, time.monotonic() - began_s))
            return lines


def growth(lines: list[tuple[int, int, dict[int, int], float]]) -> float:
    """From the first round to the last, as a share."""
    return lines[-1][0] / lines[1][0] - 1.0


def main() -> int:
    lines = asyncio.run(load(REQUESTS, CLIENTS, ROUNDS))
    for number, (memory_kib, files, answers, seconds) in enumerate(lines):
        print(f"round {number}: {memory_kib / 1024:7.1f} MiB, {files:3d} files, {seconds:6.1f} s, answers {answers}")
    grown = growth(lines)
    print(f"{REQUESTS} requests of {CLIENTS} clients: memory {grown:+.1%} from the first round to the last, "
          f"allowed {MOST_GROWTH:+.0%}")  # fmt: skip
    return 0 if grown <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
