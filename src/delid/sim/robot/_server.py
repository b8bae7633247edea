"""The simulated controller on a pseudo-terminal, tied to the simulated world."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from delid.config import MotionLimits, load_yaml_model
from delid.core import Clock, SystemClock

from .._world import RobotFacts, World
from ._klipper import KlipperLogic
from ._logic import GrblLogic
from ._scenario import EndlessHold, Garbage, MissingOk, RaisedAlarm, Reboot, RobotScenario, TimedFault, Vanish
from ._travel import Machine, Vector

MOVING_TICK_S = 0.02
RESTING_TICK_S = 0.1
NOISE = b"\xff\x00<Id|MP\x80:..\xfe,,>k\r\n\x07error:\r\n"


class _Pty:
    """A pseudo-terminal whose other end a driver opens by name; ``link`` is a fixed name for it."""

    def __init__(self, link: Path | None, on_bytes: Callable[[bytes], None]) -> None:
        self._link, self._on_bytes = link, on_bytes
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        if link is not None:
            fresh = link.with_name(f"{link.name}.{os.getpid()}.part")
            fresh.symlink_to(self.path)
            os.replace(fresh, link)
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except BlockingIOError:
            return
        self._on_bytes(data)

    def write(self, data: bytes) -> None:
        """Send; bytes that nobody fetches are dropped once the buffer is full, as on a real line."""
        try:
            os.write(self._master, data)
        except BlockingIOError:
            return

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._slave)
        os.close(self._master)
        if self._link is not None and self._link.is_symlink() and os.readlink(self._link) == self.path:
            self._link.unlink()


class RobotLogic(Protocol):
    """A controller on a serial line: bytes and time in, bytes out."""

    holds_finish: bool
    unanswered_moves: set[int]
    move_starts_s: list[float]

    @property
    def moving(self) -> bool: ...

    def flange_mm(self) -> Vector: ...

    def feed(self, data: bytes) -> None: ...

    def advance(self, now_s: float) -> bytes: ...

    def next_event_s(self) -> float | None: ...

    def set_permitted(self, permitted: bool) -> None: ...

    def raise_alarm(self, number: int) -> None: ...

    def reboot(self) -> None: ...


class RobotServer:
    """Runs ``logic`` against a clock. Without a world folder motion is always permitted."""

    def __init__(
        self,
        logic: RobotLogic,
        clock: Clock,
        *,
        world: World | None = None,
        link_path: Path | None = None,
        speed: float = 1.0,
        scenario: RobotScenario | None = None,
        on_ready: Callable[[str], None] | None = None,
    ) -> None:
        self.logic = logic
        self._clock, self._world, self._link_path, self._speed = clock, world, link_path, speed
        self._on_ready = on_ready
        self._began_s = clock.now_s()
        self._pty: _Pty | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._told: tuple[RobotFacts, float] | None = None
        faults = scenario.faults if scenario else []
        self._timed: list[TimedFault] = [f for f in faults if not isinstance(f, MissingOk | EndlessHold)]
        logic.unanswered_moves = {f.at_move for f in faults if isinstance(f, MissingOk)}
        logic.holds_finish = not any(isinstance(f, EndlessHold) for f in faults)

    def open(self) -> str:
        """Create the pseudo-terminal and begin; its path."""
        self._pty = _Pty(self._link_path, self._received)
        self._turn()
        path = str(self._link_path or self._pty.path)
        if self._on_ready:
            self._on_ready(path)
        return path

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None
        self._unplug()

    def _unplug(self) -> None:
        if self._pty:
            self._pty.close()
            self._pty = None

    def _machine_s(self) -> float:
        return (self._clock.now_s() - self._began_s) * self._speed

    def _received(self, data: bytes) -> None:
        self._turn(data)

    def _turn(self, data: bytes = b"") -> None:
        """Bring the machine up to now, tell the world, then the wire; and come again when something is due."""
        self._take_permission()
        now_s = self._machine_s()
        sent = self.logic.advance(now_s)
        if data:
            self.logic.feed(data)
            sent += self.logic.advance(now_s)
        sent += self._apply_faults(now_s)
        self._tell_world()
        if self._pty and sent:
            self._pty.write(sent)
        self._schedule(now_s)

    def _schedule(self, now_s: float) -> None:
        if self._timer:
            self._timer.cancel()
        wait_s = MOVING_TICK_S if self.logic.moving else RESTING_TICK_S
        starts = self.logic.move_starts_s
        events = [self.logic.next_event_s(), *(fault.due_s(starts) for fault in self._timed)]
        for event_s in events:
            if event_s is not None:
                wait_s = min(wait_s, max(0.0, (event_s - now_s) / self._speed))
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._turn)

    def _take_permission(self) -> None:
        """Until the PLC has written, nothing is permitted in a world that has a PLC."""
        if self._world is not None:
            facts = self._world.read_plc()
            self.logic.set_permitted(facts.motion_permitted if facts else False)

    def _tell_world(self) -> None:
        if self._world is None:
            return
        facts, now_s = RobotFacts(self.logic.flange_mm(), self.logic.moving), self._clock.now_s()
        if self._told and facts == self._told[0]:
            return
        if self._told and facts.moving and self._told[0].moving and now_s - self._told[1] < MOVING_TICK_S:
            return
        self._world.write_robot(facts)
        self._told = (facts, now_s)

    def _apply_faults(self, now_s: float) -> bytes:
        starts = self.logic.move_starts_s
        due = [fault for fault in self._timed if (at := fault.due_s(starts)) is not None and at <= now_s]
        sent = b""
        for fault in due:
            self._timed.remove(fault)
            match fault:
                case RaisedAlarm():
                    self.logic.raise_alarm(fault.code)
                case Reboot():
                    self.logic.reboot()
                case Garbage():
                    sent += NOISE
                case Vanish():
                    self._unplug()
                    if fault.back_after_s is not None:
                        asyncio.get_running_loop().call_later(fault.back_after_s, self._plug_in)
        return sent + self.logic.advance(now_s)

    def _plug_in(self) -> None:
        if self._timer is not None and self._pty is None:
            self.open()


async def run_robot(
    *,
    link_path: Path | None = None,
    world_dir: Path | None = None,
    speed: float = 1.0,
    scenario: RobotScenario | Path | None = None,
    limits: MotionLimits | None = None,
    dialect: Literal["grblhal", "grbl", "klipper"] = "grblhal",
    clock: Clock | None = None,
    on_ready: Callable[[str], None] = lambda path: None,
) -> None:
    """Simulate the robot until cancelled. ``on_ready`` gets the path of the serial port, again after each return.

    ``link_path`` is a fixed name for the port; ``speed`` is how many times faster than real the mechanics run;
    ``limits`` give the travel of the gantry. Raises ConfigError for a wrong scenario file.
    """
    if isinstance(scenario, Path):
        scenario = load_yaml_model(scenario, RobotScenario)
    machine = Machine.within(limits.x_mm, limits.y_mm, limits.z_mm) if limits else None
    logic = KlipperLogic(machine) if dialect == "klipper" else GrblLogic(machine, classic=dialect == "grbl")
    server = RobotServer(
        logic,
        clock or SystemClock(),
        world=World(world_dir) if world_dir else None,
        link_path=link_path,
        speed=speed,
        scenario=scenario,
        on_ready=on_ready,
    )
    server.open()
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        server.close()
