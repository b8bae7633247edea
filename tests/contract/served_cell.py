"""A cell on scripted devices that answers on its socket, for commands that talk to a running one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delid.cli._serving import CellService

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "engine"))
from harness import GOOD_TAGS as GOOD_TAGS
from test_executor import Cell


@pytest.fixture
async def cell(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cell]:
    monkeypatch.setattr("delid.config.Cell.socket_path", property(lambda self: tmp_path / "cell.sock"))
    made = Cell(repository, monkeypatch)
    serving = asyncio.create_task(CellService(made.executor).run())
    await made.settle()
    await made.connect()
    yield made
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await made.end()
