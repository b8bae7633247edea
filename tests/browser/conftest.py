"""A browser that reaches nothing but this machine, in front of the panel as it is built from its sources.

One cell and one panel stand for all tests that need no users of their own; each test begins with the cell at work.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from look import Station
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright, expect

from fake_cell import FakeCell, running_cell, snapshot
from kiosk_unit import headless_flags
from panel_rig import running_panel

ROOT = Path(__file__).resolve().parent.parent.parent
EXPECTED = ("net::ERR", "status of", "willReadFrequently")
"""Failed requests that a test causes, and advice about its own reading of the canvas."""
ELSEWHERE = re.compile(r"^(?!http://127\.0\.0\.1[:/]|blob:|data:)")
expect.set_options(timeout=30_000)  # a browser, a cell and other tests share the machine
HOW_TO_INSTALL = "Chromium is missing; install it with: apt-get install chromium"


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        pytest.skip(HOW_TO_INSTALL)
    return found


@pytest.fixture(scope="session")
def built_page() -> None:
    """Build the page if its sources changed since, so that no test looks at an old one."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec
    assert spec.loader
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    hook.build_page(ROOT)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def station(built_page: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Station]:
    """A cell that says what a test tells it to say, and an open panel of the demonstration cell."""
    path = tmp_path_factory.mktemp("station") / "cell.sock"
    demo = ROOT / "cell_configs/cells/demo.yaml"
    async with running_cell(path) as cell, running_panel(path, cell=demo) as address:
        yield Station(cell, path, address)


@pytest.fixture
def path(station: Station) -> Path:
    return station.path


@pytest.fixture
def address(station: Station) -> str:
    return station.address


@pytest_asyncio.fixture(loop_scope="session")
async def cell(station: Station) -> FakeCell:
    """The cell, at work, with nothing told to it."""
    station.cell.told.clear()
    station.cell.no = None
    station.cell.show(snapshot())
    return station.cell


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """One browser for all tests, with the kiosk's own flags; it resolves no name at all."""
    flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", *headless_flags(ROOT)]
    assert any(flag.startswith("--host-resolver-rules=MAP * ~NOTFOUND") for flag in flags)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, address: str) -> AsyncIterator[Page]:
    """An empty page 1280 x 800; the test fails if anything asks for another machine or writes an error."""
    strangers: list[str] = []
    complaints: list[str] = []

    def requested(request: Request) -> None:
        if urlsplit(request.url).hostname not in ("127.0.0.1", None):
            strangers.append(request.url)

    def logged(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(w in message.text for w in EXPECTED):
            complaints.append(message.text)

    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    await context.route(ELSEWHERE, lambda route: route.abort())
    context.on("request", requested)
    context.on("console", logged)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    page = await context.new_page()
    page.set_default_timeout(30_000)
    yield page
    await context.close()
    assert strangers == [], "the page must ask no other machine"
    assert complaints == []
