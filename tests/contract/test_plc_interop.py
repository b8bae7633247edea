"""delid's driver against Modbus servers that are not pymodbus, and the simulated PLC against such clients.

Servers: libmodbus in C and pyModbusTCP over TCP; libmodbus in C and uModbus over RTU. Clients: mbpoll (libmodbus) and
pyModbusTCP over TCP; mbpoll and minimalmodbus over RTU. Serial lines are pairs of pseudo-terminals made by socat. What
is missing fails: see .ci/run for what has to be installed.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from delid.config import load_register_map
from delid.devices.plc import Endpoint, RtuEndpoint, TcpEndpoint
from plc_kit import simulated
from plc_raw import driving, until

SCENARIO = "fixtures/scenarios/vw-meb-82-clean.yaml"
HERE = Path(__file__).resolve().parents[1] / "interop"


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that is ended with the block."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


@asynccontextmanager
async def serial_line(folder: Path) -> AsyncIterator[tuple[str, str]]:
    """Two pseudo-terminals, each the other end of the other."""
    ends = folder / "near", folder / "far"
    async with running("socat", *(f"pty,raw,echo=0,link={end}" for end in ends)):
        await until(lambda: all(end.exists() for end in ends))
        yield str(ends[0]), str(ends[1])


@pytest.fixture(scope="session")
def libmodbus_plc(tmp_path_factory: pytest.TempPathFactory) -> str:
    program = tmp_path_factory.mktemp("interop") / "modbus_plc"
    subprocess.run(["cc", "-Wall", "-o", program, HERE / "modbus_plc.c", "-lmodbus"], check=True, timeout=60)
    return str(program)


SERVERS = {
    "libmodbus-tcp": ("tcp",),
    "libmodbus-rtu": ("rtu", "{far}"),
    "pyModbusTCP": (sys.executable, str(HERE / "pymodbustcp_plc.py")),
    "uModbus-rtu": (sys.executable, str(HERE / "umodbus_plc.py"), "{far}"),
}


@asynccontextmanager
async def server(name: str, libmodbus_plc: str, folder: Path) -> AsyncIterator[Endpoint]:
    async with AsyncExitStack() as stack:
        near = far = ""
        if name.endswith("rtu"):
            near, far = await stack.enter_async_context(serial_line(folder))
        command = [part.format(far=far) for part in SERVERS[name]]
        if name.startswith("libmodbus"):
            command.insert(0, libmodbus_plc)
        process = await stack.enter_async_context(running(*command))
        assert process.stdout is not None
        port = int(await asyncio.wait_for(process.stdout.readline(), 20.0))
        yield RtuEndpoint(near, parity="none") if near else TcpEndpoint("127.0.0.1", port)


@pytest.mark.parametrize("name", SERVERS)
async def test_the_driver_commands_a_plc_of_another_library(
    repository: Path, tmp_path: Path, libmodbus_plc: str, name: str
) -> None:
    plc_map = load_register_map(repository / "cell_configs/plc/delid-1.yaml")
    async with (
        server(name, libmodbus_plc, tmp_path) as endpoint,
        driving(endpoint, plc_map, timeout_s=0.5) as (driver, heard),
    ):
        await heard.link(True, 10.0)
        weak = await driver.command("a", "unfasten", {"torque_nm": 9.99, "impact": 0}, 5.0)
        strong = await driver.command("b", "unfasten", {"torque_nm": 10, "impact": 1}, 5.0)
        stopped = await driver.cancel("stop", 5.0)
        driver.set_packml_state(6)
        await until(lambda: heard.tags[-1].values["heartbeat_echo"] > 2)
    assert (weak.ok, weak.failure) == (False, "seized")
    assert (strong.ok, strong.values["done_seq"]) == (True, 2)
    assert stopped.ok
    assert [link.up for link in heard.links] == [True]


async def output(*command: str) -> str:
    async with running(*command) as process:
        out, _ = await asyncio.wait_for(process.communicate(), 20.0)
    assert process.returncode == 0, command
    return out.decode()


# e-stop closed, guard closed, extraction on, fault latched: nobody's heart beats
WANTED = {"magic": 0xDE11, "ack": 1, "done": 1, "result": 2, "flags": 0b1000_0111, "exception": 2}


@pytest.mark.parametrize("client", ["pymodbustcp", "minimalmodbus"])
async def test_another_librarys_client_commands_the_simulated_plc(
    repository: Path, tmp_path: Path, client: str
) -> None:
    async with AsyncExitStack() as stack:
        near, far = "", None
        if client == "minimalmodbus":
            near, far = await stack.enter_async_context(serial_line(tmp_path))
        port = await stack.enter_async_context(simulated(repository / SCENARIO, tmp_path / "world", device=far))
        seen = json.loads(await output(sys.executable, str(HERE / "ask.py"), client, near or str(port)))
    assert seen.pop("beat") > 0
    assert seen == WANTED


@pytest.mark.parametrize("line", ["tcp", "rtu"])
async def test_mbpoll_reads_and_writes_the_simulated_plc(repository: Path, tmp_path: Path, line: str) -> None:
    async with AsyncExitStack() as stack:
        if line == "rtu":
            near, far = await stack.enter_async_context(serial_line(tmp_path))
            await stack.enter_async_context(simulated(repository / SCENARIO, tmp_path / "world", device=far))
            how, where = ("-m", "rtu", "-b", "19200", "-P", "none"), near
        else:
            port = await stack.enter_async_context(simulated(repository / SCENARIO, tmp_path / "world"))
            how, where = ("-m", "tcp", "-p", str(port)), "127.0.0.1"
        common = ("mbpoll", *how, "-a", "1", "-0", "-1", "-q")
        await output(*common, "-t", "4", "-r", "110", where, "0", "0", "0", "0", "4", "9")
        await asyncio.sleep(0.2)
        out = await output(*common, "-t", "4:hex", "-r", "0", "-c", "14", where)
    read = dict(line.split() for line in out.splitlines() if line.startswith("["))
    assert {at: int(read[f"[{at}]:"], 16) for at in (0, 1, 4, 5, 6, 11, 12)} == {
        0: 0xDE11, 1: 3, 4: 9, 5: 9, 6: 2, 11: 1000, 12: 225,
    }  # fmt: skip
