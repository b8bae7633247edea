"""``delid cell``: the cell process. Wiring only."""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path
from typing import Annotated

import typer

from delid.config import Cell, load_cell
from delid.core import SystemClock

from ._assembly import assemble
from ._logs import log_to
from ._serving import CellService
from ._signals import run_until_signal

SWITCH_S = 0.001


def cell(
    cell_file: Annotated[Path, typer.Argument(metavar="CELL.yaml", help="Cell file.")],
    check: Annotated[bool, typer.Option("--check", help="Load and check everything, then end.")] = False,
) -> None:
    """Run a cell: cameras, vision, engine, devices, journal. Nothing moves before a person resets and starts."""
    asyncio.run(_run(load_cell(cell_file), check))


def tune_process() -> None:
    """Keep the event loop quick beside vision; called once, when everything is loaded.

    A thread that computes in Python hands the interpreter over every millisecond instead of every five, and what lives
    as long as the process is not gone through again and again by the collector, which would stop everything meanwhile.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()


async def _run(loaded: Cell, check: bool) -> None:
    executor = assemble(loaded, SystemClock())
    if check:
        executor.ports.log.close()
        await executor.ports.camera.close()
        typer.echo(f"{loaded.path}: everything loads")
        return
    log_to(loaded.socket_path.parent / "panel" / "log" / "cell.log")
    service = CellService(executor)
    tune_process()
    typer.echo(f"cell {loaded.spec.cell} is up; run {executor.ports.log.run_id}; socket {loaded.socket_path}")
    await run_until_signal(executor.run(), service.run())
