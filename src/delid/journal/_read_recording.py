"""Recordings read back whole: all files of a run as one."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from mcap.records import Channel, Message, Metadata
from mcap.writer import MCAP0_MAGIC

from delid.core import RecordingError, Wire

from ._channels import FACT_TOPICS, fact_of
from ._mcap_in import McapIn, parts_of
from ._recording import (
    CAMERA_TOPIC,
    FRAME_META_TOPIC,
    HEADER_NAME,
    LOSSES_NAME,
    READABLE,
    REPAIR_NAME,
    TEXT_TYPE,
    TRAFFIC_TOPIC,
    Fact,
    Losses,
    RecordedFrame,
    Recording,
    RecordingHeader,
)
from ._schemas import CompressedImage, FrameMeta

IMAGE_SCHEMA = "foxglove.CompressedImage"


def open_parts(path: Path | str) -> list[McapIn]:
    """The files of a recording, opened, in order; raises RecordingError where the first is no recording of delid."""
    paths = parts_of(Path(path))
    first = McapIn(paths[0])
    run = header_in(first).run_id
    # a crash may leave a last file that holds nothing yet
    later = [McapIn(part) for part in paths[1:] if part.stat().st_size >= len(MCAP0_MAGIC)]
    return [first, *(part for part in later if _continues(part, run))]


def _continues(part: McapIn, run: str) -> bool:
    """True for a file of the same run; one that was cut before its header is only told by its name."""
    headless = all(m.name != HEADER_NAME for m in part.metadata)
    return headless or header_in(part).run_id == run


def read_recording(path: Path | str) -> Recording:
    """Read a whole recording, with the files that follow the one at ``path``.

    Raises RecordingError: ``recording.truncated`` where a file is cut or damaged, ``recording.foreign`` where it is
    no recording of delid, ``recording.version`` where it is one of another format.
    """
    path = Path(path)
    parts = open_parts(path)
    taken = _Taken()
    for part in parts:
        for channel, message in part.messages():
            taken.take(part, channel, message)
    taken.must_be_whole(parts)
    return Recording(
        path=path,
        header=header_in(parts[0]),
        facts=tuple(taken.facts),
        frames={look: tuple(some) for look, some in taken.frames.items()},
        losses=_losses(parts[-1].metadata),
        repaired=any(m.name == REPAIR_NAME for part in parts for m in part.metadata),
    )


class _Taken:
    """Facts and frames, as they come out of the files."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.frames: dict[str, list[RecordedFrame]] = {}
        self._metas: dict[int, Any] = {}
        self._messages = 0
        self._problem: RecordingError | None = None

    def take(self, part: McapIn, channel: Channel, message: Message) -> None:
        topic = channel.topic
        self._messages += 1
        try:
            if topic == FRAME_META_TOPIC:
                self._metas[message.sequence] = FrameMeta.FromString(message.data)
            elif topic in FACT_TOPICS:
                self.facts.append(fact_of(topic, message))
            elif is_image(part, channel):
                frame = _frame(self._metas.pop(message.sequence), CompressedImage.FromString(message.data))
                self.frames.setdefault(frame.look_id, []).append(frame)
        except (DecodeError, KeyError, TypeError, ValueError) as error:
            self._problem = self._problem or unreadable(part.path, topic, message, error)

    def must_be_whole(self, parts: list[McapIn]) -> None:
        """Raise where a file is not whole, which explains what cannot be read, or where something cannot be read."""
        for part in parts:
            if not part.complete:
                raise RecordingError(
                    f"{part.path} is cut or damaged: {self._messages} whole messages are readable.",
                    hint=f"Run `delid recording repair {parts[0].path} OUT.mcap` and use what is left.",
                    code="recording.truncated",
                )
        if self._problem is not None:
            raise self._problem


def recorded_traffic(path: Path | str) -> Iterator[Wire]:
    """Everything that went over the wires, polling included, in order; of a cut recording what is whole.

    Of Modbus it is the PDU: a block read is the answer to function code 3 or 4. Raises RecordingError.
    """
    for part in open_parts(path):
        for channel, message in part.messages():
            if channel.topic.startswith(TRAFFIC_TOPIC):
                found = fact_of(channel.topic, message)
                assert isinstance(found, Wire)
                yield found


def is_image(part: McapIn, channel: Channel) -> bool:
    """True for the pictures of a camera."""
    return channel.topic.startswith(CAMERA_TOPIC) and part.schemas[channel.schema_id].name == IMAGE_SCHEMA


def unreadable(path: Path, topic: str, message: Message, error: Exception) -> RecordingError:
    found = RecordingError(
        f"{path}: message {message.sequence} of {topic} cannot be read: {type(error).__name__}: {error}.",
        hint="Read it with the version of delid that wrote it.",
        code="recording.version",
    )
    found.__cause__ = error
    return found


def header_in(part: McapIn) -> RecordingHeader:
    """The header of a file; raises RecordingError ``recording.foreign`` or ``recording.version``."""
    metadata = next((m.metadata for m in part.metadata if m.name == HEADER_NAME), None)
    if metadata is None:
        raise RecordingError(
            f"{part.path} is an MCAP file, but no recording of delid or one that was cut before its first fact.",
            hint="Take it in with `delid recording import` if another program wrote it.",
            code="recording.foreign",
        )
    if metadata.get("format") not in READABLE:
        raise RecordingError(
            f"{part.path} has recording format {metadata.get('format')!r}, this delid reads {', '.join(READABLE)}.",
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
        texts={a.name: a.data.decode() for a in part.attachments if a.media_type == TEXT_TYPE},
        part=int(metadata.get("part", "1")),
    )


def _frame(meta: Any, image: Any) -> RecordedFrame:
    names = {f.name for f in dataclasses.fields(RecordedFrame)} - {"encoded", "format"}
    return RecordedFrame(**{name: getattr(meta, name) for name in names}, encoded=image.data, format=image.format)


def _losses(metadata: list[Metadata]) -> Losses:
    """What the writer counted up to the end of the last file."""
    for found in reversed(metadata):
        if found.name == LOSSES_NAME:
            values = found.metadata
            numbers = (int(values["dropped_frames"]), int(values["lost_facts"]))
            return Losses(*numbers, values["failure"], int(values.get("dropped_traffic", "0")))
    return Losses()
