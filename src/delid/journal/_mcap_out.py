"""The MCAP file on the writing side: channels, chunks of at most 1 MiB, each on the disk when it closes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from mcap.well_known import MessageEncoding, SchemaEncoding
from mcap.writer import CompressionType, Writer
from mcap_protobuf.schema import build_file_descriptor_set

from delid.core import RecordingError

from ._recording import (
    CHUNK_BYTES,
    FORMAT,
    HASHES_FILE,
    HASHES_TYPE,
    HEADER_NAME,
    PROFILE,
    TEXT_TYPE,
    RecordingHeader,
)

RECORD_OVERHEAD_BYTES = 31
"""MCAP's framing of one message: opcode, length, channel, sequence, two times."""


class McapOut:
    """Writes messages in the order given; ``chunks`` counts those that are closed.

    Not safe for several threads; raises OSError.
    """

    def __init__(self, stream: IO[bytes], library: str, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._stream = stream
        self._chunk_bytes = chunk_bytes
        self._pending_bytes = 0
        self.chunks = 0
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}
        self._writer: Any = Writer(stream, chunk_size=2**62, compression=CompressionType.ZSTD)
        self._writer.start(profile=PROFILE, library=library)

    @property
    def size(self) -> int:
        """Bytes in the file so far, without the open chunk."""
        return self._stream.tell()

    def metadata(self, name: str, data: Mapping[str, str]) -> None:
        self._writer.add_metadata(name, dict(data))

    def attachment(self, name: str, media_type: str, data: bytes, log_ns: int) -> None:
        self._writer.add_attachment(log_ns, log_ns, name, media_type, data)

    def reserve(self, size: int) -> None:
        """Close the open chunk if ``size`` more bytes would make it too large."""
        if self._pending_bytes and self._pending_bytes + size > self._chunk_bytes:
            self.flush()

    def message(self, topic: str, message: Any, log_ns: int, publish_ns: int, sequence: int) -> None:
        """Add one protobuf message."""
        schema = (type(message).DESCRIPTOR.full_name, SchemaEncoding.Protobuf)
        if topic not in self._channels:
            described = build_file_descriptor_set(type(message)).SerializeToString()
            self.raw(topic, (*schema, described), message.SerializeToString(), log_ns, publish_ns, sequence)
        else:
            self.raw(topic, (*schema, b""), message.SerializeToString(), log_ns, publish_ns, sequence)

    def raw(
        self, topic: str, schema: tuple[str, str, bytes], data: bytes, log_ns: int, publish_ns: int, sequence: int
    ) -> None:
        """Add a message that is serialised already; ``schema`` is name, encoding and description."""
        if topic not in self._channels:
            name, encoding, described = schema
            if name not in self._schemas:
                self._schemas[name] = self._writer.register_schema(name, encoding, described)
                self._pending_bytes += len(described)
            self._channels[topic] = self._writer.register_channel(topic, MessageEncoding.Protobuf, self._schemas[name])
        size = len(data) + RECORD_OVERHEAD_BYTES
        self.reserve(size)
        self._writer.add_message(self._channels[topic], log_ns, data, publish_ns, sequence)
        self._pending_bytes += size

    def flush(self) -> None:
        """Close the open chunk and put it on the disk."""
        self._writer.flush()
        self._sync()
        self._pending_bytes = 0
        self.chunks += 1

    def flush_pending(self) -> None:
        """Close the open chunk if anything waits in it."""
        if self._pending_bytes:
            self.flush()

    def abandon(self) -> None:
        """Close the file as it is."""
        self._stream.close()

    def finish(self) -> None:
        """Write the index and close the file."""
        try:
            self._writer.finish()
            self._stream.flush()
            self._sync()
        finally:
            self._stream.close()

    def _sync(self) -> None:
        os.fsync(self._stream.fileno())


def create(path: Path) -> IO[bytes]:
    """A new file at ``path``; raises RecordingError where one is or none can be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")
    except FileExistsError as error:
        raise RecordingError(
            f"there is a file at {path} already.", hint="Choose another name.", code="recording.exists"
        ) from error
    except OSError as error:
        raise RecordingError(
            f"no recording can be made at {path}: {error}.",
            hint="Check that the folder can be written and has space.",
            code="recording.create",
        ) from error


def write_header(out: McapOut, header: RecordingHeader, log_ns: int) -> None:
    """Metadata, configuration texts and digests, on the disk before the first message."""
    out.metadata(
        HEADER_NAME,
        {
            "format": FORMAT,
            "run_id": header.run_id,
            "delid": header.delid,
            "cell_file": header.cell_file,
            "cell_sha256": header.cell_sha256,
            "models": json.dumps(dict(header.models), sort_keys=True),
            "recipes": json.dumps(dict(header.recipes), sort_keys=True),
            "extra": json.dumps(dict(header.extra), sort_keys=True),
            "part": str(header.part),
        },
    )
    for name, text in header.texts.items():
        out.attachment(name, TEXT_TYPE, text.encode(), log_ns)
    hashes = {
        "cell": header.cell_sha256,
        "models": dict(header.models),
        "recipes": dict(header.recipes),
        "files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in header.texts.items()},
        "versions": {"delid": header.delid, **header.extra},
    }
    out.attachment(HASHES_FILE, HASHES_TYPE, json.dumps(hashes, sort_keys=True, indent=1).encode(), log_ns)
    out.flush()
