"""Hold to run from a person to the machine; what breaks in between is in tests/faults/test_jog_faults.py."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from delid.cli._main import app
from delid.cli.status import lines_of
from delid.core import Mode
from delid.journal import NoRecorder
from jog_rig import Line, open_line


@pytest.fixture
async def line(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    async with open_line(repository, tmp_path, monkeypatch) as made:
        yield made


async def test_a_person_jogs_for_a_time_and_hears_where_it_stands(line: Line) -> None:
    reply = await line.hold(0.5)
    assert reply["ok"], reply
    assert reply["at_mm"] == pytest.approx(line.x_mm, abs=0.05)
    assert 5 < line.x_mm < 150
    state = await line.state()
    assert (state["mode"], state["packml"], state["jog"]["ended"]) == ("manual", "Execute", "let go")
    assert line.plc.told[1] == 3, "the PLC knows the mode"
    turns = line.log.turns
    line.press |= {"press": "p2", "direction": "-"}
    assert (await line.hold(0.5))["ok"]
    assert line.log.turns - turns <= 6, "hold signals are not kept one by one"


async def test_status_says_what_the_recording_could_not_keep(line: Line) -> None:
    assert (await line.state())["recording"] is None
    assert not [text for text in lines_of(await line.state()) if "recording" in text]
    line.log.recorder = NoRecorder("No space left on device")  # type: ignore[assignment]
    state = await line.state()
    assert state["recording"]["healthy"] is False
    assert "recording has ended: No space left on device" in lines_of(state)
    state["recording"] |= {"failure": "", "dropped_frames": 3, "dropped_traffic": 40}
    assert lines_of(state)[-1] == "recording: 3 frames dropped, 40 wire records dropped"


async def test_what_the_cell_refuses_a_person_reads(line: Line) -> None:
    line.press |= {"feed_mm_s": "900"}
    reply = await line.hold(0.5)
    assert "reduced speed" in reply["error"]["message"]
    refused = await line.ask(op="mode", mode="production", by="Ann")
    assert "Execute" in refused["error"]["message"]
    assert not line.logic.moving


async def test_letting_go_stops_it(line: Line) -> None:
    held = line.hold()
    await line.moving()
    line.let_go.set()
    assert (await held)["ok"]
    assert not line.logic.moving


async def test_an_open_guard_stops_it_whoever_holds(line: Line) -> None:
    held = line.hold()
    await line.moving()
    line.plc.tags["guard_closed"] = False
    reply = await held
    assert "guard" in reply["error"]["message"], reply
    assert not line.logic.moving
    line.plc.tags["guard_closed"] = True
    await asyncio.sleep(0.3)
    assert not line.logic.moving
    assert line.executor.state.packml.value == "Aborted"


async def test_holding_at_the_limit_ends_in_order(line: Line) -> None:
    line.press |= {"direction": "-"}
    reply = await line.hold(20.0)
    assert "limit" in reply["error"]["message"], reply
    assert line.executor.state.packml.value == "Execute"
    assert line.x_mm == pytest.approx(line.executor.state.rules.limits_mm["x"][0], abs=0.05)


# --- from the command line -------------------------------------------------------------------------------------------


async def run(line: Line, *words: str) -> Result:
    """A command in a thread of its own, as it is in a process of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, [words[0], str(line.cell.path), *words[1:]])


async def test_the_command_line_shows_and_chooses_modes(line: Line) -> None:
    assert (await run(line, "mode")).output == "manual\n"
    refused = await run(line, "mode", "production")
    assert (refused.exit_code, "not in Execute" in refused.stderr) == (1, True)
    shown = await run(line, "status")
    assert shown.output.splitlines()[:2] == [
        f"{line.cell.spec.title}: Execute, mode manual",
        "waits for a person to jog the robot",
    ]
    assert json.loads((await run(line, "status", "--json")).output)["mode"] == "manual"
    assert (await line.ask(op="command", command="Stop", by="Ann"))["ok"]
    await line.until(lambda: line.executor.state.packml.value == "Stopped")
    assert (await run(line, "mode", "maintenance", "--by", "Ann")).output == "maintenance\n"
    assert line.executor.state.mode is Mode.MAINTENANCE


async def test_the_command_line_jogs_and_refuses(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("delid.cli.jog.call_on_signal", lambda callback: None)  # those belong to the main thread
    done = await run(line, "jog", "x+", "--for", "0.3", "--feed", "20")
    assert done.exit_code == 0, done.stderr
    assert float(done.output.removeprefix("x stands at ").removesuffix(" mm\n")) == pytest.approx(line.x_mm, abs=0.02)
    fast = await run(line, "jog", "x+", "--feed", "400")
    assert (fast.exit_code, "reduced speed" in fast.stderr) == (1, True)
    wrong = await run(line, "jog", "sideways")
    assert "there is no direction" in str(wrong.exception)
