"""From what ``delid plan`` is given (inspections as JSON, images) to one assessment."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from delid.config import Cell
from delid.core import Assessment, Inspection, Scalar, UsageError, from_plain

if TYPE_CHECKING:
    from delid.vision import Inspector

STDIN = "-"
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")


def assess(sources: Sequence[str], cell: Cell, pack: str | None) -> Assessment:
    """One assessment of all sources together; they must show the same pack.

    Args:
        sources: files of inspections (or of one assessment) as JSON, images, or ``-`` for JSON on standard input.
        cell: its models, gallery and calibration are used for images, its limits for the hazard class.
        pack: look for the fasteners of this pack in images.

    Raises UsageError for a file that is none of these, FrameError and ModelError for images.
    """
    from delid.vision import fuse  # loads the models' run time, which no other part of planning needs

    inspections: list[Inspection] = []
    inspector: Inspector | None = None
    for source in sources:
        if source == STDIN or Path(source).suffix.lower() in JSON_SUFFIXES:
            found = read_facts(source)
            if isinstance(found, Assessment):
                if len(sources) > 1:
                    raise UsageError(f"{source}: an assessment is already the sum of its frames; give it alone.")
                return found
            inspections.extend(found)
        else:
            inspector = inspector or _inspector(cell)
            inspections.append(_inspect(inspector, Path(source), pack))
    return fuse(inspections, cell.spec.limits.hazard_limits())


def _inspector(cell: Cell) -> Inspector:
    from delid.vision import Inspector

    return Inspector.load(cell)


def _inspect(inspector: Inspector, image: Path, pack: str | None) -> Inspection:
    from delid.vision import read_frame

    return inspector.inspect(read_frame(image), pack)


def read_facts(source: str) -> list[Inspection] | Assessment:
    """Inspections of a file or of standard input: one JSON object, a list of them, or one to a line."""
    text = sys.stdin.read() if source == STDIN else _read(Path(source))
    objects = _objects(source, text)
    if not objects:
        raise UsageError(f"{source}: there is no inspection in it.", hint="Write one with 'delid inspect --json'.")
    if len(objects) == 1 and "frames" in objects[0]:
        assessment: Assessment = _fact(source, Assessment, objects[0])
        return assessment
    return [_fact(source, Inspection, item) for item in objects]


def read_readings(pairs: Sequence[str], cell: Cell) -> dict[str, Scalar]:
    """``TAG=VALUE`` pairs as PLC readings; raises UsageError for an unknown tag or a value that does not fit it."""
    readings: dict[str, Scalar] = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        tag = cell.plc_map.status.tags.get(name)
        if tag is None:
            raise UsageError(f"{pair!r}: the register map {cell.plc_map.map!r} has no status tag {name!r}.")
        flags: dict[str, Scalar] = {"true": True, "false": False}
        try:
            readings[name] = flags[text.lower()] if tag.type == "bool" else float(text)
        except (KeyError, ValueError) as error:
            wanted = "true or false" if tag.type == "bool" else "a number"
            raise UsageError(f"{pair!r}: {name} is {wanted}.") from error
    return readings


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error


def _objects(source: str, text: str) -> list[dict[str, Any]]:
    try:
        whole = jsonlib.loads(text)
        items = whole if isinstance(whole, list) else [whole]
    except ValueError:
        items = [_line(source, n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    for item in items:
        if not isinstance(item, dict):
            raise UsageError(f"{source}: there is something in it that is no inspection.")
        if "error" in item:
            raise UsageError(
                f"{source}: the inspection of {item.get('source', 'an image')} failed; nothing to plan from."
            )
    return items


def _line(source: str, number: int, line: str) -> Any:
    try:
        return jsonlib.loads(line)
    except ValueError as error:
        raise UsageError(f"{source}:{number}: not JSON: {error}") from error


def _fact(source: str, kind: type[Inspection] | type[Assessment], item: dict[str, Any]) -> Any:
    try:
        return from_plain(kind, item)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"{source}: not the form of 'delid inspect --json': {error}", hint="Write it with 'delid inspect --json'."
        ) from error
