"""Some readings of a recording as series, for curves: by the file's own index, so that no picture is read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from google.protobuf.message import DecodeError
from mcap.data_stream import ReadDataStream
from mcap.reader import SeekingReader
from mcap.records import Chunk, ChunkIndex, Message, MessageIndex
from mcap.stream_reader import get_chunk_data_stream
from mcap.summary import Summary

from delid.core import TagsRead

from ._mcap_in import DAMAGE, HEAD, McapIn
from ._read_recording import open_parts, unreadable
from ._recording import EVENT_TOPIC
from ._schemas import Json

TYPE = TagsRead.__name__
MARK = TYPE.encode()


def recorded_series(path: Path | str, names: Sequence[str]) -> tuple[list[float], dict[str, list[float]]]:
    """Times (UTC, s) of every reading of the PLC, and of each of ``names`` that is a number its values, NaN for none.

    A finished recording is read by its index; one that was cut, or is damaged, as far as it is whole.
    Raises RecordingError where the file is no recording or one that this delid cannot read.
    """
    times: list[float] = []
    found: dict[str, list[float]] = {}
    for part, message in _events(path):
        if MARK not in message.data:
            continue
        fact = _fact(part, message)
        if fact.get("type") != TYPE:
            continue
        times.append(message.log_time / 1e9)
        for name in names:
            value = fact["values"].get(name)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                series = found.setdefault(name, [])
                series.extend([math.nan] * (len(times) - 1 - len(series)))
                series.append(float(value))
    for series in found.values():
        series.extend([math.nan] * (len(times) - len(series)))
    return times, found


def _fact(part: McapIn, message: Message) -> dict[str, Any]:
    try:
        fact = json.loads(Json.FromString(message.data).json)
        if isinstance(fact, dict) and isinstance(fact.get("values", {}), dict):
            return fact
        raise ValueError("no fact")
    except (DecodeError, ValueError) as error:
        raise unreadable(part.path, EVENT_TOPIC, message, error) from error


def _events(path: Path | str) -> Iterator[tuple[McapIn, Message]]:
    """The messages of the channel of events, in the order of the files."""
    for part in open_parts(path):
        with part.path.open("rb") as file:
            summary = _summary(file)
            found = _indexed(file, summary) if summary is not None else _plain(part)
            yield from ((part, message) for message in found)


def _plain(part: McapIn) -> Iterator[Message]:
    return (message for channel, message in part.messages() if channel.topic == EVENT_TOPIC)


def _indexed(file: IO[bytes], summary: Summary) -> Iterator[Message]:
    wanted = {number for number, channel in summary.channels.items() if channel.topic == EVENT_TOPIC}
    for index in sorted(summary.chunk_indexes, key=lambda one: one.chunk_start_offset):
        if wanted & set(index.message_index_offsets):
            yield from _of_chunk(file, index, wanted)


def _summary(file: IO[bytes]) -> Summary | None:
    """The index at the end of a finished recording; None where there is none."""
    try:
        summary = SeekingReader(file).get_summary()
    except (*DAMAGE, AssertionError):
        return None
    return summary if summary is not None and summary.chunk_indexes else None


def _of_chunk(file: IO[bytes], index: ChunkIndex, wanted: set[int]) -> Iterator[Message]:
    try:
        places = sorted(place for number in wanted & set(index.message_index_offsets)
                        for place in _places(file, index.message_index_offsets[number]))  # fmt: skip
        file.seek(index.chunk_start_offset + HEAD.size)
        stream, size = get_chunk_data_stream(Chunk.read(ReadDataStream(file)), validate_crc=True)
        content = stream.read(size)
        for place in places:
            _, length = HEAD.unpack_from(content, place)
            body = content[place + HEAD.size : place + HEAD.size + length]
            yield Message.read(ReadDataStream(BytesIO(body)), length)
    except (*DAMAGE, AssertionError):
        return  # a part that is damaged is a gap in the curve


def _places(file: IO[bytes], offset: int) -> list[int]:
    """Where in its chunk each message of one channel begins."""
    file.seek(offset + HEAD.size)
    return [place for _, place in MessageIndex.read(ReadDataStream(file)).records]
