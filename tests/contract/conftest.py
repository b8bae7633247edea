"""A panel that asks for a login, in front of a cell at rest, and its admin; for tests of who may do what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from fake_cell import FakeCell, idle, running_cell
from panel_rig import ADMIN, logged_in, panel_client, set_up_panel, written_cell


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of the cell's socket."""
    return tmp_path / "cell.sock"


@pytest.fixture
async def cell(path: Path) -> AsyncIterator[FakeCell]:
    async with running_cell(path) as cell:
        cell.state = idle()
        yield cell


@pytest.fixture
async def address(path: Path, cell: FakeCell, tmp_path: Path, repository: Path) -> AsyncIterator[str]:
    """Of a panel with one user: ADMIN."""
    async with set_up_panel(path, cell=written_cell(tmp_path, repository)) as address:
        yield address


@pytest.fixture
async def admin(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with panel_client(address) as client:
        await logged_in(client, *ADMIN)
        yield client
