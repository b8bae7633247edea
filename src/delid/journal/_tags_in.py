"""The readings of a recording alone, for curves: whole or cut, and without decoding a picture."""

from __future__ import annotations

from pathlib import Path

from google.protobuf.message import DecodeError

from delid.core import Event, TagsRead, from_json

from ._read_recording import open_parts, unreadable
from ._recording import EVENT_TOPIC
from ._schemas import Json

TAGS_READ = TagsRead.__name__


def recorded_tags(path: Path | str) -> list[TagsRead]:
    """Every reading of the PLC in a recording, in order; of a cut one those that are whole.

    Raises RecordingError where the file is no recording or one that this delid cannot read.
    """
    kept: list[TagsRead] = []
    for part in open_parts(path):
        for channel, message in part.messages():
            if channel.topic != EVENT_TOPIC:
                continue
            try:
                text = Json.FromString(message.data).json
                event = from_json(Event, text) if TAGS_READ in text else None
            except (DecodeError, KeyError, TypeError, ValueError) as error:
                raise unreadable(part.path, channel.topic, message, error) from error
            if isinstance(event, TagsRead):
                kept.append(event)
    return kept
