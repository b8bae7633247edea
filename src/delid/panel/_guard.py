"""Who may talk to the server: only pages that it served itself, under a name that it knows.

A foreign page in the same browser can send requests to this address (cross-site requests), or point a name of its own
at it (DNS rebinding). The first carries a foreign Origin, the second a foreign Host; both are refused.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ._refusals import error_body, refusal

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
ANY_ADDRESS = "*"
"""Stands for: any literal IP address, for a server bound to all of the machine's addresses."""

MAX_BODY_BYTES = 16_384
LARGER_BODIES: tuple[tuple[str, str, int], ...] = (
    ("PUT", r"/api/v1/packs/[^/]+/photos/[^/]+", 12 * 2**20),
    ("POST", r"/api/v1/packs/[^/]+/photos/archive", 64 * 2**20),
    ("PUT", r"/api/v1/record/photo", 12 * 2**20),
    ("POST", r"/api/v1/record/judgement", 2**18),
    ("PUT", r"/api/v1/recipes/[^/]+/draft", 2**20),
    ("POST", r"/api/v1/recipes/[^/]+/check", 2**20),
)
"""Method, path and size of what may be larger."""

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), serial=()",
}
NEVER_KEPT = {"Cache-Control": "no-store"}
"""For what the API answers; the page's own files may be kept."""
ONLY_TLS = {"Strict-Transport-Security": "max-age=31536000"}


def hosts_for(bound_host: str) -> tuple[str, ...]:
    """The host names under which a server bound to ``bound_host`` answers."""
    if bound_host in ("0.0.0.0", "::", ""):
        return (*LOOPBACK_NAMES, ANY_ADDRESS)
    return tuple(dict.fromkeys((bound_host.strip("[]").lower(), *LOOPBACK_NAMES)))


def is_loopback(host: str) -> bool:
    """True for an address that only this machine reaches."""
    name = host.strip("[]").lower()
    return name == "localhost" or (_is_address(name) and ipaddress.ip_address(name).is_loopback)


def why_refused(headers: Mapping[str, str], hosts: Iterable[str]) -> str | None:
    """Why a request with these headers (lower-case names) is refused, or None when it may pass."""
    host = headers.get("host", "")
    if not _host_known(host, tuple(hosts)):
        return f"the name '{host}' is not one this panel is served under"
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return f"it comes from a page of '{origin}'"
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return "it comes from a page of another site"
    return None


def _host_known(host: str, hosts: tuple[str, ...]) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    if not name:
        return False
    return name in hosts or (ANY_ADDRESS in hosts and _is_address(name))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Guard:
    """ASGI middleware: refuses foreign requests with 403 and large ones with 413, adds the security headers."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...], tls: bool = False) -> None:
        self._app = app
        self._hosts = hosts
        self._headers = SECURITY_HEADERS | (ONLY_TLS if tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = NEVER_KEPT if scope["path"].startswith("/api/") else {}
                MutableHeaders(scope=message).update(self._headers | own)
            await send(message)

        headers = Headers(scope=scope)
        if reason := why_refused(headers, self._hosts):
            await _refuse(scope, receive, send_guarded, 403, "panel.foreign", reason)
        elif _too_large(headers, most := _most_bytes(scope)):
            await _refuse(
                scope, receive, send_guarded, 413, "panel.too_large", f"over {most} bytes, or without a length"
            )
        else:
            await self._app(scope, receive, send_guarded)


def _most_bytes(scope: Scope) -> int:
    larger = (size for method, path, size in LARGER_BODIES
              if scope.get("method") == method and re.fullmatch(path, scope["path"]))  # fmt: skip
    return next(larger, MAX_BODY_BYTES)


def _too_large(headers: Headers, most_bytes: int) -> bool:
    length = headers.get("content-length", "0")
    return "transfer-encoding" in headers or not length.isdigit() or len(length) > 12 or int(length) > most_bytes


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, code: str, reason: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    error = refusal(code, f"The request was refused: {reason}.")
    await JSONResponse(error_body(error), status_code=status)(scope, receive, send)
