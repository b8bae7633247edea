"""The readings of a recording alone, for curves: whole or cut, and without decoding a picture."""

from __future__ import annotations

from pathlib import Path

from delid.core import Event, RecordingError, TagsRead, from_json

from ._mcap_in import scan
from ._recording import EVENT_TOPIC
from ._schemas import Json

TAGS_READ = TagsRead.__name__


def recorded_tags(path: Path | str) -> list[TagsRead]:
    """Every reading of the PLC in a recording, in order; of a cut one those that are whole.

    Raises RecordingError where the file is no recording or one that this delid cannot read.
    """
    found = scan(Path(path))
    topics = {number for number, channel in found.channels.items() if channel.topic == EVENT_TOPIC}
    kept: list[TagsRead] = []
    try:
        for message in found.messages:
            if message.channel_id in topics and TAGS_READ in (text := Json.FromString(message.data).json):
                event = from_json(Event, text)
                if isinstance(event, TagsRead):
                    kept.append(event)
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(
            f"{path}: a reading cannot be understood: {error}.",
            hint="Read it with the version of delid that wrote it.",
            code="recording.version",
        ) from error
    return kept
