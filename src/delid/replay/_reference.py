"""Reference files: what a recording's replay must come to, readable and in a stable order."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from delid.core import RecordingError, to_plain

from ._inspections import DEFAULT_TOLERANCES, FrameSeam, Tolerance, field_of
from ._lines import Line

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Seams:
    """Everything that is compared."""

    inspection: tuple[FrameSeam, ...]
    decision: tuple[Line, ...]
    wire: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The seams as they shall be, how they came about, and the tolerances of the scores."""

    recording: str
    reason: str
    onnxruntime: str
    models: Mapping[str, str]
    seams: Seams
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    configuration: Mapping[str, str] = field(default_factory=dict)
    """Configuration file, by what it is called in addresses, to the digest of what it says."""
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Values of the cell file, the register map and the models' manifests."""


def tolerances_for(seams: Seams, kept: Mapping[str, Tolerance]) -> dict[str, Tolerance]:
    """A tolerance for each kind of score that the seams have: the one ``kept``, or the default."""
    used = sorted({field_of(score) for frame in seams.inspection for score in frame.scores})
    return {name: kept.get(name, DEFAULT_TOLERANCES[name]) for name in used}


def load_reference(path: Path) -> Reference:
    """Read a reference; raises RecordingError ``recording.no_reference`` or ``recording.reference``."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RecordingError(
            f"there is no reference {path}.",
            hint="Make it with --update-refs --reason TEXT, and read it before you commit it.",
            code="recording.no_reference",
        ) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, str(error)) from error
    try:
        return _parse(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable(path, f"{type(error).__name__}: {error}") from error


def save_reference(path: Path, reference: Reference) -> None:
    """Write a reference whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(render(reference), encoding="utf-8")
    os.replace(part, path)


def render(reference: Reference) -> str:
    """One line of JSON for each frame, decision and wire entry, so that a change is a change of lines."""
    head = {
        "format": FORMAT,
        "recording": reference.recording,
        "reason": reference.reason,
        "onnxruntime": reference.onnxruntime,
        "models": dict(reference.models),
        "tolerances": to_plain(reference.tolerances),
    }
    seams = reference.seams
    parts = [f"{_text(key)}: {_text(value, 2)}" for key, value in head.items()]
    parts.append(f'"configuration": {_text(dict(reference.configuration), 2)}')
    files = [f"{_text(name)}: {_text(to_plain(values))}" for name, values in sorted(reference.settings.items())]
    parts.append(f'"settings": {_braced(files)}')
    parts.append(f'"inspection": {_rows([_text(to_plain(frame)) for frame in seams.inspection])}')
    parts.append(f'"decision": {_rows([_text(": ".join(line)) for line in seams.decision])}')
    parts.append(f'"wire": {_rows([_text(": ".join(line)) for line in seams.wire])}')
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


def _text(value: Any, indent: int | None = None) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=indent is not None, indent=indent)
    return text.replace("\n", "\n  ")


def _rows(rows: Sequence[str]) -> str:
    return "[\n    " + ",\n    ".join(rows) + "\n  ]" if rows else "[]"


def _braced(rows: Sequence[str]) -> str:
    return "{\n    " + ",\n    ".join(rows) + "\n  }" if rows else "{}"


def _parse(data: Any) -> Reference:
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']!r}, not {FORMAT}")
    frames = tuple(
        FrameSeam(f["look"], int(f["frame"]), {k: str(v) for k, v in f["exact"].items()}, dict(f["scores"]))
        for f in data["inspection"]
    )
    return Reference(
        recording=data["recording"],
        reason=data["reason"],
        onnxruntime=data["onnxruntime"],
        models=dict(data["models"]),
        seams=Seams(frames, _lines(data["decision"]), _lines(data["wire"])),
        tolerances={k: _tolerance(k, v) for k, v in data["tolerances"].items()},
        configuration=dict(data.get("configuration", {})),
        settings={k: dict(v) for k, v in data.get("settings", {}).items()},
    )


def _tolerance(name: str, data: Any) -> Tolerance:
    """A tolerance has a reason, or nobody can tell later whether it is still needed."""
    if not str(data["reason"]).strip():
        raise ValueError(f"the tolerance of {name} has no reason")
    return Tolerance(float(data["within"]), str(data["reason"]))


def _lines(rows: list[str]) -> tuple[Line, ...]:
    return tuple((label, words) for label, _, words in (row.partition(": ") for row in rows))


def _unreadable(path: Path, why: str) -> RecordingError:
    return RecordingError(
        f"the reference {path} cannot be read: {why}.",
        hint="Take it back from version control, or make it anew with --update-refs --reason TEXT.",
        code="recording.reference",
    )
