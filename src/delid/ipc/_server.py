"""The cell's end of the line. Nothing here waits for the panel: full pipes drop, old values give way to new ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import zmq
import zmq.asyncio

from delid.core import Clock, DelidError, IpcError, SystemClock

from ._latest import TOPICS, Delivery, Latest, Wish
from ._messages import Message, decode_request, encode, encode_frame, failure, is_calming
from ._socket import SocketPaths, listening_fd

Handler = Callable[[Message], Awaitable[Message]]

MAX_PENDING = 32
"""Requests being answered at once; more are refused, except those that calm the cell."""
MAX_REQUEST_BYTES = 65_536


class CellServer:
    """Serves one cell over two Unix sockets: ``socket_path`` for requests, and beside it ``.pub`` for values.

    Making it binds the sockets, with rights for this user only. Raises IpcError ``ipc.in_use`` when another cell
    process is alive on that path, ``ipc.path_too_long``, ``ipc.no_folder`` or ``ipc.no_socket``.
    """

    def __init__(self, socket_path: Path, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._latest = Latest(f"{self._clock.now_s():.6f}")
        self._paths = SocketPaths.of(socket_path)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=1)
        self._sockets: list[zmq.asyncio.Socket] = []
        self._bound: list[Path] = []
        self._closed = False
        try:
            self._requests = self._bind(self._paths.requests)
            self._values = self._bind(self._paths.values)
        except IpcError:
            self.close()
            raise

    async def run(self, handler: Handler) -> None:
        """Answer requests until cancelled; each has its own task, so that Stop never waits for another request.

        ``handler`` gets a checked request and returns the reply; a DelidError of it becomes the reply. Any other
        exception is a fault of the program and ends ``run``.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._serve_values())
            pending: set[asyncio.Task[None]] = set()
            while True:
                parts = await self._requests.recv_multipart()
                if len(parts) != 2:
                    continue
                peer, data = parts
                task = tasks.create_task(self._answer(peer, data, handler, len(pending) >= MAX_PENDING))
                pending.add(task)
                task.add_done_callback(pending.discard)

    def publish_state(self, snapshot: Message) -> None:
        """Publish a snapshot; a reader that is late gets the newest only. Never waits."""
        self._publish(b"state", encode(snapshot))

    def publish_frame(self, jpeg: bytes, meta: Message) -> None:
        """Publish a JPEG with its meta data; a reader that is late gets the newest only. Never waits."""
        self._publish(b"frame", encode_frame(jpeg, meta))

    @property
    def waiting(self) -> int:
        """How many readers wait for a new value now."""
        return self._latest.waiting

    def close(self) -> None:
        """Close the sockets and remove their files; what a peer has not taken yet is dropped."""
        if self._closed:
            return
        self._closed = True
        for socket in self._sockets:
            socket.close(linger=0)
        self._context.destroy(linger=0)
        for path in self._bound:
            path.unlink(missing_ok=True)

    def _bind(self, path: Path) -> zmq.asyncio.Socket:
        # The socket joins the running event loop with its first use, in run().
        socket = zmq.asyncio.Socket(self._context, zmq.ROUTER)
        self._sockets.append(socket)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_REQUEST_BYTES)
        descriptor = listening_fd(path)
        self._bound.append(path)
        socket.setsockopt(zmq.USE_FD, descriptor)
        socket.bind(f"ipc://{path}")
        return socket

    async def _answer(self, peer: bytes, data: bytes, handler: Handler, busy: bool) -> None:
        try:
            request, expires_at_s = decode_request(data)
            if not is_calming(request):
                if self._clock.now_s() > expires_at_s:
                    return  # its sender has given up; a Start must not come true later
                if busy:
                    raise IpcError("The cell has too many requests at once.", hint="Try again.", code="ipc.busy")
            reply = await handler(request)
        except DelidError as error:
            reply = failure(error)
        # A router drops what its peer does not take, so this never waits.
        await self._requests.send_multipart([peer, encode(reply)])

    async def _serve_values(self) -> None:
        while True:
            parts = await self._values.recv_multipart()
            if len(parts) != 4 or parts[1] not in TOPICS:
                continue
            if delivery := self._latest.want(Wish(*parts), self._clock.now_s()):
                self._deliver(delivery)

    def _publish(self, topic: bytes, data: bytes) -> None:
        if self._closed:
            return
        for delivery in self._latest.put(topic, data, self._clock.now_s()):
            self._deliver(delivery)

    def _deliver(self, it: Delivery) -> None:
        # Done when it returns: a router queues or drops, it does not wait.
        self._values.send_multipart([it.peer, it.tag, it.version, it.data])
