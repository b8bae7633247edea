"""``delid recording``: look into recordings, repair cut ones, take out frames and facts. Wiring only."""

from __future__ import annotations

import json as jsonlib
import math
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from delid.core import RecordingError, UsageError, to_json, to_plain
from delid.journal import (
    Box,
    Recording,
    Redaction,
    cut_recording,
    parts_of,
    read_recording,
    recorded_traffic,
    redact_recording,
    repair_recording,
)

from . import _recording_export, _recording_import, _recording_tidy

recording_app = typer.Typer(
    no_args_is_help=True, help="Look into, repair, cut, redact, export, import and tidy recordings."
)
for command in (_recording_export.export, _recording_import.import_, _recording_tidy.tidy):
    recording_app.command(command.__name__.rstrip("_"))(command)

CUT = 1
"""Exit code of ``info`` for a recording that is cut: the answer is no."""


@recording_app.command()
def info(
    file: Annotated[Path, typer.Argument(help="A recording (.mcap).", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what a recording holds. Exit code 0: it is whole. 1: it is cut, repair it. 3: it is no recording."""
    try:
        found = read_recording(file)
    except RecordingError as error:
        if error.code != "recording.truncated":
            raise
        typer.echo(jsonlib.dumps(error.as_dict()) if json else str(error), err=not json)
        raise typer.Exit(CUT) from error
    facts = _facts(found)
    if json:
        typer.echo(jsonlib.dumps(facts, ensure_ascii=False, indent=2))
        return
    for name, value in facts.items():
        typer.echo(f"{name.replace('_', ' '):<14} {_words(value)}")


@recording_app.command()
def repair(
    file: Annotated[Path, typer.Argument(help="A recording that is cut.", show_default=False)],
    out: Annotated[Path, typer.Argument(help="The new file.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Copy every whole message of a cut recording into a new file; what was cut stays as it is."""
    _must_exist(file)
    report = repair_recording(file, out)
    if json:
        typer.echo(to_json(report))
        return
    typer.echo(f"{out}: {report.messages} messages kept, {report.frames} of them frames")
    if report.damaged:
        typer.echo(f"{report.damaged} parts were damaged and are left out")
    if report.was_complete:
        typer.echo("the recording was whole; there was nothing to repair")


@recording_app.command()
def cut(
    file: Annotated[Path, typer.Argument(help="A recording (.mcap).", show_default=False)],
    out: Annotated[Path, typer.Argument(help="The new file.", show_default=False)],
    from_s: Annotated[float, typer.Option("--from", min=0, help="Seconds after its beginning.")] = 0.0,
    to_s: Annotated[float, typer.Option("--to", help="Seconds after its beginning.")] = math.inf,
    all_facts: Annotated[
        bool, typer.Option("--all-facts", help="Cut pictures only, so that the run can still be replayed.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Copy a span of time into a new file."""
    _must_exist(file)
    if to_s <= from_s:
        raise UsageError(f"--to {to_s:g} does not lie behind --from {from_s:g}.")
    report = cut_recording(file, out, from_s, to_s, all_facts=all_facts)
    if json:
        typer.echo(to_json(report))
        return
    span_s = report.to_wall_s - report.from_wall_s
    typer.echo(f"{out}: {report.messages} messages, {report.frames} of them frames, over {span_s:.1f} s")


@recording_app.command()
def redact(
    file: Annotated[Path, typer.Argument(help="A recording (.mcap).", show_default=False)],
    out: Annotated[Path, typer.Argument(help="The new file.", show_default=False)],
    names: Annotated[bool, typer.Option(help="People become person 1, person 2 ...")] = True,
    codes: Annotated[bool, typer.Option("--codes", help="Take out the codes that were read.")] = False,
    images: Annotated[bool, typer.Option("--images", help="Leave out all pictures.")] = False,
    box: Annotated[
        list[str] | None,
        typer.Option(help="Paint over a part of a camera's pictures, CAMERA:X0,Y0,X1,Y1 in pixels; repeat it."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Copy a recording without names of people, and without codes, pictures or parts of them where asked for.

    The configuration files in it stay as they are. A code may still be seen in a picture: paint over it.
    """
    _must_exist(file)
    boxes = tuple(_box(text) for text in box or ())
    report = redact_recording(file, out, Redaction(names, codes, images, boxes))
    if json:
        typer.echo(to_json(report))
        return
    typer.echo(
        f"{out}: {report.names} names and {report.codes} codes replaced, {report.images_left_out} pictures left out, "
        f"{report.images_painted} painted over"
    )


def _box(text: str) -> Box:
    camera, colon, numbers = text.rpartition(":")
    try:
        x0, y0, x1, y1 = (int(part) for part in numbers.split(","))
    except ValueError as error:
        raise UsageError(f"{text!r} is no part of a picture.", hint="For example overview:0,0,200,100.") from error
    if not colon or x1 < x0 or y1 < y0:
        raise UsageError(f"{text!r} is no part of a picture.", hint="For example overview:0,0,200,100.")
    return Box(camera, x0, y0, x1, y1)


def _must_exist(file: Path) -> None:
    if not file.is_file():
        raise UsageError(f"no such file: {file}")


def _facts(found: Recording) -> dict[str, Any]:
    header, events = found.header, found.events
    return {
        "run": header.run_id,
        "delid": header.delid,
        "cell": header.cell_file,
        "duration_s": round(events[-1].at_s - events[0].at_s, 1) if events else 0.0,
        "looks": len(found.frames),
        "frames": sum(len(frames) for frames in found.frames.values()),
        "events": dict(Counter(type(e).__name__ for e in events)),
        "effects": dict(Counter(type(e).__name__ for e in found.effects)),
        "records": dict(Counter(r.kind for r in found.records)),
        "wires": len(found.wires),
        "traffic": sum(1 for _ in recorded_traffic(found.path)),
        "files": [part.name for part in parts_of(found.path)],
        "models": dict(header.models),
        "recipes": dict(header.recipes),
        "losses": to_plain(found.losses),
        "repaired": found.repaired,
    }


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in sorted(value.items()) if v not in ("", 0)) or "none"
    return ", ".join(value) if isinstance(value, list) else str(value)
