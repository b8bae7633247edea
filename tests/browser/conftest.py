"""A browser that reaches nothing but this machine, in front of the panel as it is built from its sources."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, Request, Route, async_playwright, expect

from fake_cell import FakeCell, running_cell, running_panel

EXPECTED = ("net::ERR", "status of", "willReadFrequently")
"""Failed requests that a test causes, and advice about its own reading of the canvas."""
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
    root = Path(__file__).resolve().parent.parent.parent
    spec = importlib.util.spec_from_file_location("hatch_build", root / "hatch_build.py")
    assert spec
    assert spec.loader
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    hook.build_page(root)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cell.sock"


@pytest_asyncio.fixture(loop_scope="session")
async def cell(path: Path) -> AsyncIterator[FakeCell]:
    async with running_cell(path) as cell:
        yield cell


@pytest_asyncio.fixture(loop_scope="session")
async def address(path: Path, built_page: None) -> AsyncIterator[str]:
    async with running_panel(path) as address:
        yield address


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """One browser for all tests; it resolves no name at all."""
    flags = [
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ]
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

    async def keep_out(route: Route) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            await route.continue_()
        else:
            await route.abort()

    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    await context.route("**/*", keep_out)
    context.on("request", requested)
    context.on("console", logged)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    page = await context.new_page()
    page.set_default_timeout(30_000)
    yield page
    await context.close()
    assert strangers == [], "the page must ask no other machine"
    assert complaints == []
