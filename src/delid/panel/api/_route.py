"""The way of every call: rate, person, gate, idempotency key, the act itself, audit. One order for all."""

from __future__ import annotations

import asyncio
import hashlib
import re
import sqlite3
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from delid.core import DelidError, PanelError

from .._refusals import refusal, status_of
from ..access import NOBODY, Access, Person, Via
from ._gate import KEY_HEADER, KEY_PATTERN, Gate, key_parameter
from ._replies import LARGEST_BODY, Kept, Replies

READING = {"GET", "HEAD"}
COOKIE, SECURE_COOKIE = "delid_session", "__Host-delid_session"
SMALL_BODY = 1_048_576
NOT_AUDITED = (413, 422, 429)
"""What never came to be an act; whoever floods the panel does not fill the list."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Route(APIRoute):
    """A call that states what it needs; one that does not is a fault of the program."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        extra = dict(options.get("openapi_extra") or {})
        self.gate: Gate = extra.pop("x-gate")
        self.reads = set(options.get("methods") or {"GET"}) <= READING
        if not self.reads and self.gate.keyed:
            extra["parameters"] = [key_parameter(required=not self.gate.calming)]
        options["openapi_extra"] = extra
        options["operation_id"] = options.get("operation_id") or endpoint.__name__
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Handler:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await _handled(request, self.gate, self.reads, self.operation_id or self.name, inner)

        return handle


async def person_of(connection: HTTPConnection, access: Access) -> Person:
    """Who is behind a request or a WebSocket; raises PanelError for a token that is not valid."""
    address = connection.client.host if connection.client else ""
    cookie = connection.cookies.get(SECURE_COOKIE if connection.url.scheme in ("https", "wss") else COOKIE)
    authorization = connection.headers.get("authorization", "")
    bearer = authorization[7:] if authorization[:7].lower() == "bearer " else None
    return await access.who(address, cookie, bearer)


async def _handled(request: Request, gate: Gate, reads: bool, what: str, inner: Handler) -> Response:
    access: Access = request.app.state.panel.access
    if not gate.calming:
        access.check_rate(request.client.host if request.client else "")
    person = await _person(request, access, gate)
    request.state.person = person
    status, code = 500, ""
    try:
        _check(access, person, gate, reads)
        if not gate.idle and (session := access.sessions.by_digest(person.session)):
            await _kept_going(access.sessions.touch(session), gate)
        response = await (inner(request) if reads or not gate.keyed else _once(request, person, gate, inner))
        status = response.status_code
        return response
    except DelidError as error:
        status, code = status_of(error), error.code
        raise
    finally:
        if not reads and gate.audited and status not in NOT_AUDITED:
            await _kept_going(_audited(request, request.state.person, what, status, code), gate)


async def _person(request: Request, access: Access, gate: Gate) -> Person:
    try:
        return await person_of(request, access)
    except (sqlite3.Error, PanelError):
        if not gate.calming:
            raise
        return Person(NOBODY, None, Via.NOBODY, request.client.host if request.client else "")


def _check(access: Access, person: Person, gate: Gate, reads: bool) -> None:
    if gate.role is None:
        return
    if gate.calming and (person.role is not None or person.is_local) and person.scopes is None:
        return
    access.check(person, gate.role, gate.scope, gate.step_up, looking=reads)


async def _once(request: Request, person: Person, gate: Gate, inner: Handler) -> Response:
    key = request.headers.get(KEY_HEADER)
    if key is None and gate.calming:
        return await inner(request)
    if key is None or not re.match(KEY_PATTERN, key):
        raise refusal("panel.bad_request", f"The header {KEY_HEADER} is missing or is not 8 to 80 letters and digits.")
    replies: Replies = request.app.state.panel.replies
    who, now_s = f"{person.via} {person.name}", request.app.state.panel.clock.wall_s()
    durable = gate.durable and not gate.calming
    if kept := await replies.earlier(who, key, await _fingerprint(request), now_s, durable=durable):
        return Response(kept.body, kept.status, {"Idempotency-Replayed": "true"}, kept.media_type)
    kept = None
    try:
        response = await inner(request)
        body = getattr(response, "body", None)
        if response.status_code < 300 and isinstance(body, bytes) and len(body) <= LARGEST_BODY:
            kept = Kept(response.status_code, body, response.media_type or "application/json")
        return response
    finally:
        await replies.keep(who, key, kept, secret=gate.secret)


async def _fingerprint(request: Request) -> str:
    """Of the whole request; of a large body its length, so that it is not read before its time."""
    length = request.headers.get("content-length", "0")
    body = await request.body() if int(length) <= SMALL_BODY else length.encode()
    digest = hashlib.sha256(body).hexdigest()
    return f"{request.method} {request.url.path}?{request.url.query} {digest}"


async def _audited(request: Request, person: Person, what: str, status: int, code: str) -> None:
    panel = request.app.state.panel
    try:
        await panel.access.audit.write(
            person, what, request.url.path, status, code, getattr(request.state, "detail", None)
        )
    except sqlite3.Error as error:
        structlog.get_logger().error("audit.lost", what=what, who=person.name, error=str(error))


async def _kept_going(work: Coroutine[Any, Any, None], gate: Gate) -> None:
    """Bookkeeping; a calming call does not wait for it."""
    if not gate.calming:
        await work
        return
    task = asyncio.create_task(work)
    BACKGROUND.add(task)
    task.add_done_callback(BACKGROUND.discard)


BACKGROUND: set[asyncio.Task[None]] = set()
"""Bookkeeping under way, held so that it is not collected."""
