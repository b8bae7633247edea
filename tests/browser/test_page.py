"""What the operator sees and can do, in a real browser."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from delid.core import UsageError
from fake_cell import QUESTION, FakeCell, frame_jpeg, frame_meta, idle, running_cell, snapshot

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

COMMANDS = ("Clear", "Reset", "Start", "Unhold", "Hold", "Stop")


def button(page: Page, name: str) -> Any:
    return page.locator("nav").get_by_role("button", name=re.compile(f"^{name}"))


async def opened(page: Page, address: str) -> None:
    await page.goto(address)
    await expect(page.get_by_test_id("line")).to_contain_text("Live")


async def colour_of(page: Page, x_px: float, y_px: float) -> list[int]:
    """The colour of the canvas at a point of the picture, 1600 x 1200."""
    return list(
        await page.get_by_label("Camera image with").evaluate(
            """(canvas, [x, y]) => {
              const at = (v, full, size) => Math.round(((v + 0.5) / full) * size);
              const draw = canvas.getContext("2d", { willReadFrequently: true });
              return [...draw.getImageData(at(x, 1600, canvas.width), at(y, 1200, canvas.height), 1, 1).data];
            }""",
            [x_px, y_px],
        )
    )


async def test_the_page_shows_the_state(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    await expect(page.get_by_text("Demonstration cell")).to_be_visible()
    await expect(page.get_by_test_id("packml")).to_have_text("Execute")
    seen = page.get_by_test_id("seen")
    for words in (
        "vw-meb-82",
        "similarity 0.94",
        "3 of 3 images agree",
        "damaged, not critical",
        "dent, severity 0.42",
    ):
        await expect(seen).to_contain_text(words)
    recipes = page.get_by_test_id("recipes")
    await expect(recipes.locator("li").first).to_contain_text("vw-meb-82/damaged")
    await expect(recipes).to_contain_text("dent severity 0.42 is over its limit 0.30")
    active = page.get_by_test_id("plan").locator("[aria-current=step]")
    await expect(active).to_contain_text("Loosen lid bolt 9")
    await expect(active).to_be_in_viewport()
    await expect(page.get_by_test_id("devices")).to_contain_text("1102 / 846 / -412 mm")
    await expect(page.get_by_test_id("readings")).to_contain_text("3.20 V")
    cell.show(snapshot(packml="Held", allowed=["Unhold", "Stop"], waiting_for="Unhold by a person"))
    await expect(page.get_by_test_id("packml")).to_contain_text("Held")


async def test_a_mode_that_is_not_production_is_shown(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    await expect(page.get_by_test_id("mode")).to_have_count(0)
    for mode in ("maintenance", "manual"):
        cell.show(snapshot(mode=mode))
        await expect(page.get_by_test_id("mode")).to_contain_text(f"Mode: {mode}")
    cell.show(snapshot(mode="production"))
    await expect(page.get_by_test_id("mode")).to_have_count(0)


async def test_only_allowed_commands_can_be_pressed(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    for allowed in (["Stop", "Hold"], ["Reset"], ["Clear"], ["Start", "Stop"], ["Unhold", "Stop"], []):
        cell.show(snapshot(allowed=allowed))
        for name in COMMANDS:
            await expect(button(page, name)).to_be_visible()
            await expect(button(page, name)).to_be_enabled(enabled=name in allowed)


async def test_nothing_on_the_page_is_called_an_emergency_stop(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    assert "emergency" not in (await page.content()).lower()


async def test_start_needs_holding(cell: FakeCell, address: str, page: Page) -> None:
    cell.state = idle()
    await opened(page, address)
    await expect(page.get_by_test_id("checklist").locator("li")).to_have_count(6)
    await button(page, "Start").hover()
    await page.mouse.down()
    await page.wait_for_timeout(1000)
    share = await page.locator("nav progress").evaluate("bar => bar.value")
    assert 0.5 < share < 0.95
    await page.mouse.up()
    await page.wait_for_timeout(800)
    assert cell.told == [], "let go too early"
    await page.mouse.down()
    assert await cell.told_within() == {"op": "command", "command": "Start", "by": "panel"}
    await page.mouse.up()
    await page.wait_for_timeout(300)
    assert len(cell.told) == 1


@pytest.mark.parametrize("how", ["leave", "blur", "not_allowed_any_more"])
async def test_start_is_given_up(cell: FakeCell, address: str, page: Page, how: str) -> None:
    cell.state = idle()
    await opened(page, address)
    await button(page, "Start").hover()
    await page.mouse.down()
    await page.wait_for_timeout(300)
    if how == "leave":
        await page.mouse.move(400, 300)
    elif how == "blur":
        await page.evaluate("window.dispatchEvent(new Event('blur'))")
    else:
        cell.show(idle(allowed=["Stop"]))
    await page.wait_for_timeout(1800)
    assert cell.told == []
    assert await page.locator("nav progress").evaluate("bar => bar.value") == 0
    await page.mouse.up()


async def test_start_can_be_held_with_the_keyboard(cell: FakeCell, address: str, page: Page) -> None:
    cell.state = idle()
    await opened(page, address)
    await button(page, "Start").focus()
    await page.keyboard.press("Space", delay=400)
    await page.wait_for_timeout(1500)
    assert cell.told == []
    await page.keyboard.down("Space")
    assert (await cell.told_within())["command"] == "Start"
    await page.keyboard.up("Space")


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

    await page.route_web_socket("**/ws", line)
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

    await page.route_web_socket("**/ws", line)
    await opened(page, address)
    silent = True
    await expect(page.get_by_test_id("lost")).to_be_visible(timeout=4500)


async def test_a_cell_that_is_gone_is_named_and_found_again(path: Path, address: str, page: Page) -> None:
    async with running_cell(path):
        await opened(page, address)
    await expect(page.get_by_test_id("gone")).to_contain_text("The cell process does not answer")
    await expect(page.get_by_test_id("gone")).to_contain_text("delid cell")
    await button(page, "Stop").click()
    await expect(page.get_by_test_id("failure")).to_contain_text("did not answer 'Stop'")
    async with running_cell(path):
        await expect(page.get_by_test_id("gone")).to_have_count(0)
        await expect(page.get_by_test_id("line")).to_contain_text("Live")


async def test_the_picture_carries_what_was_found(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    cell.server.publish_frame(frame_jpeg(), frame_meta())
    canvas = page.get_by_label("Camera image with")
    await expect(canvas).to_be_visible()
    box = await canvas.bounding_box()
    assert box
    assert box["width"] / box["height"] == pytest.approx(4 / 3, abs=0.02)
    assert box["width"] > 350
    red, green, blue, _ = await colour_of(page, 900, 570)
    assert red > 200 > blue, f"the edge of the dent is amber, not {red, green, blue}"
    red, green, blue, _ = await colour_of(page, 100, 100)
    assert max(red, green, blue) - min(red, green, blue) < 12, "where nothing was found nothing is drawn"


async def test_an_old_picture_is_masked(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    cell.server.publish_frame(frame_jpeg(), frame_meta())
    await expect(page.get_by_test_id("image-age")).to_contain_text("old")
    await expect(page.get_by_test_id("stale")).to_have_count(0)
    await expect(page.get_by_test_id("stale")).to_contain_text("Old image: 2", timeout=4000)
    cell.server.publish_frame(frame_jpeg(), frame_meta(2))
    await expect(page.get_by_test_id("stale")).to_have_count(0)


async def test_a_picture_that_was_old_when_it_came_is_masked_at_once(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    old = frame_meta()
    old["captured_wall_s"] -= 30
    cell.server.publish_frame(frame_jpeg(), old)
    await expect(page.get_by_test_id("stale")).to_contain_text("Old image: 3", timeout=1500)


async def test_a_question_is_asked_and_answered(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    cell.show(snapshot(packml="Held", allowed=["Stop"], waiting_for="an answer", question=QUESTION))
    asked = page.get_by_test_id("next")
    await expect(asked).to_contain_text(QUESTION["text"])
    await expect(asked).to_contain_text("21.4 Nm")
    await expect(asked.get_by_role("button")).to_have_text(["impact", "skip", "stop"])
    await asked.get_by_role("button", name="skip").click()
    assert await cell.told_within() == {"op": "answer", "question_id": "q-17", "answer": "skip", "by": "panel"}


async def test_a_refusal_of_the_cell_is_shown_with_its_advice(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    cell.no = UsageError("Hold is not possible now.", hint="Wait for the clamp.", code="usage.refused")
    await button(page, "Hold").click()
    await expect(page.get_by_test_id("failure")).to_contain_text("Hold is not possible now. Wait for the clamp.")
    await page.get_by_role("button", name="Close").click()
    await expect(page.get_by_test_id("failure")).to_have_count(0)


async def test_an_alarm_says_what_to_do_and_is_acknowledged(cell: FakeCell, address: str, page: Page) -> None:
    first = {"code": "plc.estop", "text": "the emergency stop circuit is open", "since": 1.0, "priority": "high",
             "state": "unacknowledged", "todo": "Find out why it was pressed.", "first_out": True, "follows": "",
             "count": 1, "shelved": None}  # fmt: skip
    after = first | {"code": "plc.permission", "text": "no permission", "priority": "medium", "first_out": False,
                     "follows": "plc.estop", "state": "latched", "count": 2}  # fmt: skip
    cell.state = snapshot(packml="Aborted", allowed=["Clear"], alarms=[first, after],
                          alarm_counts={"unacknowledged": 1, "total": 2, "flood": True})  # fmt: skip
    await opened(page, address)
    shown = page.get_by_test_id("alarm")
    await expect(shown).to_have_count(2)
    await expect(shown.nth(0)).to_contain_text("HIGH: the emergency stop circuit is open")
    await expect(shown.nth(0)).to_contain_text("Find out why it was pressed.")
    await expect(shown.nth(1)).to_contain_text("plc.permission, gone, after plc.estop, ×2")
    await expect(page.get_by_test_id("alarms")).to_contain_text("More alarms than one person can deal with")
    await expect(page.get_by_role("button", name="Acknowledge")).to_have_count(1)
    await page.get_by_role("button", name="Acknowledge plc.estop").click()
    assert await cell.told_within() == {"op": "acknowledge", "code": "plc.estop", "by": "panel"}


async def test_words_of_the_cell_are_never_markup(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    cell.show(snapshot(title="<img src=x onerror=alert(1)>", waiting_for="<b>bold</b>"))
    await expect(page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    await expect(page.get_by_test_id("seen")).to_be_visible()


async def test_everything_fits_without_scrolling_the_page(cell: FakeCell, address: str, page: Page) -> None:
    alarm = {"code": "plc.guard", "text": "The guard is open", "since": 1.0}
    cell.state = snapshot(packml="Held", allowed=["Stop"], question=QUESTION, alarms=[alarm])
    await opened(page, address)
    for size in ({"width": 1280, "height": 800}, {"width": 1920, "height": 1080}):
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        over = await page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert over == [size["width"], size["height"]]
        for name in ("Stop", "Hold"):
            await expect(button(page, name)).to_be_in_viewport(ratio=1)
