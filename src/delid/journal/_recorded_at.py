"""When a recording was made, without reading it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from mcap.opcode import Opcode
from mcap.writer import MCAP0_MAGIC

from delid.core import RecordingError

HEAD = struct.Struct("<BQ")
FIRST_TIME = struct.Struct("<Q")
"""A chunk begins with the log time of its first message, in nanoseconds since 1970."""


def recorded_at_s(path: Path | str) -> float | None:
    """Wall time of the first fact in seconds since 1970; None where the file has none or is none of ours."""
    try:
        with Path(path).open("rb") as file:
            return _first_time_s(file) if file.read(len(MCAP0_MAGIC)) == MCAP0_MAGIC else None
    except OSError as error:
        raise RecordingError(f"the recording {path} cannot be read: {error}.", code="recording.read") from error


def _first_time_s(file: BinaryIO) -> float | None:
    while len(head := file.read(HEAD.size)) == HEAD.size:
        opcode, length = HEAD.unpack(head)
        if opcode == Opcode.CHUNK:
            first = file.read(FIRST_TIME.size)
            return FIRST_TIME.unpack(first)[0] / 1e9 if len(first) == FIRST_TIME.size else None
        if opcode == Opcode.DATA_END:
            return None
        file.seek(length, 1)
    return None
