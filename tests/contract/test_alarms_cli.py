"""Alarms over the cell's own line: the command line against a cell with the real engine."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from served_cell import GOOD_TAGS, Cell
from served_cell import cell as cell
from typer.testing import CliRunner, Result

from delid.cli._main import app
from delid.core import Command, TagsRead


@pytest.fixture
def cell_file(repository: Path) -> str:
    return str(repository / "cell_configs/cells/demo.yaml")


async def run(*words: str) -> Result:
    """The command in a thread of its own, as it is in a process of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["alarms", *words])


async def test_a_person_sees_acknowledges_and_shelves(cell: Cell, cell_file: str) -> None:
    assert (await run("list", cell_file)).output == "No alarms.\n"
    await cell.post(TagsRead(cell.clock.now_s(), {**GOOD_TAGS, "estop_ok": False, "gas_ppm": 80}))
    assert cell.executor.state.alarms == (), "a stopped cell is no news"
    await cell.post(TagsRead(cell.clock.now_s(), {**GOOD_TAGS, "smoke": True}))
    shown = await run("list", cell_file)
    assert shown.exit_code == 1
    assert shown.output.splitlines()[:2] == [
        "CRITICAL plc.smoke (unacknowledged)",
        "         the smoke detector answers",
    ]
    assert "-> Keep everybody out and call the fire brigade." in shown.output
    refused = await run("shelve", cell_file, "plc.smoke", "--reason", "noise")
    assert (refused.exit_code, refused.stderr) == (1, "what is critical is never shelved\n")
    assert (await run("ack", cell_file, "plc.foo")).stderr == "there is no alarm plc.foo\n"
    assert (await run("ack", cell_file, "plc.smoke", "--by", "anna")).exit_code == 0
    listed = await run("list", cell_file, "--json")
    assert listed.exit_code == 0
    told = json.loads(listed.output)
    assert (told["unacknowledged"], told["flood"]) == (0, False)
    assert [(a["code"], a["state"], a["acknowledged_by"]) for a in told["alarms"]] == [
        ("plc.smoke", "acknowledged", "anna")
    ]
    assert (await run("shelve", cell_file, "plc.gas", "--reason", "new sensor", "--minutes", "5")).exit_code == 0
    assert cell.executor.state.shelved["plc.gas"].reason == "new sensor"
    assert (await run("unshelve", cell_file, "plc.gas")).exit_code == 0
    assert cell.executor.state.shelved == {}


async def test_a_shelf_outlives_the_run(cell: Cell, cell_file: str) -> None:
    assert (await run("shelve", cell_file, "plc.extraction", "--reason", "loose plug")).exit_code == 0
    await cell.command(Command.RESET)
    assert set(cell.executor.state.shelved) == {"plc.extraction"}


async def test_one_alarm_or_all_of_them(cell: Cell, cell_file: str) -> None:
    result = await run("ack", cell_file)
    assert result.exit_code != 0
    assert "name one alarm, or give --all" in str(result.exception)
    assert (await run("ack", cell_file, "--all")).exit_code == 0
