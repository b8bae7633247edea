"""Running the application under uvicorn, on a socket that is bound before anything else starts."""

from __future__ import annotations

import contextlib
import socket

import uvicorn
from fastapi import FastAPI

from delid.core import UsageError

from .access import Tls


def bind(host: str, port: int) -> socket.socket:
    """A TCP socket bound to ``host`` and ``port`` (0: any free port); raises UsageError ``usage.port``."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise _no_port(host, port, error) from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise _no_port(host, port, error) from error
    return bound


def server_config(app: FastAPI, tls: Tls | None = None) -> uvicorn.Config:
    """How the panel is served. Nobody but the peer itself says what its address is: there are no proxy headers."""
    return uvicorn.Config(
        app,
        proxy_headers=False,
        date_header=False,
        ssl_certfile=str(tls.certificate) if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
        log_level="warning",
        server_header=False,
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # frames are JPEG already
        ws_ping_interval=5.0,
        ws_ping_timeout=5.0,
        ws_max_size=4096,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=15,
        h11_max_incomplete_event_size=32_768,
    )


def serve_panel(app: FastAPI, bound: socket.socket, tls: Tls | None = None) -> None:
    """Serve until SIGINT or SIGTERM; over HTTPS with ``tls``."""
    config = server_config(app, tls)
    with bound, contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[bound])


def _no_port(host: str, port: int, error: OSError) -> UsageError:
    return UsageError(
        f"The panel cannot listen on {host} port {port}: {error.strerror or error}.",
        hint="Give another port with --port; 0 takes any free one.",
        code="usage.port",
    )
