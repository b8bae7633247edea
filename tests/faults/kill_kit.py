"""A whole cell in virtual time in which the cell process can be killed at any point of its journal and its wires.

Real: assembly, executor, reducer, planner, journal, both drivers, and the programs of the simulated PLC and robot.
Stand-ins: the socket and the serial port between driver and simulator, the picture (vision is told what is there), and
time, which jumps to the next timer. What lives in the devices and in the journal's file survives a kill; nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from kill_loop import VirtualLoop
from kill_site import PACK, CountingPlc
from pymodbus.pdu.register_message import WriteMultipleRegistersResponse

import delid.cli._assembly as assembly
import delid.devices.motion._serial as serial_module
import delid.devices.plc._driver as plc_module
from delid.config import Cell
from delid.core import (
    Fastener,
    FastenerKind,
    Finished,
    Frame,
    FrameFacts,
    HazardClass,
    Inspection,
    JournalError,
    LinkError,
    MotionVerb,
    PackCandidate,
    PackStatus,
    PackVerdict,
    Quality,
)
from delid.engine import Executor, RunLog
from delid.sim.plc import load_site
from delid.sim.robot import GrblLogic, Machine

SPEED = 10.0
"""Simulated seconds of pack and gantry in one second; the PLC's watchdog and everything of delid run at 1."""
SCAN_S = 0.02
UNDER_WAY_S = 0.08
"""How long after a command or move was sent the kill comes that meets it under way."""
EXCHANGE_S = 0.002
DISK_S = 0.001
QUERIES = (b"?", b"$I\n", b"$$\n")


@dataclass(frozen=True)
class Sent:
    """Something that makes a device act, as it arrived there. ``process`` counts the processes from 1."""

    at_s: float
    process: int
    device: str
    data: bytes


@dataclass(frozen=True)
class Taken:
    """A command that the PLC took: the effect that asked for it, and the fastener under the socket."""

    process: int
    effect: str
    name: str
    under_socket: str | None


@dataclass
class Shop:
    """The devices and their memory. ``at_place`` is told the number of each place; True kills the process there."""

    cell: Cell
    scenario: Path
    at_place: Callable[[int], bool] = lambda place: False
    now_s: float = 0.0
    process: int = 0
    alive: bool = False
    positions: list[str] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    performed: list[str] = field(default_factory=list)
    """Effects of the first process that its drivers were given."""
    plc_cut: bool = False
    serial_cut: bool = False
    connections: int = 0
    """Of the process to PLC and robot, open at the moment."""
    port: Port | None = None
    loop: VirtualLoop | None = None
    effect: str = ""
    moved_s: float = 0.0
    """When something last moved."""
    restarted_s: float = 0.0
    steps: int = 0
    """How many steps the plan of the first run had."""
    last_step: str | None = None
    """The step that the journal of the killed run names last."""

    def __post_init__(self) -> None:
        limits = self.cell.spec.motion.limits
        site = load_site(self.scenario)
        self.robot = GrblLogic(Machine.within(limits.x_mm, limits.y_mm, limits.z_mm))
        self.plc = CountingPlc(site, speed=SPEED, start_count=7)
        self.plc.on_taken = self._take
        self._next_scan_s = 0.0

    @property
    def runs(self) -> Path:
        """The folder of the journals."""
        return self.cell.resolve(Path(self.cell.spec.runs))

    @property
    def moving(self) -> bool:
        return self.robot.moving or self.plc.working

    def advance(self, to_s: float) -> None:
        """Let time pass for the devices, whoever is connected."""
        while self._next_scan_s <= to_s:
            self.now_s = self._next_scan_s
            self._next_scan_s += SCAN_S
            self._scan()
        self.now_s = to_s
        self._deliver(self.robot.advance(to_s * SPEED))

    def _scan(self) -> None:
        said = self.robot.advance(self.now_s * SPEED)
        self.plc.flange_mm = self.robot.flange_mm()
        self.plc.scan(self.now_s)
        self.robot.set_permitted(self.plc.motion_permitted)
        if self.moving:
            self.moved_s = self.now_s
        self._deliver(said)

    def _deliver(self, said: bytes) -> None:
        if said and self.port is not None and self.alive:
            assert self.loop is not None
            self.loop.call_soon(self.port.hear, said)

    def serial_line(self, data: bytes) -> None:
        self.robot.feed(data)
        self._deliver(self.robot.advance(self.now_s * SPEED))
        if data not in QUERIES:
            self.sent.append(Sent(self.now_s, self.process, "motion", data))
            self.sent_position("motion")

    def sent_position(self, device: str) -> None:
        assert self.loop is not None
        self.position(f"{device} got it")
        self.loop.call_later(UNDER_WAY_S, self.position, f"{device} under way")

    def position(self, words: str) -> bool:
        """One place where the process may be killed; True when it is."""
        if not self.alive or self.process != 1:
            return not self.alive
        self.positions.append(words)
        if self.at_place(len(self.positions) - 1):
            self.alive = False
            assert self.loop is not None
            self.loop.stop()
        return not self.alive

    def trace(self, executor: Executor) -> None:
        """Note which effects are handed to the drivers. Stops and holds wait for no journal and are left out."""
        plc, motion = executor.ports.plc, executor.ports.motion
        command, move, do = plc.command, motion.move, motion.do

        def noted(id: str) -> str:
            if self.alive and self.process == 1:
                self.performed.append(id)
            return id

        async def plc_command(id: str, *rest: Any) -> Finished:
            self.effect = noted(id)
            return await command(id, *rest)

        async def motion_do(id: str, verb: MotionVerb, deadline_s: float) -> Finished:
            return await do(id if verb in (MotionVerb.STOP, MotionVerb.HOLD) else noted(id), verb, deadline_s)

        plc.command, motion.do = plc_command, motion_do  # type: ignore[method-assign]
        motion.move = lambda id, *rest: move(noted(id), *rest)  # type: ignore[method-assign]

    def _take(self, name: str) -> None:
        self.taken.append(Taken(self.process, self.effect, name, self.plc.machine.under_socket()))


class Port:
    """In the place of the serial port."""

    def __init__(self, shop: Shop, on_bytes: Callable[[bytes], None], on_lost: Callable[[str], None]) -> None:
        if shop.serial_cut:
            raise LinkError("no such port", device="motion")
        self._shop, self._on_bytes, self.is_open, self.lost = shop, on_bytes, True, on_lost
        shop.port = self
        shop.connections += 1

    def hear(self, data: bytes) -> None:
        if self.is_open and self._shop.alive:
            self._on_bytes(data)

    def write(self, data: bytes) -> bool:
        if self._shop.alive:
            self._shop.serial_line(data)
        return True

    def close(self) -> None:
        self._shop.connections -= self.is_open
        self.is_open = False


class Link:
    """In the place of the Modbus connection."""

    def __init__(self, shop: Shop) -> None:
        self._shop, self._open = shop, False

    async def open(self) -> None:
        await self._exchange()
        self._open = True
        self._shop.connections += 1

    async def _exchange(self) -> None:
        await asyncio.sleep(EXCHANGE_S)
        if self._shop.plc_cut:
            raise LinkError("no answer", device="plc")

    async def read(self, request: Any) -> list[int]:
        await self._exchange()
        return self._shop.plc.status

    async def read_flags(self, request: Any) -> list[bool]:
        await self._exchange()
        return self._shop.plc.flags

    async def write(self, request: Any) -> WriteMultipleRegistersResponse:
        shop = self._shop
        if shop.alive and not shop.plc_cut:
            assert shop.plc.write(request.address, list(request.registers))
            if request.address != shop.cell.plc_map.control.address:  # the control block is heartbeat and state
                shop.sent.append(Sent(shop.now_s, shop.process, "plc", bytes(request.encode())))
                shop.sent_position("plc")
        await self._exchange()
        return WriteMultipleRegistersResponse(address=request.address, count=len(request.registers))

    def close(self) -> None:
        self._shop.connections -= self._open
        self._open = False


class CutLog(RunLog):
    """The run's log with a place to be killed before, within and after each entry."""

    shop: Shop

    async def write(self, kind: str, data: dict[str, object]) -> None:
        shop = self.shop
        await asyncio.sleep(DISK_S)
        if shop.position(f"{kind} not written"):
            raise JournalError("killed")
        if shop.position(f"{kind} half written"):
            with (shop.runs / self.folder.name / "journal.jsonl").open("ab") as file:
                file.write(b'{"at_s":1.5,"data":{"eff')
            raise JournalError("killed")
        await super().write(kind, data)
        if shop.position(f"{kind} written"):
            raise JournalError("killed")

    def roll(self) -> None:
        if self.shop.alive:
            super().roll()


class Sight:
    """Camera and vision that are told what is there."""

    min_fastener_confidence = 0.6
    models: ClassVar[dict[str, str]] = {}

    def __init__(self, shop: Shop) -> None:
        self._shop, self._count = shop, 0

    async def grab(self, count: int, deadline_s: float) -> tuple[Frame, ...]:
        await asyncio.sleep(0.05)
        self._count += 1
        frame = Frame(np.zeros((2, 2, 3), np.uint8), "overview", f"{self._count:064d}", self._shop.now_s, self._count)
        return (frame,) * count

    async def close(self) -> None: ...

    def inspect(self, frame: Frame, pack: str | None = None, **options: object) -> Inspection:
        machine = self._shop.plc.machine
        fasteners = tuple(
            Fastener(
                name, FastenerKind.EMPTY if name in machine.removed else FastenerKind.BOLT, (0.0, 0.0), (x, y), 0.97
            )
            for name, (x, y, _) in machine.site.fasteners.items()
        )
        known = PackVerdict(PackStatus.KNOWN, PACK, 0.97, (PackCandidate(PACK, 0.97),))
        facts = FrameFacts(1600, 1200, frame.sha256)
        return Inspection(frame.source, facts, Quality(True), known, (), HazardClass.A, ("no damage found",), fasteners)


def connect(shop: Shop, monkeypatch: Any) -> None:
    """Put the stand-ins in their places; the last shop counts."""
    sight = Sight(shop)
    monkeypatch.setattr(serial_module, "SerialPort", lambda path, baud, name, hear, lost: Port(shop, hear, lost))
    monkeypatch.setattr(plc_module, "ModbusLink", lambda *_: Link(shop))
    monkeypatch.setattr(assembly.Inspector, "load", lambda *_, **__: sight)
    monkeypatch.setattr(assembly, "open_one", lambda *_: sight)
    monkeypatch.setattr(assembly, "RunLog", type("Log", (CutLog,), {"shop": shop}))
