"""The description of the API: what FastAPI knows, and what it cannot know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ._events import EventOut
from ._models import Act, ErrorOut
from .api import COOKIE, MESSAGES, REFUSALS

API_VERSION = "1.1.0"
"""Of the API, not of delid. The second number goes up when something is added, the first when something breaks."""
ABOUT = """The API of a delid panel; docs/api.md tells how it is used.

Each state-changing call carries an `Idempotency-Key`. `x-role` is the least role a call needs, `x-scope` the scope a
token needs, `x-step-up` says that it takes the PIN. The live channel is the WebSocket `/api/v1/live`; its messages are
the schemas that begin with `Live`."""
SCHEMES = {
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Set by login; `__Host-` over HTTPS."},
    "token": {"type": "http", "scheme": "bearer", "description": "A token that an admin made."},
}


def describe(app: FastAPI) -> None:
    """Let the application describe itself completely."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
            schemas = found["components"]["schemas"]
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            for model in (Act, ErrorOut, EventOut):
                schemas.setdefault(model.__name__, model.model_json_schema())
            schemas.update(MESSAGES)
            found["components"]["schemas"] = dict(sorted(schemas.items()))
            found["components"]["responses"] = _shared_answers(found["paths"])
            found["components"]["securitySchemes"] = SCHEMES
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _shared_answers(paths: dict[str, Any]) -> dict[str, Any]:
    """Refusals are described once; each call only refers to them."""
    shared: dict[str, Any] = {}
    for call in (call for methods in paths.values() for call in methods.values()):
        for status, answer in call["responses"].items():
            if int(status) in REFUSALS:
                shared[f"Refused{status}"] = answer
                call["responses"][status] = {"$ref": f"#/components/responses/Refused{status}"}
    return shared


def openapi_text() -> str:
    """The description of the API as it is committed in ``docs/openapi.json``."""
    from ._app import create_app
    from ._settings import PanelSettings

    app = create_app(PanelSettings(socket=Path("cell.sock"), data=Path("panel")))
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"
