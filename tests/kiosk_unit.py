"""The kiosk's unit file as plain data: for tests of it, and for the browser that every test of the page runs in."""

from __future__ import annotations

import shlex
from pathlib import Path

Unit = dict[str, dict[str, list[str]]]
ONLY_THERE = ("--kiosk", "--incognito", "--user-data-dir", "--ozone-platform", "--no-first-run")
"""What belongs to a display, or what the test's own driver of the browser sets."""


def read_unit(repository: Path) -> Unit:
    """Section to name to values, lines that go on being joined."""
    text = (repository / "packaging/delid-kiosk.service").read_text().replace("\\\n", " ")
    found: Unit = {}
    section = ""
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("["):
            section = line.strip("[]")
            found[section] = {}
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[section].setdefault(name, []).append(value.strip())
    return found


def kiosk_flags(unit: Unit) -> list[str]:
    """What Chromium is started with."""
    words = shlex.split(unit["Service"]["ExecStart"][0])
    return [word for word in words[words.index("/usr/bin/chromium") + 1 :] if word.startswith("--")]


def headless_flags(repository: Path) -> list[str]:
    """The same flags as far as they make sense without a display."""
    return [flag for flag in kiosk_flags(read_unit(repository)) if not flag.startswith(ONLY_THERE)]
