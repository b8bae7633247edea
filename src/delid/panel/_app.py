"""The FastAPI application: the API, the live channel, the page, and the shape of every refusal."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from delid.core import Clock, DelidError, SystemClock
from delid.ipc import SocketPaths

from ._guard import Guard
from ._openapi import API_VERSION, describe
from ._panel import Panel
from ._refusals import error_body, refusal, status_of
from ._settings import PanelSettings
from .api import CALLS, PREFIX, live

NO_PAGE = "The page is not built. Install delid with pip, which builds it: pip install -e .\n"
HTTP_CODES = {404: "panel.not_found", 405: "panel.method", 413: "panel.too_large", 415: "panel.wrong_type"}


def create_app(settings: PanelSettings, clock: Clock | None = None) -> FastAPI:
    """The panel of one cell.

    Raises IpcError ``ipc.path_too_long``. Nothing is opened before the application starts.
    """
    SocketPaths.of(settings.socket)
    time = clock or SystemClock()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.panel = Panel(settings, time)
        async with app.state.panel.running():
            yield

    # The interactive documentation would load scripts from elsewhere, so there is none.
    app = FastAPI(title="delid panel", version=API_VERSION, lifespan=lifespan, docs_url=None, redoc_url=None,
                  openapi_url=f"{PREFIX}/openapi.json")  # fmt: skip
    app.add_middleware(Guard, hosts=settings.hosts, tls=settings.tls)
    app.add_exception_handler(DelidError, _refused)
    app.add_exception_handler(RequestValidationError, _request_is_wrong)
    app.add_exception_handler(HTTPException, _no_such_call)
    app.add_exception_handler(Exception, _failed)
    for calls in CALLS:
        calls.add_to(app)
    app.websocket(f"{PREFIX}/live")(live)
    describe(app)
    _add_page(app, settings.static)
    return app


def _add_page(app: FastAPI, static: Path) -> None:
    if (static / "index.html").is_file():
        app.mount("/", StaticFiles(directory=static, html=True))
    else:
        app.router.add_route("/", lambda _: PlainTextResponse(NO_PAGE, 503))


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DelidError)
    return JSONResponse(error_body(error), status_of(error))


async def _request_is_wrong(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    message = f"{where}: {first['msg']}" if where else str(first["msg"])
    return JSONResponse(error_body(refusal("panel.bad_request", message)), 422)


async def _no_such_call(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    wrong = refusal(HTTP_CODES.get(error.status_code, "panel.bad_request"), str(error.detail))
    return JSONResponse(error_body(wrong), status_of(wrong), error.headers)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    """A fault of the program: it goes into the log, and out goes no word of it."""
    structlog.get_logger().error("panel.failed", path=request.url.path, error=repr(error))
    return JSONResponse(error_body(refusal("panel.failed", "The panel has failed at this.")), 500)
