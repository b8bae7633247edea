"""A small Modbus TCP PLC of plain streams and struct: independent of pymodbus, delid's codec and simulator.

Run as a program it prints its port and serves until its standard input closes. It knows the handshake of
cell_configs/plc/delid-1.yaml by its register numbers: status 0..31, control 100..103, command 110..115. Tests twist
its answers.
"""

from __future__ import annotations

import asyncio
import struct
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from delid.config import RegisterMap
from delid.core import LinkChanged, SystemClock, TagsRead, Wire
from delid.devices.plc import Endpoint, PlcDriver, TcpEndpoint

Twist = Callable[[bytes, bytes], "bytes | None"]


class RawPlc:
    """Ends every command at once. ``twist(request, answer)`` may change an answer, or swallow it with None."""

    def __init__(self) -> None:
        self.status = [0] * 32
        self.status[0], self.status[1], self.status[20] = 0xDE11, 3, 1
        self.control = [0] * 4
        self.command = [0] * 6
        self.obeys = True
        self.ends = True
        self.result, self.error = 2, 0
        self.delay_s = 0.0
        self.transaction_off = 0
        self.twist: Twist | None = None
        self.requests: list[bytes] = []
        self.executed: list[int] = []
        self.connections = 0
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    def writes(self, address: int) -> list[bytes]:
        return [r for r in self.requests if r[0] == 16 and r[1:3] == struct.pack(">H", address)]

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close listener and connections, as a PLC that is switched off."""
        if self._server is not None:
            self._server.close()
        self.drop()
        for writer in list(self._writers):
            await writer.wait_closed()
        if self._server is not None:
            await self._server.wait_closed()
        await asyncio.sleep(0)

    def drop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def take(self) -> None:
        """Look at the stop number and the command block once, as a scan does."""
        seq = self.command[5]
        if self.control[2] != self.status[8]:
            running = self.status[4] != self.status[5] or seq != self.status[4]
            self.status[4] = self.status[5] = seq
            self.status[6], self.status[8] = 4 if running else self.status[6], self.control[2]
        if self.obeys and seq and seq != self.status[4]:
            self.executed.append(self.command[4])
            self.status[4], self.status[6] = seq, 1
        if self.ends and self.status[4] != self.status[5]:
            self.status[5], self.status[6], self.status[7] = self.status[4], self.result, self.error
        self.status[2] = (self.status[2] + 1) & 0xFFFF
        self.status[3] = self.control[0]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                head = await reader.readexactly(7)
                transaction, protocol, length, unit = struct.unpack(">HHHB", head)
                assert (protocol, unit) == (0, 1)
                request = await reader.readexactly(length - 1)
                self.requests.append(request)
                answer: bytes | None = self._answer(request)
                if self.twist is not None and answer is not None:
                    answer = self.twist(request, answer)
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if answer is not None:
                    writer.write(
                        struct.pack(">HHHB", transaction + self.transaction_off, 0, len(answer) + 1, unit) + answer
                    )
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, request: bytes) -> bytes:
        function, address, count = struct.unpack(">BHH", request[:5])
        if function == 3:
            self.take()
            assert (address, count) == (0, 32)
            return struct.pack(">BB32H", 3, 64, *self.status)
        assert function == 16
        values = list(struct.unpack(f">{count}H", request[6:]))
        assert request[5] == 2 * count
        block, start = (self.control, 100) if address < 110 else (self.command, 110)
        block[address - start : address - start + count] = values
        return request[:5]


class Heard:
    """What a driver reported."""

    def __init__(self) -> None:
        self.links: list[LinkChanged] = []
        self.tags: list[TagsRead] = []
        self.wires: list[Wire] = []

    async def link(self, up: bool, within_s: float = 5.0) -> LinkChanged:
        """Wait until the last report of the link says ``up``."""
        async with asyncio.timeout(within_s):
            while not self.links or self.links[-1].up is not up:  # noqa: ASYNC110 - the driver's face has no event
                await asyncio.sleep(0.005)
        return self.links[-1]


async def until(what: Callable[[], object], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not what():  # noqa: ASYNC110 - whatever the test looks at
            await asyncio.sleep(0.005)


@asynccontextmanager
async def driving(at: int | Endpoint, plc_map: RegisterMap, **options: Any) -> AsyncIterator[tuple[PlcDriver, Heard]]:
    """A driver that runs, and what it reports; ``at`` is a port of this machine, or any endpoint."""
    heard = Heard()
    driver = PlcDriver(
        TcpEndpoint("127.0.0.1", at) if isinstance(at, int) else at, plc_map, SystemClock(),
        on_link=heard.links.append, on_tags=heard.tags.append, on_wire=heard.wires.append,
        **({"poll_s": 0.05, "timeout_s": 0.3} | options),
    )  # fmt: skip
    task = asyncio.create_task(driver.run())
    try:
        yield driver, heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _main() -> None:
    plc = RawPlc()
    await plc.start()
    print(plc.port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await plc.stop()


if __name__ == "__main__":
    asyncio.run(_main())
