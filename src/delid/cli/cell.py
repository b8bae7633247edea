"""``delid cell``: the cell process. Wiring only."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from delid.config import Cell, load_cell
from delid.core import SystemClock

from ._assembly import assemble
from ._logs import log_to
from ._serving import CellService
from ._signals import run_until_signal


def cell(
    cell_file: Annotated[Path, typer.Argument(metavar="CELL.yaml", help="Cell file.")],
    check: Annotated[bool, typer.Option("--check", help="Load and check everything, then end.")] = False,
) -> None:
    """Run a cell: cameras, vision, engine, devices, journal. Nothing moves before a person resets and starts."""
    asyncio.run(_run(load_cell(cell_file), check))


async def _run(loaded: Cell, check: bool) -> None:
    executor = assemble(loaded, SystemClock())
    if check:
        executor.ports.log.close()
        await executor.ports.camera.close()
        typer.echo(f"{loaded.path}: everything loads")
        return
    log_to(loaded.socket_path.parent / "panel" / "log" / "cell.log")
    service = CellService(executor)
    typer.echo(f"cell {loaded.spec.cell} is up; run {executor.ports.log.run_id}; socket {loaded.socket_path}")
    await run_until_signal(executor.run(), service.run())
