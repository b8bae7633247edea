"""What is told of a pack over the cell's own line: the command line against a cell with the real engine."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path

from served_cell import Cell
from served_cell import cell as cell
from typer.testing import CliRunner, Result

from delid.cli._main import app
from delid.core import Command, HealthReport, PackReport, Route


async def run(repository: Path, *words: str) -> Result:
    """The command in a thread of its own, as it is in a process of its own."""
    cell_file = str(repository / "cell_configs/cells/demo.yaml")
    return await asyncio.to_thread(CliRunner().invoke, app, ["health", cell_file, *words])


async def test_a_person_tells_the_cell_what_was_measured_and_where_the_pack_goes(
    cell: Cell, repository: Path, tmp_path: Path
) -> None:
    early = await run(repository, "--capacity-ah", "185")
    assert (early.exit_code, early.stderr.split(":")[0]) == (1, "not possible in Stopped")
    await cell.command(Command.RESET)
    state = cell.executor.state
    cell.executor.state = dataclasses.replace(state, rules=dataclasses.replace(state.rules, knows_health=True))
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"isolation_ohm_per_v": 800}))
    told = await run(repository, "--health", str(report), "--capacity-ah", "185", "--route", "reuse", "--by", "Ann")
    assert told.exit_code == 0, told.output
    assert told.output.splitlines()[:3] == [
        "told     isolation_ohm_per_v 800",
        "told     capacity_ah 185",
        "by       Ann",
    ]
    measured = HealthReport(isolation_ohm_per_v=800.0, capacity_ah=185.0, by="Ann")
    assert cell.executor.state.told == PackReport(measured, Route.REUSE)
    shown = json.loads((await run(repository, "--json")).output)
    assert shown["told"]["route"] == "reuse"
    both = await run(repository, "--clear", "--route", "reuse")
    assert "--clear takes everything back" in str(both.exception)
    assert (await run(repository, "--clear")).exit_code == 0
    assert cell.executor.state.told == PackReport()
