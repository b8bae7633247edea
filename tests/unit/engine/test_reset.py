"""Reset: pressed once more while it works, and after a motion that was held or cut short."""

from __future__ import annotations

import asyncio

import pytest
from harness import World
from test_executor import PLAN
from test_executor import cell as cell

from delid.core import Command, DoMotion, Finished, MotionReported, MotionState, MotionVerb, State


async def test_a_reset_pressed_again_while_it_works_is_refused_and_goes_on(cell):
    homed = asyncio.Event()

    async def do(id, verb, deadline_s):
        cell.trail.append(f"motion {verb.value}")
        if verb is MotionVerb.HOME:
            await homed.wait()
        return Finished(cell.clock.now_s(), id, True)

    cell.motion.do = do
    await cell.connect()
    await cell.post(MotionReported(cell.clock.now_s(), MotionState.IDLE, (0, 0, 0), False))
    await cell.command(Command.RESET)
    before = cell.executor.state.pending
    assert len(before) == 1
    await cell.command(Command.RESET)
    assert cell.executor.state.pending == before, "the homing under way is still waited for"
    assert (cell.log.rolls, cell.trail.count("motion home")) == (1, 1)
    homed.set()
    await cell.settle()
    assert cell.packml is State.IDLE


@pytest.mark.parametrize("standing", [MotionState.HELD, MotionState.DOOR])
@pytest.mark.parametrize("command", [Command.CLEAR, Command.RESET])
def test_a_motion_that_was_cut_short_is_dropped_before_anything_else_moves(command, standing):
    world = World(PLAN)
    world.connect()
    if command is Command.CLEAR:
        world.command(Command.ABORT)
    world.feed(MotionReported(world.now, standing, (0, 0, 0), False))
    asked = len(world.of(DoMotion))
    world.command(command)
    verbs = [effect.verb for effect in world.of(DoMotion)[asked:]]
    assert verbs[0] is MotionVerb.STOP
    assert verbs[1:] == ([] if command is Command.CLEAR else [MotionVerb.ENABLE, MotionVerb.HOME])
    assert world.packml is (State.STOPPED if command is Command.CLEAR else State.IDLE)
