"""The serial port, non-blocking, read in one place by the event loop. No thread and no blocking call."""

from __future__ import annotations

import asyncio
import os
import termios
from collections.abc import Callable

import serial

from delid.core import LinkError


class SerialPort:
    """An open port. ``on_bytes`` gets what arrives; ``on_lost`` is called once when the port is gone.

    Raises LinkError when it cannot be opened.
    """

    def __init__(
        self, path: str, baud: int, device: str, on_bytes: Callable[[bytes], None], on_lost: Callable[[str], None]
    ) -> None:
        self._on_bytes, self._on_lost = on_bytes, on_lost
        try:
            self._serial = serial.Serial(path, baud, timeout=0, exclusive=True)
        except (serial.SerialException, OSError, ValueError, termios.error) as error:
            raise LinkError(
                f"the serial port {path} cannot be opened: {error}",
                hint="Check cable, power and the port's name in the cell file, and that nothing else uses it.",
                code="link.port",
                device=device,
            ) from error
        self._fd: int | None = self._serial.fileno()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._read)

    @property
    def is_open(self) -> bool:
        return self._fd is not None

    def write(self, data: bytes) -> bool:
        """Hand ``data`` to the operating system now; False when the port is gone or takes no more.

        Not ``Serial.write``: with a full buffer that one waits, and a stop must not.
        """
        if self._fd is None:
            return False
        try:
            written = os.write(self._fd, data)
        except OSError as error:
            self._lose(f"write failed: {error}")
            return False
        if written != len(data):
            self._lose(f"the port took {written} of {len(data)} bytes")
            return False
        return True

    def close(self) -> None:
        """Close; may be called twice."""
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            self._fd = None
            self._serial.close()

    def _read(self) -> None:
        try:
            data = self._serial.read(self._serial.in_waiting or 1)
        except (serial.SerialException, OSError) as error:
            self._lose(str(error))
            return
        if data:
            self._on_bytes(data)

    def _lose(self, reason: str) -> None:
        self.close()
        self._on_lost(reason)
