"""The committed description of the API, and the names that the panel shows to others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import delid.panel
from delid.core import IpcError
from delid.panel import create_app, openapi_text


def test_the_description_fits_the_code(repository: Path) -> None:
    committed = json.loads((repository / "docs" / "openapi.json").read_text())
    assert committed == json.loads(openapi_text()), "write it anew, as docs/panel.md says"


def test_the_page_speaks_only_of_paths_that_exist(repository: Path) -> None:
    described = set(json.loads(openapi_text())["paths"])
    assert described == {
        "/api/state", "/api/command", "/api/answer", "/api/acknowledge", "/api/shelve", "/api/health",
    }  # fmt: skip
    source = (repository / "src/delid/panel/web/src/lib/api.ts").read_text()
    assert {part.split('"')[0] for part in source.split('post("')[1:]} <= described


def test_the_public_names() -> None:
    assert delid.panel.__all__ == ["bind", "create_app", "hosts_for", "openapi_text", "serve_panel"]


def test_a_socket_path_that_is_too_long_stops_the_start() -> None:
    with pytest.raises(IpcError, match="107"):
        create_app(Path("/" + "x" * 200))
