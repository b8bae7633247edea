"""Command round trip of the PLC driver over the same exchanges made with bare pymodbus, in the same run.

    python -m pytest tests/bench/bench_plc.py -s -q

Two PLCs: one in another process that ends a command at its next read (what the driver itself costs), and the
simulated one with its scan of 10 ms (what a cell sees). Bare pymodbus writes the command block, then reads the status
block until the command has ended.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusTcpClient

from delid.config import RegisterMap, load_register_map
from delid.devices.plc import command_registers
from delid.sim.plc import run_plc
from plc_raw import driving

pytestmark = pytest.mark.bench
NAME = "signal_quarantine"


@asynccontextmanager
async def raw_plc(repository: Path) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(repository / "tests/plc_raw.py"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    yield int(await process.stdout.readline())
    await process.communicate()


@asynccontextmanager
async def simulated_plc(repository: Path, world: Path) -> AsyncIterator[int]:
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    scenario = repository / "fixtures/scenarios/vw-meb-82-clean.yaml"
    task = asyncio.create_task(run_plc(scenario, port=0, world_dir=world, on_ready=ready.set_result))
    yield await ready
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def measure(rounds: int, once: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Median and 99th percentile in microseconds."""
    times: list[float] = []
    for _ in range(rounds):
        start = time.perf_counter()
        await once()
        times.append((time.perf_counter() - start) * 1e6)
    return statistics.median(times), sorted(times)[int(rounds * 0.99)]


async def by_driver(port: int, plc_map: RegisterMap, rounds: int) -> tuple[float, float]:
    async with driving(port, plc_map, timeout_s=2.0) as (driver, heard):
        await heard.link(True, 20.0)

        async def once() -> None:
            finished = await driver.command("bench", NAME, {}, 5.0)
            assert finished.ok, finished.detail

        return await measure(rounds, once)


async def by_pymodbus(port: int, plc_map: RegisterMap, rounds: int) -> tuple[float, float]:
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=2.0, retries=0)
    await client.connect()
    status, command = plc_map.status, plc_map.command
    first = await client.read_holding_registers(status.address, count=status.count)
    seq = first.registers[status.tags["ack_seq"].at]

    async def once() -> None:
        nonlocal seq
        seq += 1
        await client.write_registers(command.address, command_registers(plc_map, NAME, {}, seq))
        while True:
            answer = await client.read_holding_registers(status.address, count=status.count)
            if answer.registers[status.tags["done_seq"].at] == seq:
                return

    result = await measure(rounds, once)
    client.close()
    await asyncio.sleep(0)
    return result


async def compare(title: str, port: int, plc_map: RegisterMap, rounds: int) -> float:
    bare, driver = [], []
    for _ in range(3):
        bare.append(await by_pymodbus(port, plc_map, rounds))
        driver.append(await by_driver(port, plc_map, rounds))
    best_bare, best_driver = min(bare), min(driver)
    ratio = best_driver[0] / best_bare[0]
    print(f"\n{title}: {rounds} commands, best of 3, median / p99 in microseconds")
    print(f"  bare pymodbus   {best_bare[0]:8.0f} / {best_bare[1]:8.0f}")
    print(f"  driver          {best_driver[0]:8.0f} / {best_driver[1]:8.0f}")
    print(f"  ratio           {ratio:8.2f}")
    return ratio


async def test_round_trip_to_a_plc_that_answers_at_once(repository: Path) -> None:
    plc_map = load_register_map(repository / "cell_configs/plc/delid-1.yaml")
    async with raw_plc(repository) as port:
        assert await compare("PLC without a scan, own process", port, plc_map, 500) < 10


async def test_round_trip_to_the_simulated_plc(repository: Path, tmp_path: Path) -> None:
    plc_map = load_register_map(repository / "cell_configs/plc/delid-1.yaml")
    async with simulated_plc(repository, tmp_path) as port:
        assert await compare("simulated PLC, scan 10 ms", port, plc_map, 60) < 3
