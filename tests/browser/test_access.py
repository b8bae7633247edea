"""Who may do what at the page: nobody, the wrong role, a locked panel; Hold and Stop always."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from look import Station, button
from playwright.async_api import Browser, expect
from real_cell import SLOW_MS, add_people, give_pin, log_in, person

from cell_kit import REPOSITORY
from fake_cell import FakeCell, idle, snapshot
from panel_rig import PIN, panel_client, running_panel, set_up_panel

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def guarded(station: Station, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A panel of the station's cell where people log in."""
    data = tmp_path_factory.mktemp("guarded")
    async with set_up_panel(station.path, cell=REPOSITORY / "cell_configs/cells/demo.yaml", data=data) as address:
        await add_people(address)
        yield address


async def test_stop_needs_no_login_and_says_when_it_is_confirmed(
    cell: FakeCell, guarded: str, browser: Browser
) -> None:
    async with person(browser, guarded) as page:
        await expect(page.get_by_test_id("login")).to_contain_text("The cell: Execute", timeout=SLOW_MS)
        for name in ("Reset", "Start", "Clear", "Unhold"):
            await expect(button(page, name)).to_be_disabled()
        await button(page, "Stop").click()
        assert (await cell.told_within())["command"] == "Stop"
        cell.show(snapshot(packml="Stopped", allowed=["Reset"]))
        await expect(page.get_by_test_id("asked")).to_contain_text("Stop: confirmed by the devices", timeout=SLOW_MS)


async def test_a_wrong_password_and_a_wrong_role_are_refused(cell: FakeCell, guarded: str, browser: Browser) -> None:
    """The operator's page has no link to what an engineer may; its address, and the call behind it, are refused."""
    async with person(browser, guarded) as page:
        await page.get_by_label("Name").fill("olga")
        await page.get_by_label("Password").fill("not hers at all")
        await page.get_by_test_id("login").get_by_role("button", name="Log in").click()
        await expect(page.get_by_test_id("page-failure")).to_be_visible(timeout=SLOW_MS)
        await log_in(page, "olga")
        await expect(page.get_by_role("link", name="Recipes")).to_have_count(0)
        for place in ("recipes", "manual", "users"):
            await page.goto(f"{guarded}/#/{place}")
            await expect(page.get_by_test_id("wrong-role")).to_contain_text("This page takes the role")
        refused = await page.evaluate(
            """() => fetch("/api/v1/recipes/vw-meb-82-standard/draft", {method: "PUT", body: '{"text": ""}',
                 headers: {"Content-Type": "application/json", "Idempotency-Key": "press-it-once"}})
                 .then((r) => r.status)"""
        )
        assert refused == 403


async def test_a_locked_panel_looks_holds_and_stops_and_opens_with_the_pin(
    cell: FakeCell, guarded: str, browser: Browser
) -> None:
    cell.show(idle())
    async with person(browser, guarded) as page:
        await log_in(page, "olga")
        await page.get_by_role("button", name="Lock").click()
        await expect(page.get_by_test_id("who")).to_contain_text("Locked", timeout=SLOW_MS)
        await expect(page.get_by_test_id("checklist")).to_be_visible()
        await expect(button(page, "Start")).to_be_disabled()
        await button(page, "Hold").click()
        assert (await cell.told_within())["command"] == "Hold"
        await page.get_by_role("button", name="Unlock").click()
        await expect(button(page, "Stop")).to_be_enabled()
        await give_pin(page)
        await expect(button(page, "Start")).to_be_enabled(timeout=SLOW_MS)


async def test_the_first_admin_is_made_with_the_printed_link(
    cell: FakeCell, path: Path, browser: Browser, tmp_path: Path
) -> None:
    codes: list[str] = []
    async with (
        running_panel(path, open_as=None, on_set_up=codes.append, data=tmp_path) as address,
        person(browser, address) as page,
    ):
        await expect(page.get_by_test_id("login")).to_contain_text("Open the link", timeout=SLOW_MS)
        await page.goto(f"{address}/#setup={codes[0]}")
        await page.get_by_label("Name").fill("mara")
        await page.get_by_label("New password").fill("open the lid 4")
        await page.get_by_label("PIN").fill("358142")
        await page.get_by_role("button", name="Make the admin").click()
        await expect(page.get_by_test_id("who")).to_contain_text("mara", timeout=SLOW_MS)
        await expect(page.get_by_test_id("seen")).to_be_visible()
        async with panel_client(address) as client:
            assert (await client.get("/api/v1/session")).json()["set_up"] is True


WAYS = {
    "release": "window.dispatchEvent(new PointerEvent('pointerup'))",
    "pointer-cancel": "window.dispatchEvent(new PointerEvent('pointercancel'))",
    "blur": "window.dispatchEvent(new Event('blur'))",
    "tab change": "document.dispatchEvent(new Event('visibilitychange'))",
    "page left": "location.hash = '#/operate'",
}
"""Besides the socket's loss, which a test with a real cell shows."""
STEP_UP = """(pin) => fetch("/api/v1/session/step-up", {method: "POST", body: JSON.stringify({pin}),
    headers: {"Content-Type": "application/json"}}).then((r) => r.status)"""


async def test_a_held_direction_is_let_go_in_every_way(cell: FakeCell, guarded: str, browser: Browser) -> None:
    jog = {"why_not": [], "feed_mm_s": 20.0, "hold_s": 0.6, "limits_mm": {}, "press": None, "by": None, "axis": None,
           "ending": "", "ended": ""}  # fmt: skip
    cell.show(snapshot(mode="manual", modes=["manual"], jog=jog))
    async with person(browser, guarded) as page:
        await log_in(page, "emil")
        stepped = await page.evaluate(STEP_UP, PIN)
        assert stepped == 200
        for way, script in WAYS.items():
            await page.evaluate("location.hash = '#/manual'")
            hold = page.get_by_role("button", name="Hold y-")
            await expect(hold).to_be_enabled(timeout=SLOW_MS)
            await hold.hover()
            cell.told.clear()
            await page.mouse.down()
            press = (await cell.told_within(op="jog"))["press"]
            await page.evaluate(script)
            assert await cell.told_within(op="end_jog") == {"op": "end_jog", "press": press}, way
            await page.mouse.up()
