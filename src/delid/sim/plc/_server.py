"""The simulated PLC on the wire: pymodbus's TCP or RTU server in front of the logic, scanned every 10 ms."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.server.base import ModbusBaseServer
from pymodbus.simulator import DataType, SimData, SimDevice

from delid.config import ProgramMap, RegisterMap
from delid.core import Clock, LinkError, SystemClock

from .._world import PlcFacts, World
from ._logic import PlcLogic
from ._scenario import INPUTS_FILE, load_site, read_inputs

SCAN_S = 0.01
WRITES = (6, 16)
"""Function codes that write; the register map says which ones read."""


async def run_plc(
    scenario_path: Path | str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    device: str | None = None,
    baud: int = 19200,
    world_dir: Path,
    speed: float | None = None,
    on_ready: Callable[[int], None],
    clock: Clock | None = None,
) -> None:
    """Run the simulated PLC until cancelled; ``on_ready`` gets the real port, also for port 0.

    With ``device``, a serial port, it speaks RTU there instead of TCP, and ``on_ready`` gets 0.
    ``speed`` overrides the scenario's. Raises ConfigError for a bad scenario and LinkError ``link.port_in_use``.
    """
    clock = clock or SystemClock()
    site = load_site(scenario_path)
    world = World(world_dir)
    (world_dir / INPUTS_FILE).unlink(missing_ok=True)
    logic = PlcLogic(
        site, speed=site.scenario.speed if speed is None else speed, start_count=int(clock.wall_s() * 10) & 0xFFFF
    )
    world.write_pack(logic.pack())
    async with (
        serve(logic, site.register_map, host, port) if device is None
        else serve_rtu(logic, site.register_map, device, baud)
    ) as real_port:  # fmt: skip
        on_ready(real_port or 0)
        await _scan(logic, world, clock)


class Registers(Protocol):
    """What stands behind the server: read in one piece, written where it takes it."""

    @property
    def status(self) -> list[int]: ...

    @property
    def flags(self) -> list[bool]: ...

    def write(self, address: int, values: list[int]) -> bool: ...


@asynccontextmanager
async def serve(logic: Registers, register_map: RegisterMap | ProgramMap, host: str, port: int) -> AsyncIterator[int]:
    """Modbus TCP in front of ``logic`` while the context is open; gives the real port."""
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    server = ModbusTcpServer(_device(logic, register_map), address=(host, port))
    async with _serving(server, f"{host}:{port}"):
        listener = server.transport
        assert isinstance(listener, asyncio.Server)
        yield listener.sockets[0].getsockname()[1]


@asynccontextmanager
async def serve_rtu(
    logic: Registers, register_map: RegisterMap | ProgramMap, device: str, baud: int = 19200
) -> AsyncIterator[None]:
    """Modbus RTU on a serial port in front of ``logic`` while the context is open.

    Without parity: a pseudo-terminal has none.
    """
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    server = ModbusSerialServer(_device(logic, register_map), port=device, baudrate=baud)
    async with _serving(server, device):
        yield


@asynccontextmanager
async def _serving(server: ModbusBaseServer, where: str) -> AsyncIterator[None]:
    try:
        await server.serve_forever(background=True)
    except RuntimeError as error:
        raise LinkError(
            f"the simulated PLC cannot listen on {where}.",
            hint="Another program may use this port; take another one, or port 0 for any.",
            code="link.port_in_use",
            device="plc",
        ) from error
    try:
        yield
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]
        # connections let go of their sockets in the loop's next rounds
        for _ in range(3):
            await asyncio.sleep(0)


def _device(logic: Registers, register_map: RegisterMap | ProgramMap) -> SimDevice:
    """The map's blocks as registers; every access goes through the logic in one piece, so that reads are atomic."""
    status, flags = register_map.status, register_map.flags
    status_reads = 3 if status.area == "holding" else 4
    flag_reads = {"coil": 1, "discrete": 2}.get(flags.area if flags else "")

    async def access(
        function: int, start: int, address: int, count: int, registers: list[int], values: list[int] | list[bool] | None
    ) -> ExcCodes | None:
        if values is not None:
            if function not in WRITES:
                return ExcCodes.ILLEGAL_FUNCTION
            return None if logic.write(address, [int(value) for value in values]) else ExcCodes.ILLEGAL_ADDRESS
        if function == flag_reads and flags is not None:
            registers[:] = _packed(logic.flags, flags.address - 16 * start, len(registers))
        elif function == status_reads:
            registers[status.address - start : status.address - start + status.count] = logic.status
        elif function != 3:
            return ExcCodes.ILLEGAL_FUNCTION
        return None

    return SimDevice(register_map.device_id, simdata=_areas(register_map), action=access)


def _areas(register_map: RegisterMap | ProgramMap) -> tuple[list[SimData], list[SimData], list[SimData], list[SimData]]:
    """Coils, discrete inputs, holding and input registers; an area that the map does not use gets one dead place."""
    status, flags = register_map.status, register_map.flags
    areas = {
        "coil": [SimData(0, values=False, datatype=DataType.BITS)],
        "discrete": [SimData(0, values=False, datatype=DataType.BITS)],
        "holding": [
            SimData(b.address, count=b.count, values=0, datatype=DataType.REGISTERS)
            for b in (register_map.control, register_map.command)
        ],
        "input": [SimData(0, values=0, datatype=DataType.REGISTERS)],
    }
    block = SimData(status.address, count=status.count, values=0, datatype=DataType.REGISTERS, readonly=True)
    areas[status.area] = [*areas[status.area], block] if status.area == "holding" else [block]
    if flags is not None:
        areas[flags.area] = [SimData(flags.address, count=flags.count, values=False, datatype=DataType.BITS)]
    return areas["coil"], areas["discrete"], areas["holding"], areas["input"]


def _packed(bits: list[bool], skip: int, words: int) -> list[int]:
    """Bits, the first ``skip`` places in, as registers with the lowest address in bit 0."""
    number = sum(1 << skip + place for place, bit in enumerate(bits) if bit)
    return [number >> 16 * word & 0xFFFF for word in range(words)]


async def _scan(logic: PlcLogic, world: World, clock: Clock) -> None:
    shown: PlcFacts | None = None
    inputs_at: int | None = None
    while True:
        robot = world.read_robot()
        logic.flange_mm = robot.flange_mm if robot else None
        changed_at = _changed_at(world.folder / INPUTS_FILE)
        if changed_at != inputs_at and (change := read_inputs(world.folder)) is not None:
            logic.apply(change)
            inputs_at = changed_at
        logic.scan(clock.now_s())
        if (facts := logic.facts()) != shown:
            world.write_plc(facts)
            shown = facts
        await clock.sleep(SCAN_S)


def _changed_at(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
