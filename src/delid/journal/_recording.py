"""What a recording is: topics, header, and the facts as they are read back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from delid.config import Cell
from delid.core import LEAVE_OUT_DEFAULT, Effect, Event, Record, Wire

FORMAT = "2"
READABLE = ("1", "2")
"""Format 1 had every event on one channel, and none of the channels for people."""
PROFILE = "delid"
CHUNK_BYTES = 1024 * 1024
"""Chunks are closed and put on the disk before they grow over this; only a single larger image may."""

EVENT_TOPIC = "/delid/event"
INSPECTION_TOPIC = "/delid/inspection"
DECISION_TOPIC = "/delid/decision"
OPERATOR_TOPIC = "/delid/operator"
CLOCK_TOPIC = "/delid/clock"
EFFECT_TOPIC = "/delid/effect"
RECORD_TOPIC = "/delid/record"
WIRE_TOPIC = "/delid/wire"
TRAFFIC_TOPIC = "/delid/traffic/"
FRAME_META_TOPIC = "/delid/frame_meta"
CAMERA_TOPIC = "/camera/"
CALIBRATION = "/calibration"
ANNOTATIONS = "/annotations"
TAGS_TOPIC = "/delid/tags"
ROBOT_TOPIC = "/delid/robot"
STATE_TOPIC = "/delid/state"
LOG_TOPIC = "/delid/log"
HEADER_NAME = "delid.header"
LOSSES_NAME = "delid.losses"
REPAIR_NAME = "delid.repair"
CUT_NAME = "delid.cut"
REDACTION_NAME = "delid.redaction"
OUTCOME_NAME = "delid.outcome"
TEXT_TYPE = "application/yaml"
HASHES_FILE = "delid/hashes.json"
HASHES_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class RecordingHeader:
    """What the run was made with.

    Attributes:
        run_id: the journal's folder name.
        delid: version of delid.
        cell_file: name of the cell file among ``texts``.
        cell_sha256: digest over all configuration texts.
        models: model name to ``sha256:...``.
        recipes: recipe name to its SHA-256.
        texts: configuration files, relative name to text.
        extra: further facts, for example the onnxruntime version.
        part: number of this file among those of one run, from 1.
    """

    run_id: str
    delid: str = ""
    cell_file: str = ""
    cell_sha256: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    recipes: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    part: int = 1


def header_of(
    cell: Cell, run_id: str, delid: str, models: Mapping[str, str], extra: Mapping[str, str] | None = None
) -> RecordingHeader:
    """The header of a run of ``cell``; paths become names relative to the folder that holds all its files."""
    paths = {os.path.realpath(name): text for name, text in cell.texts.items()}
    base = os.path.commonpath([os.path.dirname(path) for path in paths])
    names = {Path(os.path.relpath(path, base)).as_posix(): text for path, text in paths.items()}
    return RecordingHeader(
        run_id=run_id,
        delid=delid,
        cell_file=Path(os.path.relpath(os.path.realpath(cell.path), base)).as_posix(),
        cell_sha256=cell.sha256,
        models=dict(models),
        recipes={recipe.spec.recipe: recipe.sha256 for recipe in cell.recipes},
        texts=names,
        extra=dict(extra or {}),
    )


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """One frame as the camera delivered it. ``encoded`` are the exact bytes (JPEG or PNG)."""

    look_id: str
    camera: str
    captured_s: float
    seq: int
    source: str
    sha256: str
    look: str
    width: int
    height: int
    encoded: bytes
    format: str


@dataclass(frozen=True, slots=True)
class Losses:
    """What the writer could not keep: frames dropped because it was busy, facts lost, and why.

    Traffic is what went over the wires beside the effects, polling above all; replay does not need it.
    """

    dropped_frames: int = 0
    lost_facts: int = 0
    failure: str = ""
    dropped_traffic: int = field(default=0, metadata=LEAVE_OUT_DEFAULT)


Fact = Event | Effect | Wire


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole recording. ``facts`` has events, effects and wires in the order in which they happened.

    ``path`` is its first file; a long run has several.
    """

    path: Path
    header: RecordingHeader
    facts: tuple[Fact, ...]
    frames: Mapping[str, tuple[RecordedFrame, ...]]
    """Look id to its frames."""
    losses: Losses = Losses()
    repaired: bool = False

    @property
    def events(self) -> tuple[Event, ...]:
        return tuple(fact for fact in self.facts if isinstance(fact, Event))

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Effects but for Records."""
        return tuple(f for f in self.facts if isinstance(f, Effect) and not isinstance(f, Record))

    @property
    def records(self) -> tuple[Record, ...]:
        return tuple(fact for fact in self.facts if isinstance(fact, Record))

    @property
    def wires(self) -> tuple[Wire, ...]:
        return tuple(fact for fact in self.facts if isinstance(fact, Wire))

    def all_frames(self) -> Iterator[RecordedFrame]:
        """Every frame, look by look in the order of recording."""
        for frames in self.frames.values():
            yield from frames
