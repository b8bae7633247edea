"""The executor and the modes: what outlives a run, what the PLC is told, and letting go ahead of everything."""

from __future__ import annotations

import pytest
import test_executor
from jog_kit import JOG_RULES

import delid.engine.executor as executor_module
from delid.core import (
    Command,
    Finished,
    JogHeld,
    JogPressed,
    JogReleased,
    Mode,
    ModeSelected,
    MotionReported,
    MotionState,
    State,
)
from delid.engine import EngineState


class JoggedMotion(test_executor.FakeMotion):
    async def jog(self, id, axis, to_mm, feed_mm_s, hold_s, deadline_s):
        self.trail.append(f"jog {axis} to {to_mm:g}")
        await self.block.wait()
        return Finished(self.clock.now_s(), id, True)

    def hold_jog(self, jog, held_at_s):
        self.trail.append("let go" if held_at_s is None else "held")
        if held_at_s is None:
            self.block.set()


class Cell(test_executor.Cell):
    async def manual(self):
        await self.connect()
        await self.post(ModeSelected(self.clock.now_s(), Mode.MANUAL, "test"))
        await self.command(Command.RESET)
        await self.post(MotionReported(self.clock.now_s(), MotionState.IDLE, (5.0, 5.0, -5.0), True))
        await self.command(Command.START)
        assert self.packml is State.EXECUTE
        self.motion.block.clear()
        self.trail.clear()


@pytest.fixture
async def cell(repository, monkeypatch):
    monkeypatch.setattr(test_executor, "FakeMotion", JoggedMotion)
    made = Cell(repository, monkeypatch)
    monkeypatch.setattr(executor_module, "initial", lambda cell, at_s, sure: EngineState(rules=JOG_RULES, now_s=at_s))
    await made.settle()
    yield made
    await made.end()


async def test_the_mode_outlives_the_run_and_the_plc_is_told_at_once(cell):
    await cell.connect()
    assert cell.plc.modes[-1] == 1
    await cell.post(ModeSelected(cell.clock.now_s(), Mode.MANUAL, "test"))
    assert cell.plc.modes[-1] == 3
    await cell.command(Command.RESET)
    assert (cell.log.rolls, cell.executor.state.mode) == (1, Mode.MANUAL)
    assert cell.plc.modes[-1] == 3


async def test_a_press_is_durable_before_it_moves_and_a_hold_is_not_written(cell):
    await cell.manual()
    await cell.post(JogPressed(0.0, "p", "x", True, "Ann"))
    assert cell.trail == ["journal turn Jog", "jog x to 2400"]
    await cell.post(JogHeld(0.0, "p"), JogHeld(0.0, "p"))
    assert cell.trail[2:] == ["held", "held"]


async def test_letting_go_does_not_wait_for_the_journal(cell):
    await cell.manual()
    await cell.post(JogPressed(0.0, "p", "x", True, "Ann"))
    cell.log.gate.clear()  # the disk hangs
    cell.trail.clear()
    await cell.post(JogReleased(0.0, "p"))
    assert cell.trail == ["let go"]
    cell.log.gate.set()
    await cell.settle()
    assert cell.executor.state.jog is None


async def test_a_press_that_cannot_be_written_never_moves(cell):
    await cell.manual()
    cell.log.broken = True
    await cell.post(JogPressed(0.0, "p", "x", True, "Ann"))
    assert not [word for word in cell.trail if word.startswith("jog")]
    assert cell.executor.state.jog is None


async def test_an_executor_that_ends_stops_a_jog(cell):
    await cell.manual()
    await cell.post(JogPressed(0.0, "p", "x", True, "Ann"))
    await cell.end()
    assert "motion stop" in cell.trail
