"""The MCAP file on the reading side: every whole record, however the file ends."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Attachment, Channel, Chunk, Message, Metadata, Schema
from mcap.stream_reader import get_chunk_data_stream
from mcap.writer import MCAP0_MAGIC

from delid.core import RecordingError

HEAD = struct.Struct("<BQ")
CHUNK_HEAD = struct.Struct("<QQQII")
DAMAGE = (zstandard.ZstdError, McapError, struct.error, ValueError)
"""What reading a record of wrong bytes may raise; a wrong checksum and wrong UTF-8 are ValueErrors."""


@dataclass(slots=True)
class Scan:
    """What a file holds. ``complete`` is false where it was cut or where records are damaged."""

    metadata: list[Metadata] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    footer: bool = False
    damaged: int = 0

    @property
    def complete(self) -> bool:
        return self.footer and self.damaged == 0


def scan(path: Path) -> Scan:
    """Read everything that is whole; raises RecordingError ``recording.foreign`` where it is no MCAP file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"the recording {path} cannot be read: {error}.", code="recording.read") from error
    if not content.startswith(MCAP0_MAGIC):
        raise RecordingError(f"{path} is no MCAP file.", code="recording.foreign")
    found = Scan()
    whole_until = len(MCAP0_MAGIC)
    for opcode, body, end in _records(content, whole_until):
        whole_until = end
        if opcode == Opcode.DATA_END:
            found.footer = _ends_well(content)
            return found
        try:
            if opcode == Opcode.CHUNK:
                _take_chunk(found, body)
            else:
                _take(found, opcode, body)
        except DAMAGE:
            found.damaged += 1
    _take_cut_chunk(found, content[whole_until:])
    return found


def _ends_well(content: bytes) -> bool:
    return content.endswith(MCAP0_MAGIC) and len(content) > 2 * len(MCAP0_MAGIC)


def _records(content: bytes, offset: int) -> Iterator[tuple[int, bytes, int]]:
    """Opcode, body and end of each whole record from ``offset`` on."""
    while offset + HEAD.size <= len(content):
        opcode, length = HEAD.unpack_from(content, offset)
        end = offset + HEAD.size + length
        if end > len(content):
            return
        yield opcode, content[offset + HEAD.size : end], end
        offset = end


def _take(found: Scan, opcode: int, body: bytes) -> None:
    stream = ReadDataStream(BytesIO(body))
    if opcode == Opcode.SCHEMA:
        schema = Schema.read(stream)
        found.schemas[schema.id] = schema
    elif opcode == Opcode.CHANNEL:
        channel = Channel.read(stream)
        found.channels[channel.id] = channel
    elif opcode == Opcode.MESSAGE:
        message = Message.read(stream, len(body))
        if message.channel_id in found.channels:
            found.messages.append(message)
    elif opcode == Opcode.METADATA:
        found.metadata.append(Metadata.read(stream))
    elif opcode == Opcode.ATTACHMENT:
        found.attachments.append(Attachment.read(stream))


def _take_chunk(found: Scan, body: bytes) -> None:
    chunk = Chunk.read(ReadDataStream(BytesIO(body)))
    stream, size = get_chunk_data_stream(chunk, validate_crc=True)
    for opcode, record, _ in _records(stream.read(size), 0):
        _take(found, opcode, record)


def _take_cut_chunk(found: Scan, rest: bytes) -> None:
    """The whole messages at the beginning of a chunk whose end is missing."""
    start = HEAD.size + CHUNK_HEAD.size
    if len(rest) < start or rest[0] != Opcode.CHUNK:
        return
    name_length = CHUNK_HEAD.unpack_from(rest, HEAD.size)[4]
    name = rest[start : start + name_length]
    data = rest[start + name_length + 8 :]
    try:
        inside = zstandard.ZstdDecompressor().decompressobj().decompress(data) if name == b"zstd" else b""
    except zstandard.ZstdError:
        return
    for opcode, record, _ in _records(inside, 0):
        _take(found, opcode, record)
