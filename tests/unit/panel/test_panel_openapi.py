"""The committed description of the API, and the names that the panel shows to others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import delid.panel
from delid.core import IpcError
from delid.panel import PanelSettings, create_app, openapi_text


def test_the_description_fits_the_code(repository: Path) -> None:
    committed = json.loads((repository / "docs" / "openapi.json").read_text())
    assert committed == json.loads(openapi_text()), "write it anew, as docs/api.md says"


def test_the_public_names() -> None:
    assert delid.panel.__all__ == [
        "Cost", "PanelSettings", "Rate", "Role", "Times", "Tls", "bind", "create_app", "hosts_for", "is_loopback",
        "make_tls", "names_of", "openapi_text", "serve_panel",
    ]  # fmt: skip


def test_a_socket_path_that_is_too_long_stops_the_start() -> None:
    with pytest.raises(IpcError, match="107"):
        create_app(PanelSettings(socket=Path("/" + "x" * 200), data=Path("panel")))
