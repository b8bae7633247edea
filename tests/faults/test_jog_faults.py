"""The jog rows of the fault table: whatever breaks between a person's finger and the machine, the machine stands.

Safe is: the gantry stands and gets no more. Each test takes one link of the chain away, with real socket, engine,
journal queue and driver, and a simulated gantry at four times its speed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from delid.core import Mode
from jog_rig import LONGEST_MM, Line, open_line

if TYPE_CHECKING:
    from conftest import FaultRow

ROW = "jog"


@pytest.fixture
async def line(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    async with open_line(repository, tmp_path, monkeypatch) as made:
        yield made


async def test_a_lost_client_stops_it_within_the_dead_man_time(line: Line, fault_row: FaultRow) -> None:
    """The person's side says nothing any more; the cell notices by itself."""
    held = line.hold()
    await line.moving()
    at_mm = line.x_mm
    line.client.request = None  # type: ignore[assignment,method-assign]  # not even letting go arrives
    with contextlib.suppress(TypeError):
        await held
    safe_s = await line.stands()
    assert line.x_mm < at_mm + LONGEST_MM
    assert line.executor.state.jog_end == "no hold signal for 0.3 s"
    assert line.executor.state.packml.value == "Execute"
    fault_row(ROW, "hold signals stop", "the engine's dead man ends the jog; the state stays Execute", safe_s)


CLIENT = """
import asyncio, sys
from pathlib import Path
from delid.core import SystemClock
from delid.ipc import CellClient

async def run():
    client = CellClient(Path(sys.argv[1]))
    press = {"op": "jog", "press": "p9", "axis": "x", "direction": "+", "feed_mm_s": "", "by": "Ann"}
    assert (await client.request(press, 5.0))["ok"]
    while True:
        asyncio.create_task(client.request({"op": "hold_jog", "press": "p9"}, 5.0))
        await asyncio.sleep(0.05)

asyncio.run(run())
"""


async def test_a_killed_client_process_stops_it(line: Line, tmp_path: Path, fault_row: FaultRow) -> None:
    client = await asyncio.create_subprocess_exec(sys.executable, "-c", CLIENT, str(tmp_path / "cell.sock"))
    try:
        await line.until(lambda: line.x_mm > 5.0, 30.0)
        os.kill(client.pid, signal.SIGKILL)
        at_mm = line.x_mm
        safe_s = await line.stands()
        assert line.x_mm < at_mm + LONGEST_MM
        assert line.executor.state.jog_end == "no hold signal for 0.3 s"
        fault_row(ROW, "kill -9 of the client", "the engine's dead man ends the jog", safe_s)
    finally:
        with contextlib.suppress(ProcessLookupError):
            client.kill()
        await client.wait()


async def test_an_engine_that_hangs_on_its_disk_does_not_keep_it_moving(line: Line, fault_row: FaultRow) -> None:
    """Nobody hands the hold signals on; the driver has a dead man of its own."""
    held = line.hold()
    await line.moving()
    line.log.answers.clear()
    refused = asyncio.create_task(line.ask(op="command", command="Complete", by="Bob"))  # has to be written down
    safe_s = await line.stands(1.5)
    line.log.answers.set()
    await asyncio.gather(refused, held)
    assert not line.logic.moving
    assert line.executor.state.jog_end == "no hold signal for 0.3 s"
    fault_row(ROW, "the journal's disk hangs", "the driver's dead man ends the jog", safe_s)


async def test_a_cell_process_that_ends_leaves_nothing_moving(line: Line, fault_row: FaultRow) -> None:
    held = line.hold()
    await line.moving()
    for task in line.tasks:
        task.cancel()
    safe_s = await line.stands()
    held.cancel()
    await asyncio.gather(held, return_exceptions=True)
    fault_row(ROW, "the cell process ends", "it stops the robot before it goes", safe_s)


async def test_a_cell_process_that_is_killed_leaves_nothing_moving(line: Line, fault_row: FaultRow) -> None:
    """Not one byte more goes out. What the controller has is used up in a moment."""
    held = line.hold()
    await line.moving()
    at_mm = line.x_mm
    line.driver.talk.raw = lambda *_, **__: None  # type: ignore[method-assign]
    safe_s = await line.stands()
    assert line.x_mm < at_mm + LONGEST_MM
    held.cancel()
    await asyncio.gather(held, return_exceptions=True)
    fault_row(ROW, "no byte goes out any more", "the controller stands when its pieces are used up", safe_s)


async def test_a_pulled_cable_stops_it_and_its_return_moves_nothing(line: Line, fault_row: FaultRow) -> None:
    held = line.hold()
    await line.moving()
    line.server._unplug()
    at_mm = line.x_mm
    safe_s = await line.stands()
    assert line.x_mm < at_mm + LONGEST_MM
    reply = await held
    assert not reply["ok"]
    assert line.executor.state.packml.value == "Aborted"
    assert Mode.MANUAL is line.executor.state.mode
    fault_row(ROW, "the robot's cable is pulled", "it stands when its pieces are used up; the engine aborts", safe_s)
