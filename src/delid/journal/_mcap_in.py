"""The MCAP file on the reading side: every whole record, however the file ends, one chunk in memory at a time."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

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
MESSAGE_HEAD = struct.Struct("<HIQQ")
DAMAGE = (zstandard.ZstdError, McapError, struct.error, ValueError, EOFError, RuntimeError)
"""What reading a record of wrong bytes may raise; a wrong checksum and wrong UTF-8 are ValueErrors."""
PART = re.compile(r"^(?P<stem>.+)\.(?P<number>[2-9]|[1-9]\d+)$")


def parts_of(path: Path) -> list[Path]:
    """The files of a recording, in order: ``run.mcap``, ``run.2.mcap`` ...; of a later part that one alone."""
    found, number = [path], 2
    while (following := part_path(path, number)).is_file() and not PART.match(path.stem):
        found.append(following)
        number += 1
    return found


def part_path(first: Path, number: int) -> Path:
    """The name of a part; the first one has the recording's own."""
    return first if number == 1 else first.with_name(f"{first.stem}.{number}{first.suffix}")


class McapIn:
    """One file, read forward.

    What stands before the first chunk (metadata, attachments) is there at once; ``messages`` reads the rest, and then
    all metadata are there and ``complete`` says whether the file is whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.metadata: list[Metadata] = []
        self.attachments: list[Attachment] = []
        self.schemas: dict[int, Schema] = {}
        self.channels: dict[int, Channel] = {}
        self.damaged = 0
        self.footer = False
        self._body_at = len(MCAP0_MAGIC)
        with _opened(path) as file:
            if file.read(len(MCAP0_MAGIC)) != MCAP0_MAGIC:
                raise RecordingError(f"{path} is no MCAP file.", code="recording.foreign")
            for opcode, body, end in _records(file):
                if opcode in (Opcode.CHUNK, Opcode.MESSAGE, Opcode.DATA_END):
                    break
                self._body_at = end
                list(self._guarded(opcode, body))

    @property
    def complete(self) -> bool:
        """True once all was read, nothing is damaged and the end is there."""
        return self.footer and self.damaged == 0

    def messages(self) -> Iterator[tuple[Channel, Message]]:
        """Every whole message in the order of the file, once; of a chunk that was cut those before the cut."""
        with _opened(self.path) as file:
            file.seek(self._body_at)
            whole_until = self._body_at
            for opcode, body, end in _records(file):
                whole_until = end
                if opcode == Opcode.DATA_END:
                    self.footer = _ends_well(file)
                    return
                yield from self._guarded(opcode, body)
            file.seek(whole_until)
            yield from self._cut_chunk(file.read())

    def _guarded(self, opcode: int, body: bytes) -> Iterator[tuple[Channel, Message]]:
        """The messages of a record; what is damaged is counted and left out whole."""
        try:
            inside = _of_chunk(body) if opcode == Opcode.CHUNK else [(opcode, body)]
            found = [message for code, record in inside if (message := self._take(code, record)) is not None]
        except DAMAGE:
            self.damaged += 1
            return
        yield from found

    def _take(self, opcode: int, body: bytes) -> tuple[Channel, Message] | None:
        if opcode == Opcode.MESSAGE:
            channel_id, sequence, log_time, publish_time = MESSAGE_HEAD.unpack_from(body)
            channel = self.channels.get(channel_id)
            if channel is None:
                return None
            return channel, Message(channel_id, log_time, body[MESSAGE_HEAD.size :], publish_time, sequence)
        stream = ReadDataStream(BytesIO(body))
        if opcode == Opcode.SCHEMA:
            schema = Schema.read(stream)
            self.schemas[schema.id] = schema
        elif opcode == Opcode.CHANNEL:
            channel = Channel.read(stream)
            self.channels[channel.id] = channel
        elif opcode == Opcode.METADATA:
            self.metadata.append(Metadata.read(stream))
        elif opcode == Opcode.ATTACHMENT:
            self.attachments.append(Attachment.read(stream))
        return None

    def _cut_chunk(self, rest: bytes) -> Iterator[tuple[Channel, Message]]:
        """The whole messages at the beginning of a chunk whose end is missing."""
        start = HEAD.size + CHUNK_HEAD.size
        if len(rest) < start or rest[0] != Opcode.CHUNK:
            return
        name_length = CHUNK_HEAD.unpack_from(rest, HEAD.size)[4]
        name = rest[start : start + name_length]
        data = rest[start + name_length + 8 :]
        try:
            if name == b"zstd":
                data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
            elif name:
                return
            for opcode, record, _ in _records(BytesIO(data)):
                message = self._take(opcode, record)
                if message is not None:
                    yield message
        except DAMAGE:
            return


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise RecordingError(f"the recording {path} cannot be read: {error}.", code="recording.read") from error


def _ends_well(file: IO[bytes]) -> bool:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - len(MCAP0_MAGIC)))
    return file.read() == MCAP0_MAGIC and size > 2 * len(MCAP0_MAGIC)


def _records(file: IO[bytes]) -> Iterator[tuple[int, bytes, int]]:
    """Opcode, body and end of each whole record from here on."""
    at = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(at)
    while at + HEAD.size <= size:
        opcode, length = HEAD.unpack(file.read(HEAD.size))
        if length > size - at - HEAD.size:
            return
        body = file.read(length)
        at += HEAD.size + length
        yield opcode, body, at


def _of_chunk(body: bytes) -> Iterator[tuple[int, bytes]]:
    chunk = Chunk.read(ReadDataStream(BytesIO(body)))
    stream, size = get_chunk_data_stream(chunk, validate_crc=True)
    for opcode, record, _ in _records(BytesIO(stream.read(size))):
        yield opcode, record
