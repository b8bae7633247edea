"""``delid recording import``: pictures of other programs. Wiring only."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Annotated

import typer

from delid.config import load_cell
from delid.core import UsageError, to_json
from delid.journal import RecordingHeader, header_of, import_bag, import_folder


def import_(
    source: Annotated[
        Path, typer.Argument(help="A folder of images, or a rosbag2: folder, .mcap or .db3.", show_default=False)
    ],
    out: Annotated[Path, typer.Argument(help="The new recording (.mcap).", show_default=False)],
    table: Annotated[
        Path | None, typer.Option("--csv", help="Table of the images: file, time_s or time, camera, look, readings.")
    ] = None,
    topic: Annotated[list[str] | None, typer.Option(help="Of a bag only this topic; repeat it.")] = None,
    cell: Annotated[Path | None, typer.Option(help="Cell file whose configuration goes into the recording.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make a recording of images with a table, or of the sensor_msgs/msg/CompressedImage of a rosbag2."""
    if not source.exists():
        raise UsageError(f"no such file or folder: {source}")
    if table is not None and topic:
        raise UsageError("--topic belongs to a bag, --csv to a folder of images.")
    version = importlib.metadata.version("delid")
    run = f"import.{source.stem}"
    header = header_of(load_cell(cell), run, version, {}) if cell else RecordingHeader(run, version)
    if table is not None:
        report = import_folder(source, table, out, header)
    else:
        report = import_bag(source, out, header, tuple(topic or ()))
    if json:
        typer.echo(to_json(report))
        return
    cameras = ", ".join(report.cameras)
    typer.echo(f"{out}: {report.frames} frames of {cameras} over {report.duration_s:g} s, {report.readings} readings")
