"""The live channel: states, events, acts and frames over one WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from delid.core import IpcError, PanelError

from .._live import HEARTBEAT_S, Watcher
from ..access import Person, Role, Scope, Via
from ._asking import panel_of
from ._route import person_of

NO_SESSION, POLICY, BUSY = 4401, 1008, 1013
"""Close codes: log in again; a foreign page; too many channels."""
MOST_CHANNELS = 64


async def live(socket: WebSocket) -> None:
    """JSON texts by ``type``; each ``frame`` is followed by its JPEG. The page says ``drawn`` after each frame."""
    panel = panel_of(socket)
    try:
        person = await person_of(socket, panel.access)
        panel.access.check(person, Role.VIEWER, Scope.VIEW, looking=True)
    except PanelError:
        await _refuse(socket, NO_SESSION)
        return
    if person.via is Via.SESSION and "origin" not in socket.headers:
        await _refuse(socket, POLICY)  # a browser always says where a page comes from
    elif panel.live.watchers >= MOST_CHANNELS:
        await _refuse(socket, BUSY)
    else:
        await _serve(socket, person)


async def _serve(socket: WebSocket, person: Person) -> None:
    panel = panel_of(socket)
    await socket.accept()
    channel = secrets.token_urlsafe(9)
    wants = socket.query_params
    after = (
        int(wants["after"]) if wants.get("after", "").isdigit() and wants.get("series") == panel.events.series else None
    )
    watcher = Watcher(panel.live, panel.clock, after, frames=wants.get("frames", "1") != "0")
    changed = panel.live.watch()
    panel.presses.open(channel)
    listening = asyncio.create_task(_listen(socket, watcher, changed))
    try:
        await socket.send_json({"type": "hello", "live": channel, "series": panel.events.series,
                                "last": panel.events.last, "version": panel.version})  # fmt: skip
        while not listening.done():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), HEARTBEAT_S)
            changed.clear()
            if not _still_welcome(socket, person):
                await socket.close(NO_SESSION)
                return
            for message in watcher.messages():
                await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_json(message))
    except WebSocketDisconnect:
        pass
    finally:
        panel.live.unwatch(changed)
        await _let_go(socket, panel.presses.close(channel))
        listening.cancel()
        # KeyError: a page that sends bytes where text is due
        with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, KeyError, RuntimeError):
            await listening


async def _listen(socket: WebSocket, watcher: Watcher, changed: asyncio.Event) -> None:
    while True:
        if await socket.receive_text() == "drawn":
            watcher.frame_drawn()
            changed.set()


async def _let_go(socket: WebSocket, presses: list[str]) -> None:
    """The channel is cut: whoever held a direction over it holds it no more."""
    for press in presses:
        with contextlib.suppress(IpcError):  # without signals the cell stops by itself
            await panel_of(socket).ask({"op": "end_jog", "press": press})


def _still_welcome(socket: WebSocket, person: Person) -> bool:
    """False once the session has ended or its user was disabled."""
    if person.via is not Via.SESSION:
        return True
    access = panel_of(socket).access
    user = access.users.find(person.name)
    return access.sessions.by_digest(person.session) is not None and user is not None and not user.disabled


async def _refuse(socket: WebSocket, code: int) -> None:
    """Accept and close with a code that a page can read; nothing is told before."""
    await socket.accept()
    if socket.application_state is WebSocketState.CONNECTED:
        await socket.close(code)


def _message(kind: str, words: str, **fields: Any) -> dict[str, Any]:
    properties = {"type": {"type": "string", "const": kind}, **fields}
    return {"type": "object", "description": words, "required": list(properties), "properties": properties}


_ANY: dict[str, Any] = {"type": "object", "additionalProperties": True}
_STATE = {"$ref": "#/components/schemas/Snapshot"}
MESSAGES: dict[str, Any] = {
    "LiveHello": _message("hello", "The first message.", live={"type": "string"}, series={"type": "string"},
                          last={"type": "integer"}, version={"type": "string"}),
    "LiveState": _message("state", "The newest state.", state=_STATE),
    "LiveCellGone": _message("cell_gone", "The cell process does not answer; its last state, now old.",
                             error={"$ref": "#/components/schemas/ErrorOut"},
                             state={"anyOf": [_STATE, {"type": "null"}]}),
    "LiveEvent": _message("event", "Something happened.", event={"$ref": "#/components/schemas/EventOut"}),
    "LiveAct": _message("act", "An act was taken, confirmed or given up.", act={"$ref": "#/components/schemas/Act"}),
    "LiveFrame": _message("frame", "A JPEG follows as the next, binary message.",
                          age_s={"anyOf": [{"type": "number"}, {"type": "null"}]}, meta=_ANY),
    "LiveHeartbeat": _message("heartbeat", "Nothing new; at least one message comes each second."),
}  # fmt: skip
