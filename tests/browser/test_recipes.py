"""An engineer changes a recipe at the page: editor, draft, simulation, impact, release with the PIN."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from real_cell import SLOW_MS, add_people, give_pin, log_in, person

from cell_kit import REPOSITORY
from fake_cell import FakeCell
from panel_rig import changeable_cell, set_up_panel, stand_in

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FILE = "nissan-leaf-24-standard"
SPREAD = {"mean": 400.0, "p5": 380.0, "p95": 420.0}
SIMULATED: dict[str, Any] = {
    "runs": 20, "good": 19, "outcomes": {"dismantled": 19, "stopped": 1}, "failures": {"seized": 4},
    "duration_s": SPREAD, "energy_wh": SPREAD, "person_s": SPREAD,
}  # fmt: skip
WEIGHED = {
    "code": 1, "diff": ["+    value: 12"],
    "decisions": [{"recording": "leaf-7", "decision": "decide.1", "before": "a", "after": "b",
                   "differences": ["torque 11 before, 12 now"]}],
}  # fmt: skip
"""What the commands say is the matter of other tests."""


async def test_a_change_goes_from_the_editor_to_its_release(
    cell: FakeCell, path: Path, browser: Browser, tmp_path: Path
) -> None:
    cell_file = changeable_cell(tmp_path, REPOSITORY)
    source = tmp_path / f"cell_configs/recipes/{FILE}.yaml"
    program = stand_in(simulate=SIMULATED, impact=WEIGHED)
    async with set_up_panel(path, cell=cell_file, data=tmp_path / "data", program=program) as address:
        await add_people(address)
        async with person(browser, address) as page:
            await log_in(page, "emil")
            await page.evaluate(f"location.hash = '#/recipes/{FILE}'")
            await edit(page)
            assert "# tighter" not in source.read_text(), "a draft changes nothing"
            await tab(page, "Simulate", "Simulate 50 runs")
            await expect(page.get_by_test_id("recipe")).to_contain_text("19 of 20 simulated runs", timeout=SLOW_MS)
            await tab(page, "Impact", "Compare")
            await expect(page.get_by_test_id("recipe")).to_contain_text("torque 11 before, 12 now", timeout=SLOW_MS)
            await expect(page.get_by_test_id("job")).to_contain_text("decided differently: 1")
            await page.get_by_role("button", name="Release", exact=True).first.click()
            await page.get_by_label("Why").fill("tighter lids")
            await page.get_by_test_id("recipe-work").get_by_role("button").click()
            await give_pin(page)
            await expect(page.get_by_role("button", name="Throw the draft away")).to_be_disabled(timeout=SLOW_MS)
            assert "# tighter" in source.read_text()


async def edit(page: Page) -> None:
    editor = page.get_by_test_id("editor")
    await expect(page.get_by_test_id("findings")).to_contain_text("finds nothing", timeout=SLOW_MS)
    await editor.locator(".cm-content").click()
    await page.keyboard.press("Control+Home")
    await page.keyboard.type("# tighter\n")
    await page.get_by_role("button", name="Save draft").click()
    await expect(page.get_by_test_id("recipe")).to_contain_text("Saved as a draft", timeout=SLOW_MS)


async def tab(page: Page, name: str, begin: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()
    await page.get_by_test_id("recipe-work").get_by_role("button", name=begin).click()
