"""The unit that shows the page on the cell's own display: what systemd says of it, and what its commands do."""

from __future__ import annotations

import shlex
import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from delid.cli.panel import DEFAULT_HOST, DEFAULT_PORT
from kiosk_unit import kiosk_flags, read_unit

Unit = dict[str, dict[str, list[str]]]


@pytest.fixture
def unit(repository: Path) -> Unit:
    return read_unit(repository)


def test_it_opens_the_page_where_the_panel_serves_it(unit: Unit) -> None:
    name, _, address = unit["Service"]["Environment"][0].partition("=")
    found = urlsplit(address)
    assert (found.scheme, found.hostname, found.port) == ("http", DEFAULT_HOST, DEFAULT_PORT)
    assert shlex.split(unit["Service"]["ExecStart"][0])[-1] == f"${name}"


def test_it_shows_one_page_and_leaves_nothing_behind(unit: Unit) -> None:
    flags = kiosk_flags(unit)
    assert {"--kiosk", "--incognito", "--no-first-run"} <= set(flags)
    assert "--user-data-dir=%t/delid-kiosk/profile" in flags
    assert unit["Service"]["RuntimeDirectory"] == ["delid-kiosk"], "systemd makes that folder and takes it away"


def test_no_browser_of_it_resolves_a_name(unit: Unit) -> None:
    """The page's own test of that runs with these very flags."""
    assert f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {DEFAULT_HOST}" in kiosk_flags(unit)
    assert "--disable-background-networking" in kiosk_flags(unit)


def test_it_is_not_root_s_and_comes_back_when_it_ends(unit: Unit) -> None:
    service = unit["Service"]
    assert service["User"] == ["kiosk"]
    assert service["Restart"] == ["always"]
    assert float(service["RestartSec"][0]) >= 1, "no tight loop where the display is missing"
    assert "delid.service" in unit["Unit"]["Wants"][0], "the cell is not ended with its display"
    assert "Requires" not in unit["Unit"]
    assert unit["Install"]["WantedBy"] == ["multi-user.target"]


def test_it_waits_until_the_panel_listens(unit: Unit) -> None:
    wait = shlex.split(unit["Service"]["ExecStartPre"][0])
    assert str(DEFAULT_PORT) in wait[-1]
    with socket.create_server((DEFAULT_HOST, 0)) as listening:
        port = str(listening.getsockname()[1])
        there = [word.replace(str(DEFAULT_PORT), port) for word in wait]
        assert subprocess.run(there, check=False, capture_output=True, timeout=10).returncode == 0
    nobody = [shutil.which("timeout") or "timeout", "0.2", *there[2:]]
    assert subprocess.run(nobody, check=False, capture_output=True, timeout=10).returncode == 124


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
def test_systemd_finds_nothing_wrong_with_it(repository: Path, tmp_path: Path) -> None:
    text = (repository / "packaging/delid-kiosk.service").read_text()
    for program in ("/usr/bin/cage",):  # need not be installed where this runs
        text = text.replace(program, "/bin/true")
    copy = tmp_path / "delid-kiosk.service"
    copy.write_text(text)
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(copy)],
        check=False, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert "delid-kiosk" not in found.stderr, found.stderr
