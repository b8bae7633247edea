"""The simulated PLC on the wire: pymodbus's Modbus TCP server in front of the logic, scanned every 10 ms."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from delid.config import RegisterMap
from delid.core import Clock, LinkError, SystemClock

from .._world import PlcFacts, World
from ._logic import PlcLogic
from ._scenario import INPUTS_FILE, load_site, read_inputs

SCAN_S = 0.01
READS, WRITES = (3,), (6, 16)
"""Function codes that the PLC knows."""


async def run_plc(
    scenario_path: Path | str,
    *,
    host: str = "127.0.0.1",
    port: int,
    world_dir: Path,
    speed: float | None = None,
    on_ready: Callable[[int], None],
    clock: Clock | None = None,
) -> None:
    """Run the simulated PLC until cancelled; ``on_ready`` gets the real port, also for port 0.

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
    async with serve(logic, site.register_map, host, port) as real_port:
        on_ready(real_port)
        await _scan(logic, world, clock)


@asynccontextmanager
async def serve(logic: PlcLogic, register_map: RegisterMap, host: str, port: int) -> AsyncIterator[int]:
    """Modbus TCP in front of ``logic`` while the context is open; gives the real port."""
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    server = ModbusTcpServer(_device(logic, register_map), address=(host, port))
    try:
        await server.serve_forever(background=True)
    except RuntimeError as error:
        raise LinkError(
            f"the simulated PLC cannot listen on {host}:{port}.",
            hint="Another program may use this port; take another one, or port 0 for any.",
            code="link.port_in_use",
            device="plc",
        ) from error
    listener = server.transport
    assert isinstance(listener, asyncio.Server)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]
        # connections let go of their sockets in the loop's next rounds
        for _ in range(3):
            await asyncio.sleep(0)


def _device(logic: PlcLogic, register_map: RegisterMap) -> SimDevice:
    """The map's blocks as registers; every access goes through the logic in one piece, so that reads are atomic."""
    status = register_map.status
    blocks = (register_map.control, register_map.command)

    async def access(
        function: int, start: int, address: int, count: int, registers: list[int], values: list[int] | list[bool] | None
    ) -> ExcCodes | None:
        if values is None:
            if function not in READS:
                return ExcCodes.ILLEGAL_FUNCTION
            registers[status.address - start : status.address - start + status.count] = logic.status
            return None
        if function not in WRITES:
            return ExcCodes.ILLEGAL_FUNCTION
        return None if logic.write(address, [int(value) for value in values]) else ExcCodes.ILLEGAL_ADDRESS

    data = [
        SimData(status.address, count=status.count, values=0, datatype=DataType.REGISTERS, readonly=True),
        *(SimData(b.address, count=b.count, values=0, datatype=DataType.REGISTERS) for b in blocks),
    ]
    return SimDevice(register_map.device_id, simdata=data, action=access)


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
