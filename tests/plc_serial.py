"""RawPlc behind a pseudo-terminal: Modbus RTU by hand (Modbus over Serial Line V1.02, 2.5.1), with late answers."""

from __future__ import annotations

import asyncio
import os
import tty

from delid.devices.plc import RtuEndpoint
from plc_raw import RawPlc


def crc16(data: bytes) -> bytes:
    """CRC-16 of Modbus, polynomial A001 hex, low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


class SerialPlc:
    """One device, unit 1. ``late_s`` holds answers back; ``answered_late`` counts those."""

    def __init__(self) -> None:
        self.plc = RawPlc()
        self.late_s = 0.0
        self.answered_late = 0
        self._buffer = b""
        self._closed = False

    def __enter__(self) -> SerialPlc:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.endpoint = RtuEndpoint(os.ttyname(self._slave), baud=115200, parity="none")
        asyncio.get_running_loop().add_reader(self._master, self._read)
        return self

    def __exit__(self, *exc: object) -> None:
        self._closed = True
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)

    def _read(self) -> None:
        self._buffer += os.read(self._master, 4096)
        while (size := self._size()) and len(self._buffer) >= size:
            frame, self._buffer = self._buffer[:size], self._buffer[size:]
            assert frame[0] == 1
            assert crc16(frame[:-2]) == frame[-2:]
            self._answer(frame[1:-2])

    def _size(self) -> int:
        """Length of the request that is coming in: 8 bytes for a read, counted for a write, 0 while unknown."""
        if len(self._buffer) < 7:
            return 0
        return 8 if self._buffer[1] == 3 else 9 + self._buffer[6]

    def _answer(self, request: bytes) -> None:
        self.plc.requests.append(request)
        answer = b"\x01" + self.plc._answer(request)
        if self.late_s:
            asyncio.get_running_loop().call_later(self.late_s, self._send, answer, True)
        else:
            self._send(answer, False)

    def _send(self, answer: bytes, late: bool) -> None:
        if self._closed:
            return
        self.answered_late += late
        os.write(self._master, answer + crc16(answer))
