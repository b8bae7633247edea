"""The cell process of `bench_load.py`: the one of `quick_cell.py`, with its control ticks noted.

If asked for, with vision at full rate: the shipped models judge a frame of 1600 x 1200 over and over on the vision
thread, and each goes to the panel.

    python tests/bench/loaded_cell.py CELL.yaml NOTES.json [--vision]
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import structlog
from quick_cell import PACK, REPOSITORY, assemble

from delid.cli._serving import CellService
from delid.cli._signals import run_until_signal
from delid.cli.cell import tune_process
from delid.config import load_cell
from delid.core import SystemClock, Ticked
from delid.engine import Executor
from delid.vision import Inspector, read_frame

PICTURE = REPOSITORY / f"fixtures/scenes/{PACK}-clean/bolts.jpg"


async def watch(executor: Executor, notes: dict[str, Any]) -> None:
    """One inspection after the other, as fast as they go."""
    loop, overview = asyncio.get_running_loop(), executor.cell.spec.overview.id
    frame = read_frame(PICTURE)
    inspector = await loop.run_in_executor(executor.vision_pool, lambda: Inspector.load(executor.cell))
    while True:
        await loop.run_in_executor(executor.vision_pool, inspector.inspect, frame, PACK)
        notes["inspections"] += 1
        for observer in executor.frame_observers:
            observer(frame, overview)


async def run(cell_file: Path, *, vision: bool) -> dict[str, Any]:
    executor = assemble(load_cell(cell_file), SystemClock())
    notes: dict[str, Any] = {"ticks_s": [], "inspections": 0}
    executor.observers.append(
        lambda state, event, effects: notes["ticks_s"].append(time.monotonic()) if isinstance(event, Ticked) else None
    )
    tune_process()
    extra = [watch(executor, notes)] if vision else []
    await run_until_signal(executor.run(), CellService(executor).run(), *extra)
    return notes


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = asyncio.run(run(Path(sys.argv[1]), vision="--vision" in sys.argv))
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")
