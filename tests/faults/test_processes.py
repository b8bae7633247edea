"""Processes that die in the middle of a run: the panel, the cell process, the simulated PLC."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from cell_kit import CellRig

WATCHDOG_S = 0.6
pytestmark = pytest.mark.slow


async def test_the_run_outlives_the_panel_but_not_the_plc(tmp_path):
    async with CellRig(tmp_path, "vw-meb-82-clean", speed=10, quick=True) as rig:
        await rig.spawn("panel", "panel", "--socket", str(rig.socket), "--port", "0")
        await rig.start_run()
        before = await rig.until(lambda s: s["steps_done"] >= 4)
        await rig.kill("panel")
        state = await rig.until(lambda s: s["steps_done"] >= before["steps_done"] + 4, 60)
        assert state["packml"] == "Execute", state["alarms"]
        await rig.kill("plc")
        state = await rig.until(lambda s: s["packml"] == "Aborted", 15)
        assert any(a["code"] in ("plc.link", "plc.stale", "act.link") for a in state["alarms"]), state["alarms"]
        assert not state["devices"]["plc"]["up"]
        run = tmp_path / "runs" / state["run"] / "journal.jsonl"
        async with asyncio.timeout(5):  # the state can be read while the last turn is on its way to the disk
            while (kinds := kinds_in(run)).count("run_ended") == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert kinds.count("run_started") == 1
        assert kinds.count("run_ended") == 1


def kinds_in(journal: Path) -> list[str]:
    """The kinds of the whole lines of a journal."""
    return [json.loads(line)["kind"] for line in journal.read_text().splitlines(keepends=True) if line.endswith("\n")]


async def test_after_a_kill_nothing_moves_until_a_person_says_so_and_a_lost_port_aborts(tmp_path):
    async with CellRig(tmp_path, "vw-meb-82-clean", speed=5, quick=True) as rig:
        await rig.start_run()
        await rig.until(lambda s: s["steps_done"] >= 7, 90)
        permitted = rig.world.read_plc()
        assert permitted is not None
        assert permitted.motion_permitted
        killed_s = await rig.kill("cell")
        while rig.world.read_plc().motion_permitted:
            assert time.monotonic() - killed_s < 5, "the watchdog did not act"
            await asyncio.sleep(0.005)
        took_s = time.monotonic() - killed_s
        print(f"motion permission gone {took_s * 1000:.0f} ms after kill -9")
        assert took_s <= WATCHDOG_S

        await asyncio.sleep(0.5)
        stood = rig.world.read_robot()
        assert not stood.moving
        removed = list(rig.world.read_plc().removed)

        await rig.start_cell()
        state = await rig.state()
        assert state["packml"] == "Aborted"
        assert "broke off" in state["alarms"][0]["text"]
        refused = await rig.command("Start")
        assert not refused["ok"]
        await asyncio.sleep(2.0)
        assert rig.world.read_robot().flange_mm == stood.flange_mm, "the robot moved before a person confirmed"

        assert (await rig.command("Clear"))["ok"]
        await rig.until(lambda s: s["packml"] == "Stopped")
        assert rig.world.read_robot().flange_mm == stood.flange_mm
        assert not (await rig.command("Reset"))["ok"]
        left = (await rig.state())["reconciliation"]
        assert left["run"] == state["reconciliation"]["run"] != state["run"]
        assert sum(item["status"] == "done" for item in left["items"]) >= len(removed) - 1
        asked = await rig.reconcile(lambda question: "let the camera decide")
        assert asked[0] == "the pack"
        assert set(asked[1:]) == {item["part"] for item in left["items"] if item["status"] == "unknown"}
        await rig.start_run()  # it looks again: what the PLC took out and no camera has seen yet is looked at closely
        again = await rig.until(lambda s: s["plan"] and not unfinished(s, removed), 90)
        assert {step["status"] for step in bolts(again, removed)} <= {"skipped"}, "and never engaged again"

        await rig.until(lambda s: s["packml"] == "Execute" and s["devices"]["motion"]["state"] == "moving", 90)
        await rig.kill("robot")  # and now the serial port vanishes in a move
        state = await rig.until(lambda s: s["packml"] == "Aborted", 15)
        assert any(a["code"] in ("motion.link", "act.link") for a in state["alarms"]), state["alarms"]
        assert not state["devices"]["motion"]["position_trusted"]


def bolts(state, names):
    return [s for s in state["plan"]["steps"] if "/lid_bolts/lid." in s["key"] and set(s["targets"]) & set(names)]


def unfinished(state, names):
    return [step for step in bolts(state, names) if step["status"] in ("todo", "active")]
