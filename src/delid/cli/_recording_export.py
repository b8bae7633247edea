"""``delid recording export``: frames, facts and configuration as files, or a training set. Wiring only."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from delid.core import AMBIENT, RecordingError, UsageError, to_json, to_plain
from delid.journal import PART, Recording, read_recording, write_training_set

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def export(
    file: Annotated[
        Path, typer.Argument(help="A recording (.mcap); for a training set also a folder of them.", show_default=False)
    ],
    out: Annotated[Path, typer.Argument(help="A new folder.", show_default=False)],
    training: Annotated[bool, typer.Option("--training", help="Pictures and labels in COCO instead.")] = False,
    corrected: Annotated[
        bool, typer.Option("--corrected", help="Of a training set only what a person or a tool said otherwise.")
    ] = False,
    json: Json = False,
) -> None:
    """Write frames as image files, events, effects and wire bytes as JSON lines, and the configuration files.

    With --training: pictures and labels for `delid train`, corrections of people and tools included.
    """
    if not file.is_file() and not (training and file.is_dir()):
        raise UsageError(f"no such file: {file}")
    if corrected and not training:
        raise UsageError("--corrected belongs to --training.")
    if training:
        _export_training(file, out, corrected, json)
        return
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


def _export_training(file: Path, out: Path, corrected: bool, json: bool) -> None:
    paths = recordings_in(file) if file.is_dir() else [file]
    if not paths:
        raise UsageError(f"{file} holds no recording.")
    report = write_training_set(paths, out, corrected_only=corrected)
    if json:
        typer.echo(to_json(report))
        return
    typer.echo(
        f"{out}: {report.images} pictures of {report.recordings} recordings with {report.annotations} labels; "
        f"{report.corrected_images} pictures corrected by people or tools"
    )


def recordings_in(folder: Path) -> list[Path]:
    """The first file of every recording below a folder, by name."""
    return sorted(path for path in folder.rglob("*.mcap") if not PART.match(path.stem))


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
