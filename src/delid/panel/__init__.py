"""The operator's page and its server: shows what the cell says and passes on what a person asks. Opens no device."""

from ._app import create_app
from ._guard import hosts_for, is_loopback
from ._openapi import openapi_text
from ._serve import bind, serve_panel
from ._settings import PanelSettings
from .access import Cost, Rate, Role, Times, Tls, make_tls, names_of

__all__ = [
    "Cost",
    "PanelSettings",
    "Rate",
    "Role",
    "Times",
    "Tls",
    "bind",
    "create_app",
    "hosts_for",
    "is_loopback",
    "make_tls",
    "names_of",
    "openapi_text",
    "serve_panel",
]
