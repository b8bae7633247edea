"""``delid record``: frames of a cell's cameras into a recording, without running the cell. Wiring only."""

from __future__ import annotations

import asyncio
import importlib.metadata
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from delid.config import Cell, load_cell
from delid.core import AMBIENT, Clock, RecordingError, Started, SystemClock, UsageError
from delid.journal import RecordingWriter, header_of

from ._cameras import open_cameras

GRAB_DEADLINE_S = 10.0


def record(
    cell: Annotated[Path, typer.Option(help="Cell file; its cameras are recorded.")],
    out: Annotated[Path, typer.Option(help="The new recording (.mcap).")],
    frames: Annotated[int | None, typer.Option(min=1, help="Frames of each camera; without it until Ctrl-C.")] = None,
    look: Annotated[str, typer.Option(help="Name of the light that is on; the lamps are not switched.")] = AMBIENT,
) -> None:
    """Record frames of a cell's cameras. Each camera's frames are one look, named ``record.<camera>``."""
    if out.exists():
        raise UsageError(f"there is a file at {out} already.", hint="Choose another name.")
    clock = SystemClock()
    loaded = load_cell(cell)
    writer = RecordingWriter(out, clock, header_of(loaded, "record", importlib.metadata.version("delid"), {}))
    taken = 0
    try:
        with suppress(KeyboardInterrupt):
            taken = asyncio.run(record_frames(loaded, writer, clock, frames, look))
    finally:
        writer.close()
    losses = writer.losses
    if losses.failure:
        raise RecordingError(f"{out} is not whole: {losses.failure}.", code="recording.write")
    kept = f"{taken} frames" if taken else "frames until interrupted"
    typer.echo(f"{out}: {kept}, {losses.dropped_frames} dropped")


async def record_frames(
    cell: Cell, writer: RecordingWriter, clock: Clock, frames: int | None, look: str = AMBIENT
) -> int:
    """Record ``frames`` frames of every camera of the cell, in turn; returns how many were taken in all."""
    writer.event(Started(clock.now_s()))
    cameras = await open_cameras(cell, clock)
    taken = 0
    try:
        while frames is None or taken < frames * len(cameras):
            for name, camera in cameras.items():
                for frame in await camera.grab(1, GRAB_DEADLINE_S):
                    writer.frame(replace(frame, look=look), f"record.{name}", name)
                    taken += 1
    finally:
        for camera in cameras.values():
            await camera.close()
    return taken
