"""What the operator sees, in a real browser."""

from __future__ import annotations

import re

import pytest
from look import button, mark_of, opened
from playwright.async_api import Page, expect

from fake_cell import QUESTION, FakeCell, frame_jpeg, frame_meta, idle, snapshot

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


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
    for mode in ("maintenance", "manual"):
        cell.show(snapshot(mode=mode))
        await expect(page.get_by_test_id("mode")).to_have_text(re.compile(rf"▲\s*{mode}"))
    cell.show(snapshot(mode="production"))
    await expect(page.get_by_test_id("mode")).to_have_text(re.compile("production$"))
    await expect(page.get_by_test_id("mode")).not_to_contain_text("▲")


async def test_nothing_on_the_page_is_called_an_emergency_stop(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    assert "emergency" not in (await page.content()).lower()


async def test_the_picture_carries_what_was_found(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    cell.server.publish_frame(frame_jpeg(), frame_meta())
    canvas = page.locator("canvas")
    await expect(canvas).to_be_visible()
    box = await canvas.bounding_box()
    assert box
    assert box["width"] / box["height"] == pytest.approx(4 / 3, abs=0.02)
    assert box["width"] > 350
    grey = await canvas.evaluate("c => [...c.getContext('2d').getImageData(900, 570, 1, 1).data].slice(0, 3)")
    assert 100 < min(grey) <= max(grey) < 180, "the camera's picture is under the drawing"
    marks = {"lid.01": "done", "lid.03": "failed", "lid.05": "skipped", "lid.09": "next", "lid.10": "todo"}
    assert {name: await mark_of(page, name) for name in marks} == marks
    await expect(page.get_by_test_id("overlay")).to_contain_text("dent 0.42")
    drawn = await page.locator("[data-testid=overlay] .damage rect").first.bounding_box()
    assert drawn
    assert drawn["x"] - box["x"] == pytest.approx(900 * box["width"] / 1600, abs=3)
    assert drawn["y"] - box["y"] == pytest.approx(500 * box["height"] / 1200, abs=3)


async def test_a_fastener_is_read_by_tap_and_by_button(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    cell.server.publish_frame(frame_jpeg(), frame_meta())
    spot = await page.locator('[data-testid=overlay] [data-id="lid.03"]').bounding_box()
    assert spot
    await page.mouse.click(spot["x"] + spot["width"] / 2 + 6, spot["y"] + spot["height"] / 2 + 6)
    await expect(page.get_by_test_id("bolt")).to_contain_text("lid.03 bolt: failed")
    await expect(page.get_by_test_id("bolt")).to_contain_text("seized at 21.4 Nm")
    before = await page.locator("canvas").bounding_box()
    await page.get_by_role("button", name="Zoom in").click()
    await page.get_by_role("button", name="Next fastener").click()
    await expect(page.get_by_test_id("bolt")).to_contain_text("lid.04 bolt: done")
    await expect(page.locator('[data-testid=overlay] [data-id="lid.04"]')).to_be_in_viewport()
    after = await page.locator("canvas").bounding_box()
    assert before
    assert after
    assert after["width"] == pytest.approx(1.6 * before["width"], rel=0.02)


async def test_an_unknown_fastener_of_a_broken_run_is_marked_and_listed(
    cell: FakeCell, address: str, page: Page
) -> None:
    states = {"lid.01": "done", "lid.02": "unknown", "lid.03": "todo"}
    items = [
        {"key": f"lid_bolts/{part}", "title": f"Loosen {part}", "part": part, "status": status, "basis": "why",
         "fastener": True, "answer": ""}
        for part, status in states.items()
    ]  # fmt: skip
    left = {"run": "0006", "pack": "vw-meb-82", "recipe": "vw-meb-82/damaged", "last": "Loosen lid.02", "in_flight": [],
            "hanging": "", "same_pack": True, "settled": False, "items": items}  # fmt: skip
    ask = {"id": "left.1", "text": "Loosen lid.02: it was sent. Look at the pack: is it done?",
           "answers": ["done", "not done"], "step": None, "target": "lid.02", "reasons": []}  # fmt: skip
    cell.state = idle(packml="Stopped", allowed=["Reset"], reconciliation=left, question=ask)
    await opened(page, address)
    cell.server.publish_frame(frame_jpeg(), frame_meta())
    rows = page.get_by_test_id("left").locator("tbody tr")
    await expect(rows).to_have_count(3)
    await expect(rows.first).to_contain_text("lid.02Loosen lid.02? unknown")
    await expect(page.locator('[data-id="lid.02"]')).to_have_attribute("data-mark", "unknown")
    await page.get_by_role("button", name="not done").click()
    assert (await cell.told_within())["answer"] == "not done"


async def test_an_old_picture_is_masked(cell: FakeCell, address: str, page: Page) -> None:
    await page.clock.install()
    await opened(page, address)
    cell.server.publish_frame(frame_jpeg(), frame_meta())
    await expect(page.get_by_test_id("image-age")).to_contain_text("old")
    await expect(page.get_by_test_id("stale")).to_have_count(0)
    await page.clock.run_for(2500)
    await expect(page.get_by_test_id("stale")).to_contain_text(re.compile(r"Old image: \d+"), timeout=4000)
    cell.server.publish_frame(frame_jpeg(), frame_meta(2))
    await expect(page.get_by_test_id("stale")).to_have_count(0)


async def test_a_picture_that_was_old_when_it_came_is_masked_at_once(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    old = frame_meta()
    old["captured_wall_s"] -= 30
    cell.server.publish_frame(frame_jpeg(), old)
    await expect(page.get_by_test_id("stale")).to_contain_text(re.compile(r"Old image: 3\d s"), timeout=3000)


async def test_a_question_is_asked_and_answered(cell: FakeCell, address: str, page: Page) -> None:
    await opened(page, address)
    cell.show(snapshot(packml="Held", allowed=["Stop"], waiting_for="an answer", question=QUESTION))
    asked = page.get_by_test_id("question")
    await expect(asked).to_contain_text(QUESTION["text"])
    await expect(asked).to_contain_text("21.4 Nm")
    await expect(asked.locator(".answers button")).to_have_text(["impact", "skip", "stop"])
    box = await asked.bounding_box()
    assert box
    assert box["width"] > 1100, "a question fills the page"
    await asked.get_by_role("button", name="skip").click()
    assert await cell.told_within() == {"op": "answer", "question_id": "q-17", "answer": "skip", "by": "panel"}


async def test_what_was_measured_of_the_pack_is_told_and_what_follows_is_shown(
    cell: FakeCell, address: str, page: Page
) -> None:
    cell.show(idle())
    await opened(page, address)
    form = page.get_by_test_id("health")
    await form.get_by_role("button", name="Enter measured values").click()
    await expect(form.get_by_role("button", name="Tell the cell")).to_be_disabled()
    await form.get_by_label("Capacity").fill("185.5")
    await form.get_by_label("Impedance").fill("62")
    await form.get_by_label("Route").select_option("reuse")
    await form.get_by_role("button", name="Tell the cell").click()
    told = await cell.told_within(op="told")
    assert told == {"op": "told", "voltage_v": "", "isolation_ohm_per_v": "", "impedance_mohm": "62.0",
                    "capacity_ah": "185.5", "route": "reuse", "by": "panel"}  # fmt: skip
    measured = {
        "voltage_v": None,
        "isolation_ohm_per_v": None,
        "impedance_mohm": 62.0,
        "capacity_ah": 185.5,
        "by": "olga",
    }
    health = {"state_of_health": 0.81, "sigma": 0.03, "values": {}, "currency": "EUR", "route": "reuse",
              "reasons": ["81 % of the rated capacity are left"]}  # fmt: skip
    cell.show(idle(told={"measured": measured, "route": "reuse"}, health=health))
    await expect(form).to_contain_text("Impedance 62 mΩ, Capacity 185.5 Ah, Route: reuse (olga)")
    await expect(page.get_by_test_id("health-estimate")).to_contain_text("capacity 81 % ± 3 %")
    await expect(form).to_contain_text("81 % of the rated capacity are left")
    cell.show(snapshot(packml="Stopped"))
    await expect(form.get_by_role("button", name="Enter measured values")).to_be_disabled()


async def test_an_alarm_says_what_to_do_and_is_acknowledged(cell: FakeCell, address: str, page: Page) -> None:
    first = {"code": "plc.estop", "text": "the emergency stop circuit is open", "since": 1.0, "priority": "high",
             "state": "unacknowledged", "todo": "Find out why it was pressed.", "first_out": True, "follows": "",
             "count": 1, "shelved": None}  # fmt: skip
    after = first | {"code": "plc.permission", "text": "no permission", "priority": "medium", "first_out": False,
                     "follows": "plc.estop", "state": "latched", "count": 2}  # fmt: skip
    cell.state = snapshot(packml="Aborted", allowed=["Clear"], alarms=[first, after],
                          alarm_counts={"unacknowledged": 1, "total": 2, "flood": True})  # fmt: skip
    await opened(page, address)
    bar = page.get_by_test_id("alarm-bar")
    await expect(bar).to_contain_text("HIGH: the emergency stop circuit is open")
    await bar.get_by_role("link").click()
    shown = page.get_by_test_id("alarm")
    await expect(shown).to_have_count(2)
    await expect(shown.nth(0)).to_contain_text("Find out why it was pressed.")
    await expect(shown.nth(1)).to_contain_text("plc.permission, gone, after plc.estop, 2 times")
    await expect(bar).to_contain_text("More alarms than one person can deal with")
    await expect(shown.get_by_role("button", name="Acknowledge")).to_have_count(1)
    await shown.get_by_role("button", name="Acknowledge plc.estop").click()
    assert await cell.told_within() == {"op": "acknowledge", "code": "plc.estop", "by": "panel"}
    cell.told.clear()
    await shown.get_by_role("button", name="Shelve plc.permission").click()
    await page.get_by_label("Reason").fill("the valve is being changed")
    await page.get_by_label("Minutes").fill("15")
    await page.get_by_role("button", name="Shelve now").click()
    told = await cell.told_within()
    assert (told["op"], told["reason"], told["minutes"]) == ("shelve", "the valve is being changed", "15")


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
