"""Recordings read back whole, and cut ones repaired."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from mcap.records import Message

from delid.core import Effect, Event, Record, RecordingError, Wire, from_json

from ._mcap_in import Scan, scan
from ._mcap_out import McapOut, create
from ._recording import (
    CAMERA_TOPIC,
    EFFECT_TOPIC,
    EVENT_TOPIC,
    FORMAT,
    FRAME_META_TOPIC,
    HEADER_NAME,
    LOSSES_NAME,
    RECORD_TOPIC,
    REPAIR_NAME,
    WIRE_TOPIC,
    Fact,
    Losses,
    RecordedFrame,
    Recording,
    RecordingHeader,
)
from ._schemas import CompressedImage, FrameMeta, Json, WireBytes

FACTS: dict[str, Any] = {EVENT_TOPIC: Event, EFFECT_TOPIC: Effect, RECORD_TOPIC: Record, WIRE_TOPIC: Wire}


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair kept. ``was_complete`` is true where there was nothing to repair."""

    messages: int
    frames: int
    damaged: int
    was_complete: bool


def read_recording(path: Path | str) -> Recording:
    """Read a whole recording.

    Raises RecordingError: ``recording.truncated`` where the file is cut or damaged, ``recording.foreign`` where it is
    no recording of delid, ``recording.version`` where it is one of another format.
    """
    path = Path(path)
    found = scan(path)
    if not found.complete:
        raise RecordingError(
            f"{path} is cut or damaged: {len(found.messages)} whole messages are readable.",
            hint=f"Run `delid recording repair {path} OUT.mcap` and use what is left.",
            code="recording.truncated",
        )
    header = _header(path, found)
    facts: list[Fact] = []
    metas: dict[int, Any] = {}
    frames: dict[str, list[RecordedFrame]] = {}
    for message in found.messages:
        topic = found.channels[message.channel_id].topic
        try:
            if topic == FRAME_META_TOPIC:
                metas[message.sequence] = FrameMeta.FromString(message.data)
            elif topic.startswith(CAMERA_TOPIC):
                frame = _frame(metas.pop(message.sequence), CompressedImage.FromString(message.data))
                frames.setdefault(frame.look_id, []).append(frame)
            elif topic in FACTS:
                facts.append(_fact(topic, message))
        except (DecodeError, KeyError, TypeError, ValueError) as error:
            raise _unreadable(path, topic, message, error) from error
    return Recording(
        path=path,
        header=header,
        facts=tuple(facts),
        frames={look: tuple(some) for look, some in frames.items()},
        losses=_losses(found),
        repaired=any(m.name == REPAIR_NAME for m in found.metadata),
    )


def _unreadable(path: Path, topic: str, message: Message, error: Exception) -> RecordingError:
    return RecordingError(
        f"{path}: message {message.sequence} of {topic} cannot be read: {type(error).__name__}: {error}.",
        hint="Read it with the version of delid that wrote it.",
        code="recording.version",
    )


def repair_recording(path: Path | str, out: Path | str) -> RepairReport:
    """Copy every whole message of a cut recording into ``out``; the cut file stays as it is."""
    path = Path(path)
    found = scan(path)
    _header(path, found)
    target = McapOut(create(Path(out)), "delid repair")
    for metadata in found.metadata:
        target.metadata(metadata.name, metadata.metadata)
    for text in found.attachments:
        target.attachment(text.name, text.media_type, text.data, text.log_time)
    images = _copy_messages(found, target)
    target.metadata(REPAIR_NAME, {"messages": str(len(found.messages)), "damaged": str(found.damaged)})
    target.finish()
    return RepairReport(len(found.messages), images, found.damaged, found.complete)


def _copy_messages(found: Scan, target: McapOut) -> int:
    images = 0
    for message in found.messages:
        channel = found.channels[message.channel_id]
        schema = found.schemas[channel.schema_id]
        target.raw(
            channel.topic,
            (schema.name, schema.encoding, schema.data),
            message.data,
            message.log_time,
            message.publish_time,
            message.sequence,
        )
        images += channel.topic.startswith(CAMERA_TOPIC)
    return images


def _header(path: Path, found: Scan) -> RecordingHeader:
    metadata = next((m.metadata for m in found.metadata if m.name == HEADER_NAME), None)
    if metadata is None:
        raise RecordingError(
            f"{path} is an MCAP file, but no recording of delid or one that was cut before its first fact.",
            code="recording.foreign",
        )
    if metadata.get("format") != FORMAT:
        raise RecordingError(
            f"{path} has recording format {metadata.get('format')!r}, this delid reads {FORMAT!r}.",
            hint="Read it with the version of delid that wrote it.",
            code="recording.version",
        )
    return RecordingHeader(
        run_id=metadata["run_id"],
        delid=metadata["delid"],
        cell_file=metadata["cell_file"],
        cell_sha256=metadata["cell_sha256"],
        models=json.loads(metadata["models"]),
        recipes=json.loads(metadata["recipes"]),
        extra=json.loads(metadata["extra"]),
        texts={a.name: a.data.decode() for a in found.attachments},
    )


def _losses(found: Scan) -> Losses:
    for metadata in found.metadata:
        if metadata.name == LOSSES_NAME:
            values = metadata.metadata
            return Losses(int(values["dropped_frames"]), int(values["lost_facts"]), values["failure"])
    return Losses()


def _fact(topic: str, message: Message) -> Fact:
    if topic == WIRE_TOPIC:
        wire = WireBytes.FromString(message.data)
        return Wire(at_s=wire.at_s, device=wire.device, out=wire.out, data=wire.data, id=wire.id)
    fact: Fact = from_json(FACTS[topic], Json.FromString(message.data).json)
    return fact


def _frame(meta: Any, image: Any) -> RecordedFrame:
    names = {f.name for f in dataclasses.fields(RecordedFrame)} - {"encoded", "format"}
    return RecordedFrame(**{name: getattr(meta, name) for name in names}, encoded=image.data, format=image.format)
