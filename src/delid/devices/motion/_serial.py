"""What grbl and Klipper share: lines over a serial port that comes and goes."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from delid.core import Clock, LinkError, Wire

from ._driver import Driver
from ._port import SerialPort
from ._talk import STALE_S, Failed, Talk, V
from ._view import View

TICK_S = 0.05
"""Status is asked for every tick while something happens, every second tick at rest."""
LONGEST_LINE = 1024
"""Characters after which a line without an end is thrown away."""
_BACKOFF_S = (0.1, 0.2, 0.4, 0.8, 1.0)


class LineSplitter:
    """Cuts a byte stream into lines; drops empty ones and those that never end."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are complete now, without their ends."""
        *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            self._rest = b""
        return [line for line in lines if line.strip()]


class SerialTalk(Talk[V], Generic[V]):
    """A talk in lines; ``receive`` is called by the event loop with what the port brings."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        view: V,
        on_change: Callable[[View], None],
        on_wire: Callable[[Wire], None] | None,
    ) -> None:
        super().__init__(name, clock, view, on_change, on_wire)
        self.port: SerialPort | None = None
        self.on_begin: Callable[[], None] = lambda: None
        self.on_traffic: Callable[[Wire], None] | None = None
        """Called with everything that goes over the port, polling included."""
        self._splitter = LineSplitter()

    def begin(self, port: SerialPort) -> None:
        """A port was opened: nothing is known, and nothing from before is owed."""
        self.port, self._splitter = port, LineSplitter()
        self.forget()
        self.on_begin()

    def receive(self, data: bytes) -> None:
        self._tell(False, data)
        for line in self._splitter.feed(data):
            self.take(line)
        self.notify()

    @abstractmethod
    def forget(self) -> None:
        """Forget all but the last pose."""

    @abstractmethod
    def take(self, line: bytes) -> None:
        """One line from the controller."""

    def raw(self, data: bytes, effect_id: str = "", traced: bool = True) -> None:
        """Send now, past every queue; raises Failed when the link is down."""
        if not self.write(data, effect_id):
            raise Failed("link", f"{self.name}: the serial port is not open")
        if traced:
            self.trace(data, effect_id)

    def write(self, data: bytes, effect_id: str = "") -> bool:
        """Send now; False when the link is down. Not traced as an effect's bytes, but told as traffic."""
        sent = self.port is not None and self.port.write(data)
        if sent:
            self._tell(True, data, effect_id)
        return sent

    def _tell(self, out: bool, data: bytes, effect_id: str = "") -> None:
        if self.on_traffic is not None:
            self.on_traffic(Wire(self.clock.now_s(), self.name, out, data, effect_id))


T = TypeVar("T", bound=SerialTalk[Any])


class SerialDriver(Driver[T], Generic[T]):
    """Opens the port, keeps it polled, opens it again when it goes."""

    port: str
    baud: int

    async def run(self) -> None:
        """Until cancelled; leaves nothing moving that nobody watches."""
        failures = 0
        try:
            while True:
                try:
                    port = SerialPort(self.port, self.baud, self.name, self.talk.receive, self._port_lost)
                except LinkError as error:
                    self.tell_link(False, error.message)
                else:
                    failures = 0
                    self.talk.begin(port)
                    await self._serve(port)
                await self.clock.sleep(_BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)])
                failures += 1
        finally:
            self._close()

    def may_poll(self) -> bool:
        """A status query now would be answered."""
        return True

    def each_tick(self) -> None:
        """For a dialect that has more to do."""

    async def _serve(self, port: SerialPort) -> None:
        """Poll until the port is lost."""
        owed_s = last_s = self.clock.now_s()
        ticks = 0
        while True:
            if (self.talk.busy or ticks % 2 == 0) and self.may_poll():
                self.talk.poll()
            await self.clock.sleep(TICK_S)
            if not port.is_open:
                return
            ticks += 1
            now_s = self.clock.now_s()
            if self.talk.silent_by_nature:
                owed_s = now_s
            self._look_at_age(now_s, owed_s)
            self.talk.tick(now_s - last_s)
            last_s = now_s
            self.each_tick()

    def _look_at_age(self, now_s: float, owed_s: float) -> None:
        """``owed_s`` is since when an answer can be expected: the port was opened, or a natural silence ended."""
        talk = self.talk
        age_s = now_s - max(talk.heard_s, owed_s)
        if talk.up and age_s > STALE_S:
            self.link_down(f"no status report for {age_s:.1f} s")
        elif not talk.up and talk.report_s > -math.inf and now_s - talk.report_s < STALE_S:
            talk.up = True
            self.tell_link(True, "")
        elif not talk.up and age_s > STALE_S:
            self.tell_link(False, f"{self.port} is open, but nothing there answers a status query")

    def _port_lost(self, reason: str) -> None:
        self.link_down(f"the serial port was lost: {reason}")

    def _close(self) -> None:
        talk = self.talk
        if talk.port is not None and talk.port.is_open:
            if talk.up and not talk.view.standing:
                self.halt_unwatched("")
            talk.port.close()
        talk.end("link", "the driver was closed")
