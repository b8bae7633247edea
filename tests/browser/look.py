"""Finding things on the page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from fake_cell import FakeCell


@dataclass(frozen=True)
class Station:
    """A cell that says what it is told to say, its socket, and the address of an open panel in front of it."""

    cell: FakeCell
    path: Path
    address: str


def button(page: Page, name: str) -> Locator:
    """A command's button."""
    return page.get_by_test_id("commands").get_by_role("button", name=re.compile(f"^{name}"))


async def opened(page: Page, address: str) -> None:
    """The page, once it hears the cell and knows who is there."""
    await page.goto(address)
    await expect(page.get_by_test_id("line")).to_contain_text("Live")
    await expect(page.get_by_test_id("who")).to_be_visible()


async def mark_of(page: Page, fastener: str) -> str | None:
    """How a fastener is marked on the picture."""
    return await page.locator(f'[data-testid=overlay] [data-id="{fastener}"]').get_attribute("data-mark")
