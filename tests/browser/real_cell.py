"""A real cell process with simulated PLC and robot, a panel with users in front of it, and people at its page.

One cell serves all tests of a file, as a cell in a plant does: each test puts in the next pack. It judges one frame in
each look, and most bolts of its packs are out already, so that a whole run takes seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from look import button
from playwright.async_api import Browser, BrowserContext, Page, expect
from playwright.async_api import Error as PlaywrightError

from cell_kit import REPOSITORY, CellRig
from delid.sim.plc import set_inputs
from panel_rig import ADMIN, PIN, logged_in, panel_client, running_panel, set_up_panel, step_up

PASSWORDS = {"olga": "bolts out 11", "emil": "teach a pack 7"}
ROLES = {"olga": "operator", "emil": "engineer", "mara": "admin"}
SLOW_MS = 30_000
"""A cell at work and a browser share the machine; what is fast in the product is measured elsewhere."""
SCENE = "vw-meb-82-damaged"
SPEED = 120.0
LEFT = ("lid.01", "lid.04", "lid.08", "lid.11", "lid.15", "lid.20")
"""Bolts that are still in: lid.11 is seized, the head of lid.20 is round."""
AT_REST = ("Stopped", "Complete", "Idle")
WAITING = ("Complete", "Stopped", "Aborted", "Held")

WORDS = {
    "en": {"name": "Name", "password": "Password", "login": "Log in", "Reset": "Reset", "Start": "Start",
           "Idle": "Idle", "Complete": "Complete", "Execute": "Execute", "Runs": "Runs"},
    "zh": {"name": "用户名", "password": "密码", "login": "登录", "Reset": "复位", "Start": "启动",
           "Idle": "待机", "Complete": "已完成", "Execute": "执行", "Runs": "运行记录"},
}  # fmt: skip


class RealCell:
    """A cell and its panel, which can be ended and started again; use as an asynchronous context."""

    def __init__(self, folder: Path) -> None:
        self.rig = CellRig(folder, SCENE, SPEED, scenario=_scenario(folder), quick=True)
        self.address = ""
        self._packs = 1
        self._processes, self._panel = AsyncExitStack(), AsyncExitStack()

    async def __aenter__(self) -> RealCell:
        await self._processes.enter_async_context(self.rig)
        panel = set_up_panel(self.rig.socket, cell=self.rig.cell_file)
        self.address = await self._panel.enter_async_context(panel)
        await add_people(self.address)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end_panel()
        await self._processes.aclose()

    async def end_panel(self) -> None:
        await self._panel.aclose()

    async def start_panel(self) -> None:
        """With the same users and sessions, at the same address."""
        port = int(self.address.rsplit(":", 1)[1])
        panel = running_panel(self.rig.socket, port, cell=self.rig.cell_file, open_as=None)
        await self._panel.enter_async_context(panel)

    async def next_pack(self, mode: str = "production") -> None:
        """At rest in that mode, with a pack that nobody has worked on, whatever the test before has left."""
        while (now := (await self.rig.state())["packml"]) not in AT_REST:
            await self.rig.command("Clear" if now == "Aborted" else "Stop")
            await asyncio.sleep(0.05)
        self._packs += 1
        set_inputs(self.rig.world.folder, pack_number=self._packs)
        while (question := (await self.rig.state())["question"]) is not None:
            await self.rig.answer({"question": question}, "another pack")
        assert self.rig.client is not None
        await self.rig.client.request({"op": "mode", "mode": mode, "by": "test"}, 5.0)
        await self.rig.until(lambda s: s["mode"] == mode and s["question"] is None)

    async def work(self, steps: int = 1) -> None:
        """A run that is under way and has some steps done; where none is, it is begun without the page."""
        while True:
            state = await self.rig.state()
            if state["packml"] in (*AT_REST, "Aborted") or state["mode"] != "production":
                await self.next_pack()
                await self.start()
            elif state["question"] is not None:
                await self.rig.answer(state, reply_to(self.rig, state["question"]))
            elif state["packml"] == "Held":
                await go_on(self.rig)
            elif state["packml"] == "Execute" and state["steps_done"] >= steps:
                return
            await asyncio.sleep(0.05)

    async def start(self) -> None:
        """Reset and Start, without the page."""
        await self.rig.until(lambda s: all(row["ok"] for row in s["reset_checklist"]))
        await self.rig.command("Reset")
        await self.rig.until(lambda s: s["packml"] == "Idle" and all(row["ok"] for row in s["reset_checklist"]))
        await self.rig.command("Start")
        await self.rig.until(lambda s: s["packml"] == "Execute" or s["question"] is not None)


def _scenario(folder: Path) -> Path:
    """The damaged pack with few bolts left; a person takes out the two that the cell cannot."""
    gone = [name for n in range(1, 29) if (name := f"lid.{n:02d}") not in LEFT]
    text = (REPOSITORY / f"fixtures/scenarios/{SCENE}.yaml").read_text()
    text = text.replace("../../", f"{REPOSITORY}/") + f"removed_already: [{', '.join(gone)}]\n"
    path = folder / "scenario.yaml"
    path.write_text(text)
    return path


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


@contextlib.asynccontextmanager
async def person(browser: Browser, address: str, language: str = "en", theme: str = "day") -> AsyncIterator[Page]:
    """Somebody's own browser window, at the page before the login."""
    context: BrowserContext = await browser.new_context(viewport={"width": 1280, "height": 800})
    await context.add_init_script(
        f"localStorage.setItem('delid.language', '{language}'); localStorage.setItem('delid.theme', '{theme}')"
    )
    page = await context.new_page()
    page.set_default_timeout(SLOW_MS)
    await page.goto(address)
    try:
        yield page
    finally:
        await context.close()


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
    question: dict[str, Any] = state["question"]
    at = question["answers"].index(reply_to(rig, question))
    async with asyncio.timeout(SLOW_MS / 1000):
        # The page may still show the question before: an answer to that one is refused, and changes nothing.
        while ((await rig.state())["question"] or {}).get("id") == question["id"]:
            with contextlib.suppress(PlaywrightError):
                await page.locator("[data-testid=question] .answers button").nth(at).click(timeout=2000)
            await asyncio.sleep(0.1)
    return str(question["text"])


def reply_to(rig: CellRig, question: dict[str, Any]) -> str:
    """The engine's first way on; a bolt that is to be taken out by hand is taken out."""
    wanted = next((w for w in ("it is not there", "done by hand", "skip") if w in question["answers"]), None)
    if wanted == "done by hand" and question["target"]:
        set_inputs(rig.world.folder, removed=[question["target"]])
    return wanted or str(question["answers"][0])


async def until_complete(page: Page, rig: CellRig, within_s: float = 150.0) -> list[str]:
    """Answer whatever is asked until the run has ended; gives the questions."""
    asked: list[str] = []
    async with asyncio.timeout(within_s):
        while True:
            state = await rig.until(lambda s: s["question"] is not None or s["packml"] in WAITING, within_s)
            if state["question"] is not None:
                asked.append(await answer(page, rig))
            elif state["packml"] == "Held":
                await go_on(rig)
            else:
                return asked


async def go_on(rig: CellRig) -> None:
    """Held without a question: the PLC missed a heartbeat of a machine that has too much to do."""
    set_inputs(rig.world.folder, reset_button=True)
    await asyncio.sleep(0.1)
    set_inputs(rig.world.folder, reset_button=False)
    await rig.command("Unhold")
    await asyncio.sleep(0.1)
