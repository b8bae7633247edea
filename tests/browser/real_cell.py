"""A real cell process with simulated PLC and robot, a panel with users in front of it, and people at its page."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from look import button
from playwright.async_api import Browser, BrowserContext, Page, expect
from playwright.async_api import Error as PlaywrightError

from cell_kit import CellRig
from fake_cell import ADMIN, PIN, logged_in, panel_client, set_up_panel, step_up

PASSWORDS = {"olga": "bolts out 11", "emil": "teach a pack 7"}
ROLES = {"olga": "operator", "emil": "engineer", "mara": "admin"}
SLOW_MS = 30_000
"""A cell at work and a browser share the machine; what is fast in the product is measured elsewhere."""

WORDS = {
    "en": {"name": "Name", "password": "Password", "login": "Log in", "Reset": "Reset", "Start": "Start",
           "Idle": "Idle", "Complete": "Complete", "Execute": "Execute", "Runs": "Runs"},
    "zh": {"name": "用户名", "password": "密码", "login": "登录", "Reset": "复位", "Start": "启动",
           "Idle": "待机", "Complete": "已完成", "Execute": "执行", "Runs": "运行记录"},
}  # fmt: skip


@dataclass(frozen=True)
class RealCell:
    rig: CellRig
    address: str


@contextlib.asynccontextmanager
async def real_cell(folder: Path, scene: str = "vw-meb-82-damaged", speed: float = 40.0) -> AsyncIterator[RealCell]:
    """The processes of one cell and its panel, with an operator, an engineer and an admin."""
    async with CellRig(folder, scene, speed) as rig, set_up_panel(rig.socket, cell=rig.cell_file) as address:
        await add_people(address)
        yield RealCell(rig, address)


async def add_people(address: str) -> None:
    """An operator and an engineer, each with a password of their own."""
    async with panel_client(address) as admin:
        await logged_in(admin, *ADMIN)
        await step_up(admin)
        for name, password in PASSWORDS.items():
            made = await admin.post("/api/v1/users", json={"name": name, "role": ROLES[name]})
            assert made.status_code == 200, made.text
            async with panel_client(address) as person:
                given = made.json()["password"]
                await logged_in(person, name, given)
                change = {"old": given, "new": password, "pin": PIN}
                assert (await person.post("/api/v1/session/password", json=change)).status_code == 200


async def person(browser: Browser, address: str, language: str = "en", theme: str = "day") -> Page:
    """Somebody's own browser window, at the page before the login."""
    context: BrowserContext = await browser.new_context(viewport={"width": 1280, "height": 800})
    await context.add_init_script(
        f"localStorage.setItem('delid.language', '{language}'); localStorage.setItem('delid.theme', '{theme}')"
    )
    page = await context.new_page()
    page.set_default_timeout(SLOW_MS)
    await page.goto(address)
    return page


async def log_in(page: Page, name: str, language: str = "en") -> None:
    words = WORDS[language]
    await page.get_by_label(words["name"]).fill(name)
    await page.get_by_label(words["password"]).fill(ADMIN[1] if name == ADMIN[0] else PASSWORDS[name])
    await page.get_by_test_id("login").get_by_role("button", name=words["login"]).click()
    await expect(page.get_by_test_id("who")).to_contain_text(name, timeout=SLOW_MS)


async def give_pin(page: Page) -> None:
    """Type the PIN where the page asks for it."""
    panel = page.get_by_test_id("pin")
    await expect(panel).to_be_visible(timeout=SLOW_MS)
    await panel.locator("input").fill(PIN)
    await panel.locator("button[type=submit]").click()
    await expect(panel).to_have_count(0, timeout=SLOW_MS)


async def state_is(page: Page, word: str) -> None:
    await expect(page.get_by_test_id("packml")).to_have_text(word, timeout=3 * SLOW_MS)


async def reset_and_start(page: Page, language: str = "en") -> None:
    """Reset, then hold Start, as an operator does."""
    words = WORDS[language]
    await expect(page.locator("[data-testid=checklist] .open")).to_have_count(0, timeout=SLOW_MS)
    await button(page, words["Reset"]).click()
    await state_is(page, words["Idle"])
    await expect(page.locator("[data-testid=checklist] .open")).to_have_count(0, timeout=SLOW_MS)
    await button(page, words["Start"]).hover()
    await page.mouse.down()
    await state_is(page, words["Execute"])
    await page.mouse.up()


async def answer(page: Page, rig: CellRig) -> str:
    """Answer the question on the page by touch, as the engine's first way on; gives the question's text."""
    state = await rig.until(lambda s: s["question"] is not None)
    question = state["question"]
    wanted = next((w for w in ("it is not there", "done by hand", "skip") if w in question["answers"]), None)
    wanted = wanted or question["answers"][0]
    if wanted == "done by hand":
        take_out(rig, question["target"])
    at = question["answers"].index(wanted)
    async with asyncio.timeout(SLOW_MS / 1000):
        # The page may still show the question before: an answer to that one is refused, and changes nothing.
        while ((await rig.state())["question"] or {}).get("id") == question["id"]:
            with contextlib.suppress(PlaywrightError):
                await page.locator("[data-testid=question] .answers button").nth(at).click(timeout=2000)
            await asyncio.sleep(0.3)
    return str(question["text"])


def take_out(rig: CellRig, fastener: str) -> None:
    """Put a hand into the simulated world."""
    inputs = rig.world.folder / "inputs.json"
    before = json.loads(inputs.read_text()) if inputs.exists() else {}
    part = inputs.with_suffix(".part")
    part.write_text(json.dumps(before | {"removed": [*before.get("removed", []), fastener]}))
    part.replace(inputs)


async def until_complete(page: Page, rig: CellRig, within_s: float = 150.0) -> list[str]:
    """Answer whatever is asked until the run has ended; gives the questions."""
    asked: list[str] = []
    async with asyncio.timeout(within_s):
        while True:
            state = await rig.until(
                lambda s: s["question"] is not None or s["packml"] in ("Complete", "Stopped", "Aborted"), within_s
            )
            if state["question"] is None:
                return asked
            asked.append(await answer(page, rig))
