"""Command round trip of the PLC driver over the same exchanges made with bare pymodbus, in the same run.

    python tests/bench/bench_plc.py

Two PLCs: one in another process that ends a command at its next read (what the driver itself costs), and the
simulated one with its scan of 10 ms (what a cell sees). Bare pymodbus writes the command block, then reads the status
block until the command has ended. The driver makes the same exchanges, and beats its heart besides.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from pymodbus.client import AsyncModbusTcpClient

from delid.config import RegisterMap, load_register_map
from delid.devices.plc import command_registers
from delid.sim.plc import run_plc

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from plc_raw import driving

ROUNDS, SLOW_ROUNDS = 100, 20
REPETITIONS, SLOW_REPETITIONS = 25, 3
"""Short turns of both, one after the other, so that what else the machine does meets both alike."""
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
    try:
        yield int(await process.stdout.readline())
    finally:
        await process.communicate(b"")  # closes its standard input


@asynccontextmanager
async def simulated_plc(repository: Path, world: Path) -> AsyncIterator[int]:
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    scenario = repository / "fixtures/scenarios/vw-meb-82-clean.yaml"
    task = asyncio.create_task(run_plc(scenario, port=0, world_dir=world, on_ready=ready.set_result))
    try:
        yield await ready
    finally:
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


@dataclass(frozen=True, slots=True)
class Figures:
    """Best of the repetitions: median and 99th percentile in microseconds."""

    bare_us: tuple[float, float]
    driver_us: tuple[float, float]
    rounds: int
    repetitions: int

    @property
    def ratio(self) -> float:
        return self.driver_us[0] / self.bare_us[0]

    def show(self, title: str) -> str:
        return (
            f"{title}: best of {self.repetitions} turns of {self.rounds} commands, median / p99 in microseconds\n"
            f"  bare pymodbus   {self.bare_us[0]:8.0f} / {self.bare_us[1]:8.0f}\n"
            f"  driver          {self.driver_us[0]:8.0f} / {self.driver_us[1]:8.0f}\n"
            f"  ratio           {self.ratio:8.2f}"
        )


async def compare(port: int, plc_map: RegisterMap, rounds: int, repetitions: int) -> Figures:
    bare, driver = [], []
    for _ in range(repetitions):
        bare.append(await by_pymodbus(port, plc_map, rounds))
        driver.append(await by_driver(port, plc_map, rounds))
    return Figures(min(bare), min(driver), rounds, repetitions)


async def measure_all(repository: Path, world: Path, rounds: int, slow_rounds: int) -> tuple[Figures, Figures]:
    """Figures for the PLC without a scan and for the simulated one."""
    plc_map = load_register_map(repository / "cell_configs/plc/delid-1.yaml")
    async with raw_plc(repository) as port:
        quick = await compare(port, plc_map, rounds, REPETITIONS)
    async with simulated_plc(repository, world) as port:
        slow = await compare(port, plc_map, slow_rounds, SLOW_REPETITIONS)
    return quick, slow


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    repository = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as world:
        quick, slow = asyncio.run(measure_all(repository, Path(world), ROUNDS, SLOW_ROUNDS))
    print(quick.show("PLC without a scan, in its own process"))
    print(slow.show("simulated PLC, scan of 10 ms"))


if __name__ == "__main__":
    main()
