"""Cell server and client over real Unix sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import stat
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from delid.core import IpcError, UsageError
from delid.ipc import CellClient, CellServer

Message = dict[str, Any]
STATE: Message = {"op": "state"}
START: Message = {"op": "command", "command": "Start", "by": "test"}
STOP: Message = {"op": "command", "command": "Stop", "by": "test"}


async def echo(message: Message) -> Message:
    return {"ok": True, "echo": message}


@contextlib.asynccontextmanager
async def serving(path: Path, handler: Callable[[Message], Any] = echo) -> AsyncIterator[CellServer]:
    server = CellServer(path)
    task = asyncio.create_task(server.run(handler))
    try:
        yield server
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        server.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ipc" / "cell.sock"


@pytest.fixture
def client(path: Path) -> Iterator[CellClient]:
    client = CellClient(path)
    yield client
    client.close()


async def test_a_request_is_answered(path: Path, client: CellClient) -> None:
    async with serving(path):
        assert await client.request(STOP, 2.0) == {"ok": True, "echo": STOP}


async def test_only_this_user_may_open_the_sockets(path: Path) -> None:
    async with serving(path):
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        for name in ("cell.sock", "cell.sock.pub"):
            assert stat.S_IMODE((path.parent / name).stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == []


async def test_no_cell_is_a_clear_error_at_the_deadline(client: CellClient) -> None:
    began_s = time.monotonic()
    with pytest.raises(IpcError) as caught:
        await client.request(START, 0.2)
    assert time.monotonic() - began_s < 1.0
    assert caught.value.code == "ipc.no_answer"
    assert "'Start'" in caught.value.message
    assert "delid cell" in caught.value.hint


async def test_a_start_nobody_took_is_not_obeyed_later(path: Path, client: CellClient) -> None:
    seen: list[Message] = []

    async def handler(message: Message) -> Message:
        seen.append(message)
        return {"ok": True}

    with pytest.raises(IpcError):
        await client.request(START, 0.1)
    async with serving(path, handler):
        await client.request(STATE, 2.0)
    assert seen == [STATE]


async def test_a_late_start_is_ignored_and_a_late_stop_is_obeyed(path: Path) -> None:
    seen: list[str] = []

    async def handler(message: Message) -> Message:
        seen.append(message.get("command", "state"))
        return {"ok": True}

    server, client = CellServer(path), CellClient(path)
    for message in (START, STOP):  # the cell is stuck: its sockets take the request, its loop does not
        with pytest.raises(IpcError):
            await client.request(message, 0.2)
    task = asyncio.create_task(server.run(handler))
    assert await client.request(STATE, 2.0) == {"ok": True}
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    client.close()
    server.close()
    assert seen == ["Stop", "state"]


async def test_stop_overtakes_a_request_that_hangs(path: Path, client: CellClient) -> None:
    async def handler(message: Message) -> Message:
        if message["op"] == "state":
            await asyncio.sleep(3600)
        return {"ok": True}

    async with serving(path, handler):
        hanging = [asyncio.create_task(client.request(STATE, 2.0)) for _ in range(40)]
        await asyncio.sleep(0.1)
        assert await client.request(STOP, 1.5) == {"ok": True}
        ended = await asyncio.gather(*hanging, return_exceptions=True)
    refused = [e for e in ended if isinstance(e, dict)]
    assert len(refused) == 8
    assert refused[0]["error"]["code"] == "ipc.busy"
    assert all(e.code == "ipc.no_answer" for e in ended if isinstance(e, IpcError))


async def test_the_client_survives_a_restarted_cell(path: Path, client: CellClient) -> None:
    for word in ("first", "second"):
        async with serving(path) as server:
            assert (await client.request(STATE, 2.0))["ok"]
            server.publish_state({"cell": word})
            assert await client.next_state(5.0) == {"cell": word}


async def test_a_reader_that_waits_learns_of_a_restart(path: Path, client: CellClient) -> None:
    async with serving(path) as server:
        server.publish_frame(b"one", {"seq": 9})
        assert await client.next_frame(2.0) == (b"one", {"seq": 9})
        waiting = asyncio.create_task(client.next_frame(5.0))
        await asyncio.sleep(0.1)
    async with serving(path) as server:
        server.publish_frame(b"two", {"seq": 0})
        assert await waiting == (b"two", {"seq": 0})


async def test_an_error_of_the_cell_is_the_reply(path: Path, client: CellClient) -> None:
    async def handler(message: Message) -> Message:
        raise UsageError("Start is not allowed in Stopped.", hint="Reset first.", code="usage.not_allowed")

    async with serving(path, handler):
        reply = await client.request(START, 2.0)
    assert reply == {
        "ok": False,
        "error": {
            "code": "usage.not_allowed",
            "message": "Start is not allowed in Stopped.",
            "hint": "Reset first.",
        },
    }


async def test_a_late_reader_gets_the_newest_state_and_frame_only(path: Path, client: CellClient) -> None:
    async with serving(path) as server:
        server.publish_state({"n": -1})
        server.publish_frame(b"", {"seq": -1})
        assert await client.next_state(2.0) == {"n": -1}
        assert (await client.next_frame(2.0))[1] == {"seq": -1}
        jpeg = bytes(200_000)
        for number in range(100):
            server.publish_state({"n": number})
            server.publish_frame(jpeg, {"seq": number})
        assert await client.next_state(2.0) == {"n": 99}
        assert await client.next_frame(2.0) == (jpeg, {"seq": 99})
        with pytest.raises(IpcError, match="no state"):
            await client.next_state(0.05)


async def test_a_reader_that_waits_gets_the_next_value_at_once(path: Path, client: CellClient) -> None:
    async with serving(path) as server:
        server.publish_state({"n": 0})
        await client.next_state(2.0)
        waiting = asyncio.create_task(client.next_state(2.0))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        server.publish_state({"n": 1})
        assert await asyncio.wait_for(waiting, 0.3) == {"n": 1}


async def test_two_panels_do_not_take_each_others_values(path: Path, client: CellClient) -> None:
    other = CellClient(path)
    async with serving(path) as server:
        for number in range(3):
            server.publish_state({"n": number})
            assert await client.next_state(2.0) == await other.next_state(2.0) == {"n": number}
    other.close()


FROZEN_READER = """
import asyncio, os, signal, sys
from pathlib import Path
from delid.ipc import CellClient

def freeze():
    print("ready", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)

async def main():
    client = CellClient(Path(sys.argv[1]))
    await client.next_state(5.0)
    await client.next_frame(5.0)
    asyncio.get_running_loop().call_later(0.2, freeze)
    await asyncio.gather(client.next_state(60.0), client.next_frame(60.0))

asyncio.run(main())
"""


async def test_a_frozen_reader_does_not_slow_the_cell(path: Path) -> None:
    """A panel that is stopped by the system takes nothing: publishing must neither wait nor pile up."""
    async with serving(path) as server:
        server.publish_state({})
        server.publish_frame(b"", {})
        reader = await asyncio.create_subprocess_exec(
            sys.executable, "-c", FROZEN_READER, str(path), stdout=asyncio.subprocess.PIPE
        )
        assert reader.stdout
        try:
            await reader.stdout.readline()
            jpeg, began_s = bytes(300_000), time.monotonic()
            for number in range(500):
                server.publish_state({"n": number})
                server.publish_frame(jpeg, {"seq": number})
            assert time.monotonic() - began_s < 1.0
            assert server.waiting == 0, "one value went out for each wish, the rest went nowhere"
        finally:
            reader.kill()
            await reader.wait()


async def test_a_second_cell_on_the_same_socket_is_refused(path: Path, client: CellClient) -> None:
    async with serving(path):
        with pytest.raises(IpcError) as caught:
            CellServer(path)
        assert caught.value.code == "ipc.in_use"
        assert (await client.request(STATE, 2.0))["ok"], "the first one must go on"


async def test_a_socket_file_left_by_a_killed_cell_is_taken_over(path: Path, client: CellClient) -> None:
    path.parent.mkdir(parents=True)
    for name in ("cell.sock", "cell.sock.pub"):
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path.parent / name))
    async with serving(path):
        assert (await client.request(STATE, 2.0))["ok"]


def test_a_file_that_is_no_socket_is_left_alone(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("notes")
    with pytest.raises(IpcError) as caught:
        CellServer(path)
    assert caught.value.code == "ipc.in_use"
    assert path.read_text() == "notes"


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(IpcError) as caught:
        CellServer(tmp_path / "file" / "sub" / "cell.sock")
    assert caught.value.code == "ipc.no_folder"


async def test_rubbish_on_the_socket_hurts_nobody(path: Path, client: CellClient) -> None:
    async with serving(path):
        with zmq.Context() as context, context.socket(zmq.DEALER) as rude:
            rude.connect(f"ipc://{path}")
            rude.send_multipart([b"a", b"b", b"c"])
            rude.send(b"not json")
            assert await asyncio.to_thread(rude.poll, 2000)
            assert b"ipc.bad_request" in rude.recv()
        assert (await client.request(STATE, 2.0))["ok"]
