"""Who may do what at the page: nobody, the wrong role, a locked panel; Hold and Stop always."""

from __future__ import annotations

from pathlib import Path

import pytest
from look import button
from playwright.async_api import Browser, expect
from real_cell import SLOW_MS, add_people, give_pin, log_in, person

from cell_kit import REPOSITORY
from fake_cell import FakeCell, idle, panel_client, running_panel, set_up_panel, snapshot

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_stop_needs_no_login_and_a_wrong_role_is_refused(
    cell: FakeCell, path: Path, browser: Browser, built_page: None
) -> None:
    cell.state = snapshot(modes=["production"])
    async with set_up_panel(path, cell=REPOSITORY / "cell_configs/cells/demo.yaml") as address:
        await add_people(address)
        page = await person(browser, address)
        await expect(page.get_by_test_id("login")).to_contain_text("The cell: Execute", timeout=SLOW_MS)
        for name in ("Reset", "Start", "Clear", "Unhold"):
            await expect(button(page, name)).to_be_disabled()
        await button(page, "Stop").click()
        assert (await cell.told_within())["command"] == "Stop"
        cell.show(snapshot(packml="Stopped", allowed=["Reset"]))
        await expect(page.get_by_test_id("asked")).to_contain_text("Stop: confirmed by the devices", timeout=SLOW_MS)

        await page.get_by_label("Name").fill("olga")
        await page.get_by_label("Password").fill("not hers at all")
        await page.get_by_test_id("login").get_by_role("button", name="Log in").click()
        await expect(page.get_by_test_id("page-failure")).to_be_visible(timeout=SLOW_MS)
        await log_in(page, "olga")
        await expect(page.get_by_role("link", name="Recipes")).to_have_count(0)
        for place in ("recipes", "manual", "users"):
            await page.goto(f"{address}/#/{place}")
            await expect(page.get_by_test_id("wrong-role")).to_contain_text("This page takes the role")
        refused = await page.evaluate(
            """() => fetch("/api/v1/recipes/vw-meb-82-standard/draft", {method: "PUT", body: '{"text": ""}',
                 headers: {"Content-Type": "application/json", "Idempotency-Key": "press-it-once"}})
                 .then((r) => r.status)"""
        )
        assert refused == 403
        await page.context.close()


async def test_a_locked_panel_looks_holds_and_stops_and_opens_with_the_pin(
    cell: FakeCell, path: Path, browser: Browser, built_page: None
) -> None:
    cell.state = idle()
    async with set_up_panel(path) as address:
        await add_people(address)
        page = await person(browser, address)
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
        await page.context.close()


async def test_the_first_admin_is_made_with_the_printed_link(
    cell: FakeCell, path: Path, browser: Browser, built_page: None
) -> None:
    codes: list[str] = []
    async with running_panel(path, open_as=None, on_set_up=codes.append) as address:
        page = await person(browser, address)
        await expect(page.get_by_test_id("login")).to_contain_text("Open the link", timeout=SLOW_MS)
        await page.goto(f"{address}/#setup={codes[0]}")
        await page.get_by_label("Name").fill("mara")
        await page.get_by_label("New password").fill("open the lid 4")
        await page.get_by_label("PIN").fill("358142")
        await page.get_by_role("button", name="Make the admin").click()
        await expect(page.get_by_test_id("who")).to_contain_text("mara", timeout=SLOW_MS)
        await expect(page.get_by_test_id("seen")).to_be_visible()
        await page.context.close()
        async with panel_client(address) as client:
            assert (await client.get("/api/v1/session")).json()["set_up"] is True
