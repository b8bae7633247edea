"""Guards for every test: loopback only, and nothing left open behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import os
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

REPOSITORY = Path(__file__).resolve().parent.parent
LOOPBACK = ("127.", "::1", "localhost")


IN_LINE = (
    "bench/",
    "browser/",
    "contract/test_demo.py",
    "contract/test_jog_line.py",
    "contract/test_motion_jog.py",
    "contract/test_serve.py",
    "faults/test_jog_faults.py",
    "faults/test_processes.py",
)
"""Tests that run a whole cell, measure, or hold a dead man's button: one after the other before all others."""
TRAINING = "unit/training/test_whole_path.py"
"""Takes longest by itself, so that it begins at once."""
TALKING = ("contract/", "faults/")
"""Tests that talk with devices and processes: they need little of the machine, and that at once."""
BEHIND = 5
"""How far all others stand back (niceness)."""


FIRST = os.getpriority(os.PRIO_PROCESS, 0)
"""The niceness that the tests were started with."""


def file_of(item: pytest.Item) -> str:
    """Its file, below ``tests``."""
    return item.path.relative_to(REPOSITORY / "tests").as_posix()


class InLineScheduling(LoadFileScheduling):
    """Where tests run side by side, a file stays together, and whole cells stand in one line."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "in line" if file.removeprefix("tests/").startswith(IN_LINE) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> InLineScheduling:
    """Our own, because marks of groups reach xdist by a node's name, which pytest 9.2 no longer lets it change."""
    return InLineScheduling(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Side by side, tests that reckon stand back before a whole cell: its PLC wants heartbeats."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        wanted = FIRST if file_of(item).startswith((*IN_LINE, *TALKING)) else max(BEHIND, FIRST)
        if wanted != os.getpriority(os.PRIO_PROCESS, 0):
            with contextlib.suppress(PermissionError):  # to come to the front again is for root
                os.setpriority(os.PRIO_PROCESS, 0, wanted)


@pytest.fixture
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every address but loopback and Unix sockets."""
    real_connect = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"a test tried to reach {address!r}; only loopback is allowed")
        real_connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


def _open_sockets() -> set[str]:
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found


@pytest.fixture(autouse=True)
def _nothing_left_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread or a socket behind; browser tests share one browser and are exempt."""
    if request.node.get_closest_marker("browser"):
        yield
        return
    threads, sockets = set(threading.enumerate()), _open_sockets()
    yield
    for thread in set(threading.enumerate()) - threads:
        thread.join(2.0)
    left = [t.name for t in threading.enumerate() if t not in threads and t.is_alive()]
    assert not left, f"threads left running: {left}"
    if _open_sockets() - sockets:
        gc.collect()
    assert not _open_sockets() - sockets, "sockets left open"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest lines first; an asynchronous test is held to leave nothing behind."""
    items.sort(key=lambda item: (not file_of(item).startswith(IN_LINE), file_of(item) != TRAINING))
    for item in items:
        if inspect.iscoroutinefunction(getattr(item, "function", None)):
            item.add_marker(pytest.mark.usefixtures("no_task_left"))


@pytest.fixture
async def no_task_left() -> AsyncIterator[None]:
    """Fail an asynchronous test that leaves a task behind."""
    yield
    me = asyncio.current_task()
    left = [t for t in asyncio.all_tasks() if t is not me and not t.done()]
    assert not left, f"tasks left running: {left}"
