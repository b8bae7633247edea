"""The battery's record in the page: search, entries, verify, exports, the safety judgement; axe-core and sizes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from test_every_page import SHOTS, WEB, complaints_of

from delid.ledger import Ledger, SigningKey
from fake_cell import FakeCell
from ledger_kit import CODES, life
from panel_rig import running_panel, written_cell

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = CODES[0]
SMALL = """() => [...document.querySelectorAll("main button, main a.button, main input:not(.said), main summary")]
     .filter((e) => e.offsetParent && e.offsetHeight < 48).map((e) => `${e.textContent.trim()} ${e.offsetHeight}`)"""
WIDE = "document.documentElement.scrollWidth"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    key = SigningKey.new()
    (tmp_path / "key.pub").write_bytes(key.public.pem())
    made = Ledger.begin(tmp_path / "ledger.sqlite", "Werk Süd", key.public)
    made.append_all(list(life(CODE, 3)))
    made.checkpoint(key)
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def panel(cell: FakeCell, path: Path, ledger: Ledger, built_page: None, tmp_path: Path) -> AsyncIterator[str]:
    file, shared = written_cell(tmp_path, ROOT), ROOT / "cell_configs"
    text = file.read_text() + (
        f"\nledger:\n  site: yard\n  url: {tmp_path}/ledger.sqlite\n"
        f"  public_key: {tmp_path}/key.pub\n  photos: {tmp_path}/photos\n"
        f"  judgement: {shared}/record/judgement.yaml\n  accounting: {shared}/accounting\n"
        f"  rules: {shared}/compliance/cn.yaml\n"
    )
    file.write_text(text)
    async with running_panel(path, cell=file, data=tmp_path / "panel") as address:
        yield address


async def seen_well(page: Page, mark: str) -> None:
    """In both languages and themes: nothing serious, nothing smaller than a glove, and a picture of it."""
    axe = (WEB / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    for language, theme in (("zh", "dark"), ("en", "day")):
        await page.evaluate(
            f"localStorage.setItem('delid.language', '{language}'); localStorage.setItem('delid.theme', '{theme}')"
        )
        await page.reload()
        await expect(page.get_by_test_id(mark)).to_be_visible()
        await page.evaluate(axe)
        assert await complaints_of(page) == [], f"{mark}, {language}, {theme}"
        assert await page.evaluate(SMALL) == [], f"{mark}, {language}, {theme}"
        await page.screenshot(path=SHOTS / f"{mark}-{language}-{theme}.png")


async def test_a_record_is_found_verified_and_judged(browser: Browser, panel: str, ledger: Ledger) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    await page.goto(f"{panel}/#/battery")
    await page.get_by_test_id("records").get_by_role("link", name=CODE).click()
    await seen_well(page, "account")
    await page.get_by_test_id("verify").click()
    await expect(page.get_by_test_id("proof").get_by_role("status")).to_contain_text("✓")
    async with page.expect_download() as download:
        await page.get_by_test_id("exports").get_by_role("link").first.click()
    assert (await download.value).suggested_filename == f"{CODE}.pdf"
    await page.get_by_test_id("judge").click()
    await seen_well(page, "judgement")
    await judge(page)
    made = ledger.search(battery=CODE, kind="safety_judgement", limit=1)[0].payload
    assert (made["passed"], made["hazard_class"], made["reasons"]) == (False, "C", ["leak"])
    assert len(made["items"][1]["photos"]) == 1
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await page.evaluate(WIDE) <= 390
    await context.close()


async def judge(page: Page) -> None:
    """Everything no, but for a leak; that one needs a photo before the judgement can be sent."""
    form = page.get_by_test_id("judgement")
    send = form.locator("button:not([type=button])")
    for item in await form.locator("fieldset").all():
        await expect(send).to_be_disabled()
        await item.get_by_role("button").nth(1).click()
    await expect(send).to_be_enabled()
    leak = form.locator("fieldset").nth(1)
    await leak.get_by_role("button").nth(0).click()
    await expect(send).to_be_disabled()
    await leak.locator("input[type=file]").set_input_files(
        {"name": "leak.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff a leak"}
    )
    await expect(send).to_be_enabled()
    await send.click()
    await expect(page.get_by_test_id("record")).to_be_visible()
