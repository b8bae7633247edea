"""``sensor_msgs/msg/CompressedImage`` in CDR, as ROS 2 writes it (OMG DDSI-RTPS 9.4.2, XCDR1). Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RosImage:
    """``format`` is what the publisher called it: ``jpeg``, ``bgr8; jpeg compressed bgr8`` ..."""

    stamp_ns: int
    frame_id: str
    format: str
    data: bytes


class _Reader:
    """Reads values one after the other, each aligned to its size from the end of the encapsulation header."""

    def __init__(self, body: bytes) -> None:
        if len(body) < 4 or body[0] != 0 or body[1] not in (0, 1):
            raise ValueError("this is no plain CDR")
        self._body, self._at, self._order = body, 4, "<" if body[1] else ">"

    def number(self, code: str) -> int:
        self._at += -(self._at - 4) % 4
        (value,) = struct.unpack_from(self._order + code, self._body, self._at)
        self._at += 4
        return int(value)

    def take(self, count: int) -> bytes:
        if count > len(self._body) - self._at:
            raise ValueError("the message is shorter than it says")
        found = self._body[self._at : self._at + count]
        self._at += count
        return found

    def text(self) -> str:
        return self.take(self.number("I")).rstrip(b"\0").decode()


def compressed_image(body: bytes) -> RosImage:
    """The message; raises ValueError or struct.error where it does not fit."""
    reader = _Reader(body)
    seconds, nanoseconds = reader.number("i"), reader.number("I")
    frame_id, kind = reader.text(), reader.text()
    return RosImage(seconds * 1_000_000_000 + nanoseconds, frame_id, kind, reader.take(reader.number("I")))
