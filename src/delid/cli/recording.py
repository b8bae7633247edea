"""``delid recording``: look into recordings, repair cut ones, take out frames and facts. Wiring only."""

from __future__ import annotations

import json as jsonlib
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from delid.core import AMBIENT, RecordingError, UsageError, to_json, to_plain
from delid.journal import Recording, read_recording, repair_recording

recording_app = typer.Typer(no_args_is_help=True, help="Look into, repair and export recordings.")

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
    """Copy every whole message of a cut recording into a new file; the cut one stays as it is."""
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
def export(
    file: Annotated[Path, typer.Argument(help="A recording (.mcap).", show_default=False)],
    out: Annotated[Path, typer.Argument(help="A new folder.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write frames as image files, events, effects and wire bytes as JSON lines, and the configuration files."""
    _must_exist(file)
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty.", hint="Name a new folder.")
    found = read_recording(file)
    frames = _export_frames(found, out / "frames")
    with (out / "facts.jsonl").open("w", encoding="utf-8") as lines:
        for fact in found.facts:
            lines.write(_fact_line(fact) + "\n")
    for name, text in found.header.texts.items():
        target = (out / "config" / name).resolve()
        if not target.is_relative_to((out / "config").resolve()):
            raise RecordingError(f"{file} holds a file with the name {name!r}.", code="recording.foreign")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    report = {"folder": str(out), "frames": frames, "facts": len(found.facts), "files": len(found.header.texts)}
    typer.echo(jsonlib.dumps(report) if json else f"{out}: {frames} frames, {len(found.facts)} facts")


def _must_exist(file: Path) -> None:
    if not file.is_file():
        raise UsageError(f"no such file: {file}")


def _export_frames(found: Recording, folder: Path) -> int:
    folder.mkdir(parents=True)
    count = 0
    for frame in found.all_frames():
        count += 1
        look = "" if frame.look == AMBIENT else f".{frame.look}"
        ending = {"jpeg": "jpg"}.get(frame.format, frame.format)
        (folder / f"{count:05d}-{frame.camera}{look}.{ending}").write_bytes(frame.encoded)
    with (folder / "index.jsonl").open("w", encoding="utf-8") as lines:
        for frame in found.all_frames():
            plain = {k: v for k, v in to_plain(frame).items() if k != "encoded"}
            lines.write(jsonlib.dumps(plain, ensure_ascii=False) + "\n")
    return count


def _fact_line(fact: Any) -> str:
    plain = to_plain(fact, tagged=True)
    if isinstance(plain.get("data"), bytes):
        plain["data"] = plain["data"].hex()
    return jsonlib.dumps(plain, ensure_ascii=False, sort_keys=True)


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
        "models": dict(header.models),
        "recipes": dict(header.recipes),
        "losses": to_plain(found.losses),
        "repaired": found.repaired,
    }


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in sorted(value.items()) if v not in ("", 0)) or "none"
    return str(value)
