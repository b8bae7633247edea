"""Every page in both languages and both themes: a picture of it, what axe-core says, its size, its first second."""

from __future__ import annotations

import asyncio
import gzip
import os
import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Request, expect

from fake_cell import FakeCell, frame_jpeg, frame_meta, snapshot

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parent.parent.parent
WEB = ROOT / "src/delid/panel/web"
SHOTS = Path(os.environ.get("DELID_SCREENSHOTS") or ROOT / "build/screenshots")
PAGES = {
    "operate": "seen", "alarms": "alarm-history", "runs": "runs", "battery": "", "trends": "chart",
    "diagnostics": "diag-models", "packs/vw-meb-82": "photos", "recipes/vw-meb-82-damaged": "editor",
    "calibration": "points", "manual": "modes", "users": "users",
}  # fmt: skip
ALARM = {"code": "plc.extraction", "text": "the extraction does not run", "since": 1.8e9, "priority": "medium",
         "state": "unacknowledged", "todo": "Switch the extraction on at the PLC, check filter and flap, then Unhold",
         "first_out": True, "follows": "", "count": 1, "shelved": None}  # fmt: skip
SERIOUS = ("serious", "critical")
CHECKED = (("en", "day"), ("zh", "dark"))
"""By axe-core: colours come with the theme, words and names with the language."""
LIMIT_KB = 150
FIRST_PAGE_MS = 1000


@pytest.fixture
def demo(cell: FakeCell, address: str) -> str:
    """The panel of a cell at work with one alarm, with packs and recipes of the demonstration cell."""
    cell.show(snapshot(alarms=[ALARM], alarm_counts={"unacknowledged": 1, "total": 1, "flood": False},
                       modes=["production"]))  # fmt: skip
    return address


@pytest.fixture
def axe(built_page: None) -> str:
    """The checker's own text; it is injected, as the page may load nothing."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    return (WEB / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


async def opened(browser: Browser, address: str, language: str, theme: str, width: int = 1280) -> Page:
    context = await browser.new_context(viewport={"width": width, "height": 800 if width > 500 else 844})
    await context.add_init_script(
        f"localStorage.setItem('delid.language', '{language}'); localStorage.setItem('delid.theme', '{theme}')"
    )
    page = await context.new_page()
    page.set_default_timeout(30_000)
    await page.goto(address)
    await expect(page.get_by_test_id("seen")).to_be_visible(timeout=30_000)
    return page


async def complaints_of(page: Page) -> list[str]:
    """What axe-core finds that is serious or critical, WCAG 2.2 A and AA."""
    found = await page.evaluate(
        """async () => (await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
                                              resultTypes: ["violations"]}))
             .violations.map((v) => ({id: v.id, impact: v.impact, where: v.nodes.map((n) => n.target.join(" "))}))"""
    )
    return [f"{v['id']}: {v['where'][:4]}" for v in found if v["impact"] in SERIOUS]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_page_has_a_picture_and_nothing_serious(
    cell: FakeCell, demo: str, browser: Browser, axe: str, language: str
) -> None:
    """In both themes at once, each checked with one of the languages; what a glove cannot hit counts as serious."""
    found = await asyncio.gather(*(walk(cell, demo, browser, axe, language, theme) for theme in ("day", "dark")))
    assert found == [{}, {}]


async def walk(
    cell: FakeCell, demo: str, browser: Browser, axe: str, language: str, theme: str
) -> dict[str, list[str]]:
    """Every page in turn: its picture into a file, and the complaints about it."""
    page = await opened(browser, demo, language, theme)
    await page.evaluate(axe)
    complaints: dict[str, list[str]] = {}
    for name, mark in PAGES.items():
        await page.evaluate(f"location.hash = '#/{name}'")
        cell.server.publish_frame(frame_jpeg(), frame_meta())
        await expect(page.get_by_test_id(mark or "commands").first).to_be_visible(timeout=30_000)
        checked = (language, theme) in CHECKED
        if found := [*(await complaints_of(page) if checked else ()), *await page.evaluate(SMALL)]:
            complaints[name] = found
        await page.screenshot(path=SHOTS / f"{name.split('/')[0]}-{language}-{theme}.png")
    await page.context.close()
    return complaints


SMALL = """[...document.querySelectorAll("button, a.button, select, summary, nav a, input:not([type=checkbox])")]
    .filter((e) => e.offsetParent && !e.classList.contains("said") && e.offsetHeight < 48)
    .map((e) => `${e.textContent.trim()} ${e.offsetHeight}`)"""


async def test_on_a_phone_nothing_is_cut_and_stop_stays_in_sight(cell: FakeCell, demo: str, browser: Browser) -> None:
    page = await opened(browser, demo, "en", "day", width=390)
    for name in ("operate", "alarms", "manual"):
        await page.evaluate(f"location.hash = '#/{name}'")
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, f"{name} is {wide} px wide"
        await expect(page.get_by_test_id("commands").get_by_role("button", name="Stop")).to_be_in_viewport(ratio=1)
        small = await page.evaluate(SMALL)
        assert small == [], f"{name}: smaller than a glove"
    await page.context.close()


async def test_little_is_loaded_before_the_editor_and_nothing_from_elsewhere(
    cell: FakeCell, demo: str, browser: Browser
) -> None:
    page = await opened(browser, demo, "en", "day")
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    await page.reload()
    await expect(page.get_by_test_id("seen")).to_be_visible()
    for name in list(PAGES)[1:]:
        if not name.startswith("recipes"):
            await page.evaluate(f"location.hash = '#/{name}'")
            await expect(page.get_by_test_id(PAGES[name] or "commands").first).to_be_visible(timeout=30_000)
    scripts = {r.url.rsplit("/", 1)[1] for r in asked if r.resource_type == "script"}
    assets = ROOT / "src/delid/panel/static/assets"
    kb = sum(len(gzip.compress((assets / name).read_bytes())) for name in scripts) / 1000
    print(f"{len(scripts)} scripts, all pages but recipes: {kb:.0f} kB gzipped")
    assert not any("Editor" in name for name in scripts)
    assert kb <= LIMIT_KB
    await page.evaluate("location.hash = '#/recipes/vw-meb-82-damaged'")
    await expect(page.get_by_test_id("editor")).to_be_visible(timeout=30_000)
    assert any("Editor" in r.url for r in asked)
    assert {r.url.split("/")[2] for r in asked} == {demo.split("/")[2]}
    await page.context.close()


async def test_the_first_page_is_usable_within_a_second(cell: FakeCell, demo: str, browser: Browser) -> None:
    """With the state of the cell shown and Stop to be pressed. A busy machine shows in the reference: an empty page."""
    page = await opened(browser, demo, "en", "day")

    async def took_ms(address: str, seen: str) -> float:
        began_s = time.perf_counter()
        await page.goto(address)
        await page.locator(seen).first.wait_for()
        return 1000 * (time.perf_counter() - began_s)

    empty, first = [], []
    for _ in range(3):
        empty.append(await took_ms(f"{demo}/icon.svg", "svg"))
        first.append(await took_ms(demo, "[data-testid=seen] dl"))
    print(f"first page usable after {min(first):.0f} ms, an empty page after {min(empty):.0f} ms")
    assert min(first) <= max(FIRST_PAGE_MS, 15 * min(empty))
    await page.context.close()


async def test_the_editor_completes_by_the_schema_and_shows_findings(
    cell: FakeCell, demo: str, browser: Browser
) -> None:
    page = await opened(browser, demo, "en", "day")
    await page.evaluate("location.hash = '#/recipes/vw-meb-82-damaged'")
    editor = page.get_by_test_id("editor")
    await expect(page.get_by_test_id("findings")).to_contain_text("finds nothing", timeout=30_000)
    await editor.locator(".cm-content").click()
    await page.keyboard.press("Control+Home")
    await page.keyboard.type("ser")
    await expect(editor.locator(".cm-tooltip-autocomplete")).to_contain_text("serves")
    await page.keyboard.press("Escape")
    await page.keyboard.type("vez: 3\n")
    await expect(page.get_by_test_id("findings")).to_contain_text("Line 1", timeout=30_000)
    await expect(editor.locator(".cm-lint-marker-error").first).to_be_visible()
    await page.get_by_role("button", name="Save draft").click()
    await page.get_by_role("button", name="What the draft changes").click()
    await expect(page.get_by_test_id("diff")).to_contain_text("+servez: 3", timeout=30_000)
    discard = page.get_by_role("button", name="Throw the draft away")
    await discard.click()
    await expect(discard).to_be_disabled(timeout=30_000)
    await page.context.close()
