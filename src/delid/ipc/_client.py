"""The panel's end of the line: requests with a deadline, the newest state, the newest frame."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import zmq
import zmq.asyncio

from delid.core import Clock, IpcError, SystemClock

from ._messages import Message, check_request, decode_frame, decode_object, encode_request
from ._socket import SocketPaths

NO_ANSWER_HINT = (
    "Check that the cell process is running (delid cell). "
    "If the machine must stop now, use the hardwired switches at the cell."
)
RENEW_S = 0.5
"""How often a waiting reader repeats its wish, so that a restarted cell learns of it."""


class CellClient:
    """Talks to the cell process behind ``socket_path``; a cell that restarts is found again without a new client."""

    def __init__(self, socket_path: Path, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._paths = SocketPaths.of(socket_path)
        self._context = zmq.asyncio.Context(io_threads=1)
        self._readers: dict[str, _Reader] = {}

    async def request(self, message: Message, deadline_s: float) -> Message:
        """Send one request and return the reply; raises IpcError ``ipc.no_answer`` after ``deadline_s`` seconds.

        Requests do not wait for each other. One that found no answer is not sent later, and the cell ignores it
        when it arrives late, unless it is Stop, Hold or Abort.
        """
        data = encode_request(check_request(message), self._clock.now_s() + deadline_s)
        socket = _dealer(self._context, self._paths.requests)
        try:
            async with asyncio.timeout(deadline_s):
                await socket.send(data)
                return decode_object(await socket.recv())
        except TimeoutError as error:
            what = message.get("command", message["op"])
            raise IpcError(
                f"The cell process did not answer '{what}' within {deadline_s:g} s.",
                hint=NO_ANSWER_HINT,
                code="ipc.no_answer",
            ) from error
        finally:
            socket.close(linger=0)

    async def next_state(self, deadline_s: float) -> Message:
        """The newest snapshot that this client has not had yet; raises IpcError ``ipc.no_state``.

        At once if there is one, else when it comes; for one caller at a time.
        """
        return decode_object(await self._reader("state").next(deadline_s))

    async def next_frame(self, deadline_s: float) -> tuple[bytes, Message]:
        """The newest JPEG that this client has not had yet, and its meta data; raises IpcError ``ipc.no_frame``."""
        return decode_frame(await self._reader("frame").next(deadline_s))

    def close(self) -> None:
        """Close all sockets; end what waits on them first."""
        self._context.destroy(linger=0)

    def _reader(self, topic: str) -> _Reader:
        if topic not in self._readers:
            self._readers[topic] = _Reader(_dealer(self._context, self._paths.values), topic)
        return self._readers[topic]


class _Reader:
    """Asks for one topic, one value at a time, and says which version it has already."""

    def __init__(self, socket: zmq.asyncio.Socket, topic: str) -> None:
        self._socket = socket
        self._topic = topic
        self._tags = itertools.count(1)
        self._seen = b""

    async def next(self, deadline_s: float) -> bytes:
        try:
            async with asyncio.timeout(deadline_s):
                while True:
                    tag = str(next(self._tags)).encode()
                    await self._socket.send_multipart([self._topic.encode(), tag, self._seen])
                    if (data := await self._delivered(tag)) is not None:
                        return data
        except TimeoutError as error:
            raise IpcError(
                f"The cell process sent no {self._topic} for {deadline_s:g} s.",
                hint=NO_ANSWER_HINT,
                code=f"ipc.no_{self._topic}",
            ) from error

    async def _delivered(self, tag: bytes) -> bytes | None:
        """The value that answers the wish ``tag``, or None when it is time to repeat the wish."""
        try:
            async with asyncio.timeout(RENEW_S):
                while True:
                    parts = await self._socket.recv_multipart()
                    if len(parts) == 3 and parts[0] == tag:
                        self._seen = parts[1]
                        return parts[2]
        except TimeoutError:
            return None


def _dealer(context: zmq.asyncio.Context, path: Path) -> zmq.asyncio.Socket:
    socket: zmq.asyncio.Socket = context.socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.IMMEDIATE, 1)  # never queue for a cell that is not there
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, 500)
    socket.connect(f"ipc://{path}")
    return socket
