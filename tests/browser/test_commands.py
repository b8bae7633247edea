"""The buttons: what can be pressed, what has to be held, and what works when the live line is dead."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from look import button, opened
from playwright.async_api import Browser, Page, WebSocketRoute, expect

from delid.core import UsageError
from fake_cell import FakeCell, idle, running_cell, snapshot
from panel_rig import running_panel

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

COMMANDS = ("Clear", "Reset", "Start", "Unhold", "Hold", "Stop")


async def on_its_own_clock(page: Page, address: str) -> None:
    """The page, whose time the test can let pass."""
    await page.clock.install()
    await opened(page, address)


async def test_only_allowed_commands_can_be_pressed_but_hold_and_stop_always(
    cell: FakeCell, address: str, page: Page
) -> None:
    await opened(page, address)
    for allowed in (["Stop", "Hold"], ["Reset"], ["Clear"], ["Start", "Stop"], ["Unhold", "Stop"], []):
        cell.show(snapshot(allowed=allowed))
        for name in COMMANDS:
            await expect(button(page, name)).to_be_visible()
            await expect(button(page, name)).to_be_enabled(enabled=name in (*allowed, "Hold", "Stop"))


async def test_start_needs_holding(cell: FakeCell, address: str, page: Page) -> None:
    cell.show(idle())
    await on_its_own_clock(page, address)
    await expect(page.get_by_test_id("checklist").locator("li")).to_have_count(6)
    await button(page, "Start").hover()
    await page.mouse.down()
    await page.clock.run_for(1000)
    share = await page.locator("[data-testid=commands] progress").evaluate("bar => bar.value")
    assert 0.5 < share < 0.95
    await page.mouse.up()
    await page.clock.run_for(800)
    assert cell.told == [], "let go too early"
    cell.show(idle())  # the page's clock runs ahead of the cell's: what it shows would soon be old
    await expect(page.get_by_test_id("line")).to_contain_text("Live")
    await expect(button(page, "Start")).to_be_enabled()
    await page.mouse.down()
    await page.clock.run_for(1600)
    assert await cell.told_within() == {"op": "command", "command": "Start", "by": "panel"}
    await page.mouse.up()
    await page.clock.run_for(2000)
    assert len(cell.told) == 1


@pytest.mark.parametrize("how", ["leave", "blur", "not_allowed_any_more"])
async def test_start_is_given_up(cell: FakeCell, address: str, page: Page, how: str) -> None:
    cell.show(idle())
    await on_its_own_clock(page, address)
    await expect(button(page, "Start")).to_be_enabled()
    await button(page, "Start").hover()
    await page.mouse.down()
    await page.clock.run_for(300)
    if how == "leave":
        await page.mouse.move(400, 300)
    elif how == "blur":
        await page.evaluate("window.dispatchEvent(new Event('blur'))")
    else:
        cell.show(idle(allowed=["Stop"]))
        await expect(button(page, "Start")).to_be_disabled()
    await page.clock.run_for(1800)
    assert cell.told == []
    assert await page.locator("[data-testid=commands] progress").evaluate("bar => bar.value") == 0
    await page.mouse.up()


async def test_start_can_be_held_with_the_keyboard(cell: FakeCell, address: str, page: Page) -> None:
    cell.show(idle())
    await on_its_own_clock(page, address)
    await expect(button(page, "Start")).to_be_enabled()
    await button(page, "Start").focus()
    await page.keyboard.down("Space")
    await page.clock.run_for(1400)
    await page.keyboard.up("Space")
    await page.clock.run_for(300)
    assert cell.told == []
    # the page's clock runs ahead of the cell's: what it shows would soon be old, and Start not allowed
    cell.show(idle())
    await expect(page.get_by_test_id("line")).to_contain_text("Live")
    await button(page, "Start").focus()
    await page.keyboard.down("Space")
    await page.clock.run_for(1600)
    assert (await cell.told_within())["command"] == "Start"
    await page.keyboard.up("Space")


async def test_start_is_held_and_let_slip_by_a_finger(cell: FakeCell, address: str, browser: Browser) -> None:
    cell.show(idle())
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, has_touch=True)
    page = await context.new_page()
    await on_its_own_clock(page, address)
    await expect(button(page, "Start")).to_be_enabled()
    await expect(page.get_by_test_id("checklist").locator("li")).to_have_count(6)
    box = await button(page, "Start").bounding_box()
    assert box
    finger = await context.new_cdp_session(page)

    async def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in places]
        await finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    on, off = (box["x"] + 30, box["y"] + 20), (box["x"] + 30, box["y"] - 200)
    await touch("touchStart", on)
    await page.clock.run_for(800)
    await touch("touchMove", off)
    await page.clock.run_for(1500)
    await touch("touchEnd")
    assert cell.told == []
    cell.show(idle())  # the page's clock runs ahead of the cell's
    await expect(page.get_by_test_id("line")).to_contain_text("Live")
    await expect(button(page, "Start")).to_be_enabled()
    await touch("touchStart", on)
    await page.clock.run_for(1600)
    assert (await cell.told_within())["command"] == "Start"
    await touch("touchEnd")
    await context.close()


async def test_stop_is_one_press_and_no_dialog(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    await button(page, "Stop").click()
    assert await cell.told_within(1.0) == {"op": "command", "command": "Stop", "by": "panel"}


async def test_stop_and_hold_work_when_the_live_line_is_dead(cell: FakeCell, address: str, page: Page) -> None:
    lines: list[WebSocketRoute] = []
    dead = False

    async def line(route: WebSocketRoute) -> None:
        if dead:
            await route.close(code=1011)
            return
        lines.append(route)
        route.connect_to_server()

    await page.route_web_socket("**/api/v1/live**", line)
    await opened(page, address)
    dead = True
    await lines[0].close(code=1011)
    await expect(page.get_by_test_id("lost")).to_contain_text("Stop and Hold still work", timeout=1000)
    await expect(page.get_by_test_id("line")).to_contain_text("old")
    for name in COMMANDS:
        await expect(button(page, name)).to_be_enabled(enabled=name in ("Stop", "Hold"))
    await button(page, "Hold").click()
    await button(page, "Stop").click()
    async with asyncio.timeout(3.0):
        while len(cell.told) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert [m["command"] for m in cell.told] == ["Hold", "Stop"]
    dead = False
    await expect(page.get_by_test_id("line")).to_contain_text("Live")
    await expect(page.get_by_test_id("lost")).to_have_count(0)


async def test_a_line_that_falls_silent_counts_as_lost(cell: FakeCell, address: str, page: Page) -> None:
    silent = False

    async def line(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def forward(message: str | bytes) -> None:
            if not silent:
                route.send(message)

        server.on_message(forward)

    await page.route_web_socket("**/api/v1/live**", line)
    await on_its_own_clock(page, address)
    silent = True
    await page.clock.run_for(1000)
    await expect(page.get_by_test_id("lost")).to_have_count(0)
    await page.clock.run_for(2500)
    await expect(page.get_by_test_id("lost")).to_be_visible(timeout=1000)


@pytest.mark.parametrize("other", [True, False], ids=["another panel", "the same panel"])
async def test_a_short_silence_is_told_where_another_panel_answers(
    cell: FakeCell, address: str, page: Page, other: bool
) -> None:
    """The panel that was there all the time tells events by itself; one that began anew knows of none."""
    lines: list[WebSocketRoute] = []

    async def line(route: WebSocketRoute) -> None:
        begun_anew = other and bool(lines)
        lines.append(route)

        def forward(message: str | bytes) -> None:
            said = json.loads(message) if begun_anew and isinstance(message, str) else {}
            route.send(json.dumps(said | {"series": "another"}) if said.get("type") == "hello" else message)

        route.connect_to_server().on_message(forward)

    await page.route_web_socket("**/api/v1/live**", line)
    before = snapshot()
    cell.show(before)
    await opened(page, address)
    await expect(page.get_by_test_id("line")).to_contain_text("Live")
    await lines[0].close(code=1011)
    await expect(page.get_by_test_id("lost")).to_be_visible()
    cell.show(before | {"at": before["at"] + 0.5, "steps_done": before["steps_done"] + 1})
    await expect(page.get_by_test_id("line")).to_contain_text("Live")
    if other:
        await expect(page.get_by_test_id("missed")).to_contain_text("step")
    else:
        await expect(page.get_by_test_id("missed")).to_have_count(0)


async def test_a_cell_that_is_gone_is_named_and_found_again(tmp_path: Path, page: Page) -> None:
    path = tmp_path / "cell.sock"
    async with running_panel(path) as address:
        await gone_and_back(path, address, page)


async def gone_and_back(path: Path, address: str, page: Page) -> None:
    async with running_cell(path):
        await opened(page, address)
    await expect(page.get_by_test_id("gone")).to_contain_text("The cell process does not answer")
    await expect(page.get_by_test_id("gone")).to_contain_text("delid cell")
    await button(page, "Stop").click()
    await expect(page.get_by_test_id("failure")).to_contain_text("did not answer 'Stop'")
    async with running_cell(path):
        await expect(page.get_by_test_id("gone")).to_have_count(0)
        await expect(page.get_by_test_id("line")).to_contain_text("Live")


async def test_a_refusal_of_the_cell_is_shown_with_its_advice(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    cell.no = UsageError("Hold is not possible now.", hint="Wait for the clamp.", code="usage.refused")
    await button(page, "Hold").click()
    await expect(page.get_by_test_id("failure")).to_contain_text("Hold is not possible now. Wait for the clamp.")
    await page.get_by_role("button", name="Close").click()
    await expect(page.get_by_test_id("failure")).to_have_count(0)
