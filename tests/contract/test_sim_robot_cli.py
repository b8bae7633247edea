"""``delid sim robot`` and ``delid sim proxy serial`` as an engineer starts them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import serial
from typer.testing import CliRunner

from delid.cli._main import app


async def started(*arguments: str) -> tuple[asyncio.subprocess.Process, str]:
    """A ``delid`` process that has said that it is ready, and the port that it named."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "delid", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    facts = json.loads(await process.stdout.readline())
    assert facts["ready"] is True
    return process, str(facts["port"])


async def test_a_simulated_klipper_behind_a_serial_proxy(tmp_path: Path) -> None:
    robot, port = await started("sim", "robot", "--dialect", "klipper", "--link", str(tmp_path / "robot"))
    proxy, near = await started("sim", "proxy", "serial", "--to", port, "--link", str(tmp_path / "near"))
    try:
        assert near == str(tmp_path / "near")
        with serial.Serial(near, 115200, timeout=10) as line:
            line.write(b"STATUS\n")
            answer = await asyncio.to_thread(line.read_until, b"ok\n")
        assert answer == b"// Klipper state: Ready\nok\n"
    finally:
        for process in (proxy, robot):
            process.terminate()
            await process.wait()
    assert (proxy.returncode, robot.returncode) == (0, 0)
    assert not os.listdir(tmp_path), "the links are gone"


def test_a_program_robot_needs_its_map() -> None:
    result = CliRunner().invoke(app, ["sim", "robot", "--dialect", "program"])
    assert isinstance(result.exception, Exception)
    assert "A program robot needs its map" in str(result.exception)
