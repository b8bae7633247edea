"""The TCP fault proxy between a client and a server that gives back what it gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from delid.core import LinkError
from delid.sim.proxy import Direction, Fault, TcpProxy


class Line:
    """A client behind the proxy, in front of an echo; ``heard`` is what the server got."""

    def __init__(self, proxy: TcpProxy, heard: bytearray, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.proxy, self.heard, self.reader, self.writer = proxy, heard, reader, writer

    async def say(self, data: bytes, count: int | None = None, within_s: float = 2.0) -> bytes:
        self.writer.write(data)
        return await asyncio.wait_for(self.reader.readexactly(len(data) if count is None else count), within_s)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    heard, writers = bytearray(), set[asyncio.StreamWriter]()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            while data := await reader.read(1024):
                heard.extend(data)
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with TcpProxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        yield Line(proxy, heard, reader, writer)
        writer.transport.abort()
    server.close()
    for other in list(writers):
        other.transport.abort()
    for _ in range(5):
        await asyncio.sleep(0)


async def test_pass_and_the_way_back_from_a_black_hole(line: Line) -> None:
    assert await line.say(b"hello") == b"hello"
    line.proxy.set(Fault.BLACKHOLE, Direction.TO_CLIENT)
    with pytest.raises(TimeoutError):
        await line.say(b"lost", within_s=0.1)
    assert line.heard == b"hellolost", "the other way is open"
    line.proxy.set(Fault.BLACKHOLE, Direction.TO_SERVER)
    with pytest.raises(TimeoutError):
        await line.say(b"never", within_s=0.1)
    line.proxy.set(Fault.PASS)
    assert await line.say(b"again") == b"again"
    assert line.heard == b"hellolostagain"
    assert line.proxy.connections == 1


async def test_reset_ends_what_is_open_and_what_comes(line: Line) -> None:
    await line.say(b"a")
    line.proxy.set(Fault.RESET)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await line.say(b"b")
    reader, writer = await asyncio.open_connection("127.0.0.1", line.proxy.port)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 2.0)
    writer.transport.abort()


async def test_delay_and_chop_keep_order_and_bytes(line: Line) -> None:
    loop = asyncio.get_running_loop()
    line.proxy.set(Fault.DELAY, Direction.TO_CLIENT, delay_s=0.15)
    before = loop.time()
    assert await line.say(b"late") == b"late"
    assert loop.time() - before >= 0.14
    line.proxy.set(Fault.CHOP, Direction.TO_CLIENT, chop=2, delay_s=0.02)
    before = loop.time()
    line.writer.write(b"abcdefg")
    first = await asyncio.wait_for(line.reader.read(100), 2.0)
    assert len(first) < 7
    assert first + await line.reader.readexactly(7 - len(first)) == b"abcdefg"
    assert loop.time() - before >= 0.05


async def test_duplicate_and_corrupt(line: Line) -> None:
    line.proxy.set(Fault.DUPLICATE, Direction.TO_SERVER)
    assert await line.say(b"xy", 4) == b"xyxy"
    line.proxy.set(Fault.CORRUPT, Direction.TO_CLIENT, corrupt_at=1)
    assert await line.say(b"abc") == b"acc"
    line.proxy.set(Fault.CORRUPT, Direction.TO_CLIENT, corrupt_at=99)
    assert await line.say(b"abc") == b"abb", "the last byte of a chunk that is shorter"


async def test_a_port_in_use_is_a_clear_error(line: Line) -> None:
    with pytest.raises(LinkError, match=f"cannot listen on port {line.proxy.port}") as caught:
        await TcpProxy("127.0.0.1", 9, listen=line.proxy.port).__aenter__()
    assert caught.value.code == "link.port_in_use"
