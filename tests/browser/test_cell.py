"""People at the page in front of a real cell process with simulated devices: whole runs, cut lines, held fingers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from look import button
from playwright.async_api import Browser, Page, WebSocketRoute, expect
from real_cell import (
    SLOW_MS,
    WORDS,
    RealCell,
    answer,
    give_pin,
    log_in,
    person,
    reset_and_start,
    state_is,
    until_complete,
)

pytestmark = [
    pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300),
]  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def plant(built_page: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealCell]:
    async with RealCell(tmp_path_factory.mktemp("plant")) as cell:
        yield cell


@pytest_asyncio.fixture(loop_scope="session")
async def cell(plant: RealCell) -> RealCell:
    """The cell at rest with a new pack."""
    await plant.next_pack()
    return plant


async def cut_line(page: Page) -> list[WebSocketRoute]:
    """Take the page's live channel into the test's hands; the list has the channels that were opened."""
    lines: list[WebSocketRoute] = []

    async def line(route: WebSocketRoute) -> None:
        lines.append(route)
        route.connect_to_server()

    await page.route_web_socket("**/api/v1/live**", line)
    return lines


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_whole_run_from_login_to_record(browser: Browser, cell: RealCell, language: str) -> None:
    async with person(browser, cell.address, language) as page:
        await log_in(page, "olga", language)
        await reset_and_start(page, language)
        await until_complete(page, cell.rig)
        await state_is(page, WORDS[language]["Complete"])
        await page.get_by_role("link", name=WORDS[language]["Runs"]).click()
        await page.get_by_test_id("runs").locator("tbody a").first.click()
        run = page.get_by_test_id("run")
        await expect(run).to_contain_text("vw-meb-82/", timeout=SLOW_MS)
        await expect(run).to_contain_text("olga")
        assert await page.get_by_test_id("timeline").locator("li").count() > 30
        await expect(page.get_by_test_id("files")).to_contain_text("recording.mcap")
        await expect(page.get_by_test_id("chart")).to_contain_text("Nm", timeout=SLOW_MS)
        await page.goto(page.url.replace("#/runs/", "#/battery/run:"))
        await expect(page.get_by_test_id("battery")).to_contain_text("vw-meb-82", timeout=SLOW_MS)


async def test_a_failed_bolt_is_answered(browser: Browser, cell: RealCell) -> None:
    """The head of lid.20 is round. The question fills the page, the answer is in the journal with who gave it."""
    async with person(browser, cell.address) as page:
        await log_in(page, "olga")
        await cell.start()
        while (found := (await cell.rig.until(lambda s: s["question"] is not None))["question"])["target"] != "lid.20":
            await answer(page, cell.rig)
        asked = page.get_by_test_id("question")
        await expect(asked).to_contain_text("lid.20", timeout=SLOW_MS)
        await expect(page.locator('[data-testid=overlay] [data-id="lid.20"]')).to_be_in_viewport(timeout=SLOW_MS)
        assert await asked.locator(".answers button").count() == len(found["answers"])
        words = await answer(page, cell.rig)
        assert "What now?" in words
        run = (await cell.rig.state())["run"]
        told = await page.evaluate(f"fetch('/api/v1/runs/{run}/timeline').then((r) => r.json())")
        answers = [line["data"] for line in told["lines"] if line["kind"] == "answer"]
        assert answers[-1]["by"] == "olga"
        assert answers[-1]["accepted"] is True


async def test_two_operators_at_once(browser: Browser, cell: RealCell) -> None:
    """Both see the same; the second answers what the first started, and an answer that comes late changes nothing."""
    async with person(browser, cell.address) as first, person(browser, cell.address, "zh") as second:
        await log_in(first, "olga")
        await log_in(second, "mara", "zh")
        await reset_and_start(first)
        await state_is(second, WORDS["zh"]["Execute"])
        question = (await cell.rig.until(lambda s: s["question"] is not None))["question"]
        for page in (first, second):
            await expect(page.get_by_test_id("question")).to_be_visible(timeout=SLOW_MS)
        await answer(second, cell.rig)
        late = await first.evaluate(
            """(id) => fetch(`/api/v1/questions/${encodeURIComponent(id)}/answer`, {method: "POST",
                 headers: {"Content-Type": "application/json", "Idempotency-Key": `late-${Date.now()}`},
                 body: '{"answer": "done"}'}).then((r) => r.status)""",
            question["id"],
        )
        assert late == 409
        await button(second, "停止").click()
        await state_is(first, "Stopped")
        await expect(second.get_by_test_id("asked")).to_contain_text("设备已确认", timeout=SLOW_MS)


async def test_the_panel_is_restarted_in_the_middle_of_a_run(browser: Browser, plant: RealCell) -> None:
    """The run goes on without it; the page finds the new one, is logged in there, and says what it missed."""
    cell = plant
    async with person(browser, cell.address) as page:
        await log_in(page, "olga")
        await cell.work()
        await expect(page.get_by_test_id("line")).to_contain_text("Live", timeout=SLOW_MS)
        await cell.end_panel()
        await expect(page.get_by_test_id("lost")).to_be_visible(timeout=SLOW_MS)
        before = await cell.rig.state()
        await cell.work(before["steps_done"] + 1)
        await cell.start_panel()
        await expect(page.get_by_test_id("line")).to_contain_text("Live", timeout=SLOW_MS)
        await expect(page.get_by_test_id("missed")).to_contain_text("step", timeout=SLOW_MS)
        await expect(page.get_by_test_id("who")).to_contain_text("olga")


async def test_stop_while_the_live_line_is_cut(browser: Browser, plant: RealCell) -> None:
    cell = plant
    async with person(browser, cell.address) as page:
        lines = await cut_line(page)
        await page.reload()
        await log_in(page, "olga")
        await cell.work()
        await expect(page.get_by_test_id("line")).to_contain_text("Live", timeout=SLOW_MS)
        await page.route_web_socket("**/api/v1/live**", lambda route: None)  # from now on nothing comes over it
        await lines[-1].close(code=1011)
        await expect(page.get_by_test_id("lost")).to_be_visible(timeout=SLOW_MS)
        await button(page, "Stop").click()
        await expect(page.get_by_test_id("asked")).to_contain_text("confirmed by the devices", timeout=SLOW_MS)
        await cell.rig.until(lambda s: s["packml"] == "Stopped")


async def test_a_held_direction_is_let_go_by_blur_and_by_the_line(browser: Browser, cell: RealCell) -> None:
    """And by nothing less: while the finger is down, the robot moves."""
    async with person(browser, cell.address) as page:
        lines = await cut_line(page)
        await page.reload()
        await log_in(page, "emil")
        await page.get_by_role("link", name="Manual").click()
        await page.get_by_test_id("modes").get_by_role("button", name="manual").click()
        await give_pin(page)
        await expect(page.get_by_test_id("mode")).to_contain_text("manual", timeout=SLOW_MS)
        await cell.start()
        await held_until(page, cell, lambda: page.evaluate("window.dispatchEvent(new Event('blur'))"))
        await held_until(page, cell, lambda: lines[-1].close(code=1011))


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
    await asyncio.sleep(0.3)
    assert (await cell.rig.state())["devices"]["motion"]["pose_mm"][0] == stood, "nothing moves on by itself"
    await page.mouse.up()
