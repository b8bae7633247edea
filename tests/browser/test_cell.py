"""People at the page in front of a real cell process with simulated devices: whole runs, cut lines, held fingers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from look import button
from playwright.async_api import Browser, Page, WebSocketRoute, expect
from real_cell import (
    SLOW_MS,
    WORDS,
    RealCell,
    add_people,
    answer,
    give_pin,
    log_in,
    person,
    real_cell,
    reset_and_start,
    state_is,
    until_complete,
)

from cell_kit import CellRig
from fake_cell import running_panel, set_up_panel

pytestmark = [
    pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400),
]  # fmt: skip


async def cut_line(page: Page) -> list[WebSocketRoute]:
    """Take the page's live channel into the test's hands; the list has the channels that were opened."""
    lines: list[WebSocketRoute] = []

    async def line(route: WebSocketRoute) -> None:
        lines.append(route)
        route.connect_to_server()

    await page.route_web_socket("**/api/v1/live**", line)
    return lines


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_whole_run_from_login_to_record(
    browser: Browser, built_page: None, tmp_path: Path, language: str
) -> None:
    """The damaged pack: one bolt is seized, one head is round, so that a failed bolt is answered on the way."""
    async with real_cell(tmp_path) as cell:
        page = await person(browser, cell.address, language)
        await log_in(page, "olga", language)
        await reset_and_start(page, language)
        asked = await until_complete(page, cell.rig)
        await state_is(page, WORDS[language]["Complete"])
        assert any("What now?" in text for text in asked), "a failed bolt was answered"
        await page.get_by_role("link", name=WORDS[language]["Runs"]).click()
        await page.get_by_test_id("runs").locator("tbody a").first.click()
        run = page.get_by_test_id("run")
        await expect(run).to_contain_text("vw-meb-82/", timeout=SLOW_MS)
        await expect(run).to_contain_text("olga")
        assert await page.get_by_test_id("timeline").locator("li").count() > 40
        await expect(page.get_by_test_id("files")).to_contain_text("recording.mcap")
        await page.goto(page.url.replace("#/runs/", "#/battery/run:"))
        await expect(page.get_by_test_id("battery")).to_contain_text("vw-meb-82", timeout=SLOW_MS)
        await page.context.close()


async def test_two_operators_a_cut_line_and_a_new_panel_in_one_run(
    browser: Browser, built_page: None, tmp_path: Path
) -> None:
    """Both see the same; the second answers what the first started; stop works over a dead line and is confirmed."""
    async with CellRig(tmp_path, "vw-meb-82-clean", 20.0) as rig:
        async with set_up_panel(rig.socket, cell=rig.cell_file) as address:
            await add_people(address)
            first, second = await person(browser, address), await person(browser, address, "zh")
            await log_in(first, "olga")
            await log_in(second, "mara", "zh")
            await reset_and_start(first)
            await state_is(second, WORDS["zh"]["Execute"])
            await two_see_one_question(first, second, rig)
            port = int(address.rsplit(":", 1)[1])
        await expect(first.get_by_test_id("lost")).to_be_visible(timeout=SLOW_MS)
        before = await rig.state()
        await rig.until(lambda s: s["steps_done"] > before["steps_done"])
        # the same users and sessions, the same address
        async with running_panel(rig.socket, port, cell=rig.cell_file, open_as=None):
            await expect(first.get_by_test_id("line")).to_contain_text("Live", timeout=SLOW_MS)
            await expect(first.get_by_test_id("missed")).to_contain_text("steps done")
            await stop_over_a_cut_line(first, rig)
        for page in (first, second):
            await page.context.close()


async def two_see_one_question(first: Page, second: Page, rig: CellRig) -> None:
    await rig.until(lambda s: s["question"] is not None)
    for page in (first, second):
        await expect(page.get_by_test_id("question")).to_be_visible(timeout=SLOW_MS)
    while (await rig.until(lambda s: s["question"] is not None or s["steps_done"] >= 3))["question"] is not None:
        await answer(second, rig)
    await expect(first.get_by_test_id("question")).to_have_count(0, timeout=SLOW_MS)


async def stop_over_a_cut_line(page: Page, rig: CellRig) -> None:
    lines = await cut_line(page)
    await page.reload()
    await expect(page.get_by_test_id("line")).to_contain_text("Live", timeout=SLOW_MS)
    await page.route_web_socket("**/api/v1/live**", lambda route: None)  # from now on nothing comes over it
    await lines[-1].close(code=1011)
    await expect(page.get_by_test_id("lost")).to_be_visible(timeout=SLOW_MS)
    await button(page, "Stop").click()
    await expect(page.get_by_test_id("asked")).to_contain_text("confirmed by the devices", timeout=SLOW_MS)
    assert (await rig.state())["packml"] == "Stopped"


async def test_a_held_direction_is_let_go_by_blur_and_by_the_line(
    browser: Browser, built_page: None, tmp_path: Path
) -> None:
    async with real_cell(tmp_path, "vw-meb-82-clean", 10.0) as cell:
        page = await person(browser, cell.address)
        lines = await cut_line(page)
        await log_in(page, "emil")
        await page.get_by_role("link", name="Manual").click()
        await page.get_by_test_id("modes").get_by_role("button", name="manual").click()
        await give_pin(page)
        await expect(page.get_by_test_id("mode")).to_contain_text("manual", timeout=SLOW_MS)
        await page.get_by_role("link", name="Operate").click()
        await reset_and_start(page)
        await page.get_by_role("link", name="Manual").click()
        await held_until(page, cell, lambda: page.evaluate("window.dispatchEvent(new Event('blur'))"))
        await held_until(page, cell, lambda: lines[-1].close(code=1011))
        await page.context.close()


async def held_until(page: Page, cell: RealCell, let_go: Callable[[], Awaitable[Any]]) -> None:
    """Hold a direction until the robot moves; ``let_go`` is what ends it, with the finger still down."""
    button = page.get_by_role("button", name="Hold x+")
    await expect(button).to_be_enabled(timeout=SLOW_MS)
    began = (await cell.rig.state())["devices"]["motion"]["pose_mm"][0]
    await button.hover()
    await page.mouse.down()
    await cell.rig.until(lambda s: s["devices"]["motion"]["pose_mm"][0] > began + 1)
    await let_go()
    state = await cell.rig.until(lambda s: s["jog"]["press"] is None and s["devices"]["motion"]["state"] != "moving")
    stood = state["devices"]["motion"]["pose_mm"][0]
    await page.wait_for_timeout(500)
    assert (await cell.rig.state())["devices"]["motion"]["pose_mm"][0] == stood, "nothing moves on by itself"
    await page.mouse.up()
