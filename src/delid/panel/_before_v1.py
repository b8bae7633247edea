"""The calls of the page that is there now, until it speaks version 1. In open mode only."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from .access import OPEN_NAME
from .api import live


def add_old_calls(app: FastAPI) -> None:
    async def state(request: Request) -> JSONResponse:
        reply = await request.app.state.panel.ask({"op": "state"})
        return JSONResponse(reply.get("state") if reply.get("ok") else reply, 200 if reply.get("ok") else 409)

    def passed_on(op: str) -> Any:
        async def call(request: Request) -> JSONResponse:
            body = json.loads(await request.body())
            if "minutes" in body:
                body["minutes"] = f"{body['minutes']:g}"
            reply = await request.app.state.panel.ask({"op": op, **body, "by": OPEN_NAME})
            return JSONResponse(reply, 200 if reply.get("ok") else 409)

        return call

    app.router.add_route("/api/state", state)
    for op in ("command", "answer", "acknowledge", "shelve"):
        app.router.add_route(f"/api/{op}", passed_on(op), methods=["POST"])
    app.websocket("/ws")(live)
