"""A TCP proxy that does to a connection what a bad network does, switched while it runs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from delid.core import Clock, LinkError, SystemClock

from ._faults import Direction, Fault, WireFaults, disturbed

CHUNK = 65536


@dataclass(slots=True, eq=False)
class _Pair:
    """One client's connection and its way on to the server."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter

    def abort(self) -> None:
        self.client.transport.abort()
        self.server.transport.abort()


class TcpProxy:
    """Stands between a client and the server at ``host``:``port``. ``async with`` opens and closes it.

    ``port`` is its own; ``faults`` says what it does, ``set`` changes that, for connections that are open too.
    """

    def __init__(self, host: str, port: int, *, listen: int = 0, clock: Clock | None = None) -> None:
        self.faults = WireFaults()
        self.port = 0
        self.connections = 0
        self._target, self._listen, self._clock = (host, port), listen, clock or SystemClock()
        self._pairs: set[_Pair] = set()
        self._handlers: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> TcpProxy:
        try:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._listen)
        except OSError as error:
            raise LinkError(
                f"the proxy cannot listen on port {self._listen}.",
                hint="Another program may use this port; take another one, or port 0 for any.",
                code="link.port_in_use",
                device="proxy",
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._handlers:
            task.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)
        await asyncio.sleep(0)

    def set(
        self,
        fault: Fault,
        direction: Direction = Direction.BOTH,
        *,
        delay_s: float = 0.3,
        chop: int = 1,
        corrupt_at: int = 0,
    ) -> None:
        """From now on do this; a reset ends the connections at once."""
        self.faults = WireFaults(fault, direction, delay_s, chop, corrupt_at)
        if fault is Fault.RESET:
            self.drop()

    def drop(self) -> None:
        """Reset the connections that are open, once."""
        for pair in list(self._pairs):
            pair.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        try:
            await self._carry(reader, writer)
        except asyncio.CancelledError:
            # the proxy is closed; asyncio's stream callback would report a cancelled handler as an error
            pass
        finally:
            self._handlers.discard(task)
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from the first byte to the last."""
        if self.faults.fault is Fault.RESET:
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            return
        pair = _Pair(writer, far_writer)
        self._pairs.add(pair)
        ways = [
            asyncio.create_task(self._pump(reader, far_writer, Direction.TO_SERVER)),
            asyncio.create_task(self._pump(far_reader, writer, Direction.TO_CLIENT)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            self._pairs.discard(pair)
            pair.abort()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Direction) -> None:
        """Carry one direction until an end closes."""
        try:
            while data := await reader.read(CHUNK):
                faults = self.faults
                if faults.direction not in (Direction.BOTH, way):
                    writer.write(data)
                else:
                    async for piece in disturbed(data, faults, self._clock):
                        writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
