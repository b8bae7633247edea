"""A serial proxy that does to a line what a bad cable does, switched while it runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from pathlib import Path

import serial

from delid.core import Clock, LinkError, SystemClock

from ._faults import Direction, Fault, WireFaults, disturbed

CHUNK = 4096


class SerialProxy:
    """Stands between a driver, which opens ``path``, and the device at ``device``. ``async with`` opens and closes it.

    To the server means to the device. ``reset`` pulls the driver's cable: its port vanishes, and comes back, under
    the same ``link`` if one was given, when another fault is set.
    """

    def __init__(
        self, device: str, *, baud: int = 115200, link: Path | None = None, clock: Clock | None = None
    ) -> None:
        self.faults = WireFaults()
        self.path = ""
        self._device, self._baud, self._link = device, baud, link
        self._clock = clock or SystemClock()
        self._far: serial.Serial | None = None
        self._near: tuple[int, int] | None = None
        self._queues: dict[Direction, asyncio.Queue[tuple[float, bytes]]] = {}
        """Chunks with the time of their arrival."""
        self._pumps: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> SerialProxy:
        try:
            self._far = serial.Serial(self._device, self._baud, timeout=0, exclusive=True)
        except (serial.SerialException, OSError) as error:
            raise LinkError(
                f"the proxy cannot open {self._device}: {error}",
                hint="Check the name, and that nothing else uses it.",
                code="link.port",
                device="proxy",
            ) from error
        asyncio.get_running_loop().add_reader(self._far.fileno(), self._read_far)
        for way in (Direction.TO_SERVER, Direction.TO_CLIENT):
            self._queues[way] = asyncio.Queue()
            self._pumps.append(asyncio.create_task(self._pump(way)))
        self._plug_in()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._unplug()
        self._drop_far()
        for task in self._pumps:
            task.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def set(
        self,
        fault: Fault,
        direction: Direction = Direction.BOTH,
        *,
        delay_s: float = 0.3,
        chop: int = 1,
        corrupt_at: int = 0,
    ) -> None:
        """From now on do this; a reset takes the driver's port away at once, anything else brings it back."""
        self.faults = WireFaults(fault, direction, delay_s, chop, corrupt_at)
        if fault is Fault.RESET:
            self._unplug()
        elif self._near is None:
            self._plug_in()

    # --- both ends -------------------------------------------------------------------------------------------------

    def _plug_in(self) -> None:
        """A new pseudo-terminal for the driver."""
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._near, self.path = (master, slave), os.ttyname(slave)
        if self._link is not None:
            fresh = self._link.with_name(f"{self._link.name}.{os.getpid()}.part")
            fresh.symlink_to(self.path)
            os.replace(fresh, self._link)
            self.path = str(self._link)
        asyncio.get_running_loop().add_reader(master, self._read_near)

    def _unplug(self) -> None:
        near, self._near = self._near, None
        if near is None:
            return
        asyncio.get_running_loop().remove_reader(near[0])
        name = os.ttyname(near[1])
        for end in near:
            os.close(end)
        if self._link is not None and self._link.is_symlink() and os.readlink(self._link) == name:
            self._link.unlink()

    def _drop_far(self) -> None:
        far, self._far = self._far, None
        if far is not None:
            asyncio.get_running_loop().remove_reader(far.fileno())
            far.close()

    def _read_near(self) -> None:
        if self._near is not None:
            with contextlib.suppress(BlockingIOError):
                self._put(Direction.TO_SERVER, os.read(self._near[0], CHUNK))

    def _read_far(self) -> None:
        if self._far is None:
            return
        try:
            data = self._far.read(self._far.in_waiting or 1)
        except (serial.SerialException, OSError):  # the device is gone, and so is the driver's port
            self._drop_far()
            self._unplug()
            return
        if data:
            self._put(Direction.TO_CLIENT, data)

    def _put(self, way: Direction, data: bytes) -> None:
        self._queues[way].put_nowait((self._clock.now_s(), data))

    # --- the way through -------------------------------------------------------------------------------------------

    async def _pump(self, way: Direction) -> None:
        """Carry one direction, in order."""
        while True:
            arrived_s, data = await self._queues[way].get()
            faults = self.faults
            if faults.direction not in (Direction.BOTH, way):
                self._pass_on(way, data)
            elif faults.fault is Fault.DELAY:  # late, but not slow: what came meanwhile is as late, not later
                await self._clock.sleep(max(0.0, arrived_s + faults.delay_s - self._clock.now_s()))
                self._pass_on(way, data)
            else:
                async for piece in disturbed(data, faults, self._clock):
                    self._pass_on(way, piece)

    def _pass_on(self, way: Direction, data: bytes) -> None:
        """Bytes for an end that is gone, or takes no more, are lost as on a real line."""
        fd = self._far.fileno() if way is Direction.TO_SERVER and self._far else None
        if way is Direction.TO_CLIENT and self._near is not None:
            fd = self._near[0]
        if fd is not None:
            with contextlib.suppress(OSError):
                os.write(fd, data)
