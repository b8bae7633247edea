"""A driver with everything it says, and a second controller written from grbl's interface documentation alone."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from delid.config import MotionLimits
from delid.core import LinkChanged, MotionReported, MotionVerb, SystemClock, Wire
from delid.devices.motion import GrblDriver

LIMITS = MotionLimits(x_mm=(0, 2400), y_mm=(0, 1900), z_mm=(-600, 0), feed_mm_s=600)
REALTIME = b"!~?\x18"


class Rig:
    """A driver that runs, and lists of all it told. ``make`` is a driver's class, or a partial of it."""

    def __init__(self, port: Path | str, tolerance_mm: float = 0.2, make: Callable[..., Any] = GrblDriver) -> None:
        self.links: list[LinkChanged] = []
        self.reports: list[MotionReported] = []
        self.wires: list[Wire] = []
        self.task: asyncio.Task[None] | None = None
        self.driver: Any = make(
            str(port),
            115200,
            LIMITS,
            SystemClock(),
            tolerance_mm=tolerance_mm,
            on_link=self.links.append,
            on_report=self.reports.append,
            on_wire=self.wires.append,
        )

    async def close(self) -> None:
        """End the driver; may be called twice."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    def sent(self, effect_id: str) -> bytes:
        """What went out for one effect."""
        return b"".join(wire.data for wire in self.wires if wire.id == effect_id)

    async def until(self, reached: Callable[[], bool], within_s: float = 5.0) -> None:
        async with asyncio.timeout(within_s):
            while not reached():  # noqa: ASYNC110 - a test waits for what a device says
                await asyncio.sleep(0.005)

    async def link(self, up: bool = True) -> None:
        await self.until(lambda: bool(self.links) and self.links[-1].up is up)

    async def homed(self) -> None:
        await self.link()
        done = await self.driver.do("home", MotionVerb.HOME, 10.0)
        assert done.ok, done


@asynccontextmanager
async def running(
    port: Path | str, tolerance_mm: float = 0.2, make: Callable[..., Any] = GrblDriver
) -> AsyncIterator[Rig]:
    """A rig whose driver is cancelled at the end."""
    rig = Rig(port, tolerance_mm, make)
    rig.task = asyncio.create_task(rig.driver.run())
    try:
        yield rig
    finally:
        await rig.close()


class RawPeer:
    """The bare other end of a pseudo-terminal: realtime characters and lines, one by one, to ``answer``."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self.slave)
        self.seen: list[bytes] = []
        self._rest = b""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self.master, self._read)
        self._open = True

    def answer(self, token: bytes) -> str:
        """The lines to send for a realtime character or a line, each ended by a newline."""
        raise NotImplementedError

    def send(self, text: str) -> None:
        os.write(self.master, text.replace("\n", "\r\n").encode())

    def pull_the_cable(self) -> None:
        if self._open:
            self._open = False
            self._loop.remove_reader(self.master)
            os.close(self.slave)
            os.close(self.master)

    def _read(self) -> None:
        for byte in os.read(self.master, 4096):
            char = bytes([byte])
            if char in (b"!", b"~", b"?", b"\x18"):
                self._take(char)
            elif char == b"\n":
                line, self._rest = self._rest, b""
                self._take(line)
            else:
                self._rest += char

    def _take(self, token: bytes) -> None:
        if token != b"?":
            self.seen.append(token)
        if self._open and (text := self.answer(token)):
            self.send(text)


class DocumentedGrbl(RawPeer):
    """grbl 1.1 as its interface documentation describes it, with motion that ends after a few status reports."""

    BANNER = "\nGrbl 1.1d ['$' for help]\n"

    def __init__(self) -> None:
        super().__init__()
        self.state, self.pose, self.target = "Alarm", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
        self.polls_to_go = 0
        self.waiting_barrier = False
        self.polls_per_move = 3

    def answer(self, token: bytes) -> str:
        named = {
            b"?": self._status, b"!": self._hold, b"~": self._resume, b"\x18": self._reset, b"G4P0": self._barrier,
        }  # fmt: skip
        if token in named:
            return named[token]()
        if token == b"$I":
            return "[VER:1.1d.20161014:Some string]\n[OPT:VL]\nok\n"
        if token == b"$$":
            return "$10=255\n$13=0\n$22=1\nok\n"
        if token == b"$X":
            self.state = "Idle"
            return "[MSG:Caution: Unlocked]\nok\n"
        if token == b"$H":
            self.state, self.pose = "Idle", (0.0, 0.0, 0.0)
            return "ok\n"
        if token == b"":
            return "ok\n"
        return self._move(token)

    def _move(self, token: bytes) -> str:
        if self.state == "Alarm":
            return "error:9\n"
        words = token.decode().split("G53G1X")[1]
        x, rest = words.split("Y")
        y, rest = rest.split("Z")
        self.target = (float(x), float(y), float(rest.split("F")[0]))
        self.state, self.polls_to_go = "Run", self.polls_per_move
        return "ok\n"

    def _status(self) -> str:
        before = self.state
        at = ",".join(f"{v:.3f}" for v in self.pose)
        after = ""
        if self.state == "Hold:1":
            self.state = "Hold:0"
        elif self.state == "Run":
            self.polls_to_go -= 1
            if self.polls_to_go <= 0:
                self.state, self.pose = "Idle", self.target
                after = "ok\n" if self.waiting_barrier else ""
                self.waiting_barrier = False
        return f"<{before}|MPos:{at}|FS:0,0>\n{after}"

    def _barrier(self) -> str:
        self.waiting_barrier = self.state != "Idle"
        return "" if self.waiting_barrier else "ok\n"

    def _hold(self) -> str:
        if self.state in ("Run", "Idle"):
            self.state = "Hold:1" if self.state == "Run" else "Hold:0"
        return ""

    def _resume(self) -> str:
        if self.state == "Hold:0":
            self.state = "Run" if self.polls_to_go > 0 else "Idle"
        return ""

    def _reset(self) -> str:
        moving, self.waiting_barrier, self.polls_to_go = self.state in ("Run", "Hold:1"), False, 0
        if moving or self.state == "Alarm":
            self.state = "Alarm"
            return ("ALARM:3\n" if moving else "") + self.BANNER + "[MSG:'$H'|'$X' to unlock]\n"
        self.state = "Idle"
        return self.BANNER
