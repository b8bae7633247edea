"""The serial proxy between a device and a driver: each word of the faults does what it says, in its direction."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import serial

from delid.core import LinkError
from delid.sim.proxy import Direction, Fault, SerialProxy


class Line:
    """The device's end, the proxy, and the driver's end."""

    def __init__(self, link: Path) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.proxy = SerialProxy(os.ttyname(self.slave), link=link)

    def open_near(self) -> None:
        self.near = serial.Serial(self.proxy.path, 115200, timeout=0)

    def at_device(self) -> bytes:
        try:
            return os.read(self.master, 4096)
        except BlockingIOError:
            return b""

    async def heard(self, down: bytes = b"", up: bytes = b"", within_s: float = 0.06) -> tuple[bytes, bytes]:
        """Send down to the device and up to the driver; what arrives there."""
        if down:
            self.near.write(down)
        if up:
            os.write(self.master, up)
        at_device, at_driver = b"", b""
        end_s = asyncio.get_running_loop().time() + within_s
        while asyncio.get_running_loop().time() < end_s:
            await asyncio.sleep(0.005)
            at_device += self.at_device()
            at_driver += self.near.read(4096)
        return at_device, at_driver


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    made = Line(tmp_path / "robot")
    async with made.proxy:
        made.open_near()
        yield made
        made.near.close()
    os.close(made.slave)
    os.close(made.master)


@pytest.mark.parametrize(
    ("fault", "options", "down", "up"),
    [
        (Fault.PASS, {}, b"G28\n", b"ok\n"),
        (Fault.BLACKHOLE, {}, b"", b""),
        (Fault.DUPLICATE, {}, b"G28\nG28\n", b"ok\nok\n"),
        (Fault.CORRUPT, {"corrupt_at": 1}, b"G38\n", b"oj\n"),
        (Fault.CHOP, {"chop": 1, "delay_s": 0.001}, b"G28\n", b"ok\n"),
        (Fault.DELAY, {"delay_s": 0.02}, b"G28\n", b"ok\n"),
    ],
)
async def test_each_fault_both_ways(
    line: Line, fault: Fault, options: dict[str, float], down: bytes, up: bytes
) -> None:
    line.proxy.set(fault, **options)  # type: ignore[arg-type]
    assert await line.heard(b"G28\n", b"ok\n") == (down, up)


async def test_a_fault_in_one_direction_leaves_the_other_alone(line: Line) -> None:
    line.proxy.set(Fault.BLACKHOLE, Direction.TO_CLIENT)
    assert await line.heard(b"G28\n", b"ok\n") == (b"G28\n", b"")
    line.proxy.set(Fault.BLACKHOLE, Direction.TO_SERVER)
    assert await line.heard(b"G28\n", b"ok\n") == (b"", b"ok\n")


async def test_a_delay_is_as_long_as_it_says(line: Line) -> None:
    line.proxy.set(Fault.DELAY, delay_s=0.15)
    assert await line.heard(b"G28\n", within_s=0.1) == (b"", b"")
    assert (await line.heard(within_s=0.15))[0] == b"G28\n"


async def test_a_reset_takes_the_port_away_and_another_fault_brings_it_back_under_its_name(line: Line) -> None:
    line.proxy.set(Fault.RESET)
    assert not os.path.lexists(line.proxy.path)  # noqa: ASYNC240 - a test may look at a path
    with pytest.raises((serial.SerialException, OSError)):
        await line.heard(b"?")
    line.near.close()
    line.proxy.set(Fault.PASS)
    line.open_near()
    assert await line.heard(b"G28\n", b"ok\n") == (b"G28\n", b"ok\n")


async def test_a_device_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="cannot open"):
        async with SerialProxy(str(tmp_path / "nothing")):
            pass
