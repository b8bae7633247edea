"""The operator's page and its server: shows what the cell says and passes on what a person asks. Opens no device."""

from ._app import create_app, openapi_text
from ._guard import hosts_for
from ._serve import bind, serve_panel

__all__ = ["bind", "create_app", "hosts_for", "openapi_text", "serve_panel"]
