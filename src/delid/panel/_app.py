"""The FastAPI application: the cell's state, the person's commands, the live channel, the page."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles

from delid import __version__
from delid.core import Clock, Command, IpcError, SystemClock
from delid.ipc import CellClient, SocketPaths

from ._guard import LOOPBACK_NAMES, Guard
from ._live import HEARTBEAT_S, Live, Watcher
from ._models import AcknowledgeIn, AnswerIn, CommandIn, Done, Health, Refused, ShelveIn, Snapshot

STATIC = Path(__file__).parent / "static"
DEADLINE_S = 2.0
"""How long the cell has for an answer."""
BY = "panel"
NO_PAGE = "The page is not built. Install delid with pip, which builds it: pip install -e .\n"

REFUSALS: dict[int | str, dict[str, Any]] = {
    409: {"model": Refused, "description": "The cell says no, and why."},
    422: {"model": Refused, "description": "The request is wrong; the cell was not asked."},
    503: {"model": Refused, "description": "The cell process does not answer."},
}


def create_app(
    socket_path: Path, hosts: tuple[str, ...] = LOOPBACK_NAMES, clock: Clock | None = None, static: Path = STATIC
) -> FastAPI:
    """The panel of the cell behind ``socket_path``, served under the names ``hosts`` only.

    Raises IpcError ``ipc.path_too_long``. Nothing is opened before the application starts.
    """
    SocketPaths.of(socket_path)
    time = clock or SystemClock()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        client = CellClient(socket_path, time)
        app.state.client, app.state.live, app.state.clock = client, Live(client, time), time
        reading = asyncio.create_task(app.state.live.run())
        try:
            yield
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            client.close()

    # The interactive documentation would load scripts from elsewhere, so there is none.
    app = FastAPI(title="delid panel", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None,
                  openapi_url="/api/openapi.json")  # fmt: skip
    app.add_middleware(Guard, hosts=hosts)
    app.add_exception_handler(IpcError, _cell_does_not_answer)
    app.add_exception_handler(RequestValidationError, _request_is_wrong)
    _add_api(app)
    _add_page(app, static)
    return app


def openapi_text() -> str:
    """The description of the API as it is committed in ``docs/openapi.json``."""
    return json.dumps(create_app(Path("cell.sock")).openapi(), indent=2, ensure_ascii=False) + "\n"


def _add_api(app: FastAPI) -> None:
    app.get("/api/state", response_model=Snapshot, responses={503: REFUSALS[503]})(state)
    app.post("/api/command", response_model=Done, responses=REFUSALS)(command)
    app.post("/api/answer", response_model=Done, responses=REFUSALS)(answer)
    app.post("/api/acknowledge", response_model=Done, responses=REFUSALS)(acknowledge)
    app.post("/api/shelve", response_model=Done, responses=REFUSALS)(shelve)
    app.get("/api/health")(health)
    app.websocket("/ws")(live)


def _add_page(app: FastAPI, static: Path) -> None:
    if (static / "index.html").is_file():
        app.mount("/", StaticFiles(directory=static, html=True))
    else:
        app.get("/", include_in_schema=False)(lambda: PlainTextResponse(NO_PAGE, 503))


async def state(request: Request) -> JSONResponse:
    """The state of the cell, asked for now."""
    reply = await request.app.state.client.request({"op": "state"}, DEADLINE_S)
    return JSONResponse(reply.get("state")) if reply.get("ok") else _refused(reply)


async def command(request: Request, body: CommandIn) -> JSONResponse:
    """Pass a command on. Stop and Hold go straight to the cell; before Start the cell is asked how it stands."""
    client: CellClient = request.app.state.client
    if body.command is Command.START and (refusal := await _why_no_start(client)):
        return _refused({"error": refusal})
    return _outcome(await client.request({"op": "command", "command": body.command.value, "by": BY}, DEADLINE_S))


async def answer(request: Request, body: AnswerIn) -> JSONResponse:
    """Answer the question that the cell asks."""
    message = {"op": "answer", "question_id": body.question_id, "answer": body.answer, "by": BY}
    return _outcome(await request.app.state.client.request(message, DEADLINE_S))


async def acknowledge(request: Request, body: AcknowledgeIn) -> JSONResponse:
    """Say that a person has seen an alarm; its cause and what it stopped go on standing."""
    return _outcome(
        await request.app.state.client.request({"op": "acknowledge", "code": body.code, "by": BY}, DEADLINE_S)
    )


async def shelve(request: Request, body: ShelveIn) -> JSONResponse:
    """Take an alarm out of the way for a time; its interlock goes on working."""
    message = {"op": "shelve", "code": body.code, "by": BY, "reason": body.reason, "minutes": f"{body.minutes:g}"}
    return _outcome(await request.app.state.client.request(message, DEADLINE_S))


async def health(request: Request) -> Health:
    """Whether the panel is alive, and whether it hears the cell."""
    live: Live = request.app.state.live
    up = live.state is not None and live.error is None
    return Health(ok=True, version=__version__, cell_up=up, cell_age_s=live.cell_age_s)


async def live(socket: WebSocket) -> None:
    """State as JSON text, each frame as JSON text and then its JPEG; the page says ``drawn`` after each frame."""
    await socket.accept()
    live: Live = socket.app.state.live
    watcher = Watcher(live, socket.app.state.clock)
    changed = live.watch()

    async def listen() -> None:
        while True:
            if await socket.receive_text() == "drawn":
                watcher.frame_drawn()
                changed.set()

    listening = asyncio.create_task(listen())
    try:
        while not listening.done():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), HEARTBEAT_S)
            changed.clear()
            for message in watcher.messages():
                await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_json(message))
    except WebSocketDisconnect:
        pass
    finally:
        live.unwatch(changed)
        listening.cancel()
        # KeyError: a page that sends bytes where text is due
        with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, KeyError):
            await listening


async def _why_no_start(client: CellClient) -> dict[str, str] | None:
    reply = await client.request({"op": "state"}, DEADLINE_S)
    now = reply.get("state")
    if not reply.get("ok") or not isinstance(now, dict):
        return dict(
            reply.get("error") or _error("panel.no_state", "The cell does not say how it stands.", "Try again.")
        )
    open_points = [f"{point['name']} ({point.get('why', '')})" for point in now["reset_checklist"] if not point["ok"]]
    if Command.START.value not in now["allowed"]:
        return _error("panel.not_allowed", f"Start is not possible in {now['packml']}.", now.get("waiting_for", ""))
    if open_points:
        return _error(
            "panel.not_ready", f"Not ready: {'; '.join(open_points)}.", "Put that right, then hold Start again."
        )
    return None


def _outcome(reply: dict[str, Any]) -> JSONResponse:
    return JSONResponse(reply) if reply.get("ok") else _refused(reply)


def _refused(reply: dict[str, Any]) -> JSONResponse:
    error = reply.get("error") or _error("panel.refused", "The cell refused without a reason.", "")
    return JSONResponse({"ok": False, "error": error}, 409)


def _error(code: str, message: str, hint: str) -> dict[str, str]:
    return {"code": code, "message": message, "hint": hint}


async def _cell_does_not_answer(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, IpcError)
    return JSONResponse({"ok": False, "error": _error(error.code, error.message, error.hint)}, 503)


async def _request_is_wrong(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    message = f"{where}: {first['msg']}" if where else str(first["msg"])
    return JSONResponse({"ok": False, "error": _error("panel.bad_request", message, "Reload the page.")}, 422)
