"""How a controller makes lines of bytes. Pure."""

from __future__ import annotations

from collections import deque

RX_BYTES = 1023


class LineInput:
    """Lines end with a carriage return, a line feed, or both; bytes from 0x80 on belong to no line."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque()
        self._rx, self._after_return = bytearray(), False

    @property
    def free_bytes(self) -> int:
        return RX_BYTES - len(self._rx)

    def take(self, byte: int) -> None:
        if byte == 0x0D or (byte == 0x0A and not self._after_return):
            self.lines.append(self._rx.decode("ascii", "replace").strip())
            self._rx.clear()
        elif byte < 0x80 and byte != 0x0A:
            self._rx.append(byte)
        self._after_return = byte == 0x0D
