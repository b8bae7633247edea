"""What the robot can do decides how a run is held and how it is made ready; nobody asks which robot it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from harness import RULES, World, bolt_step, plan_of

from delid.core import Command, DoMotion, MotionVerb, Move, State
from delid.engine import EngineState


def world(**rules: bool) -> World:
    """A cell whose first move of the plan does not end by itself."""
    return World(
        plan_of(bolt_step(1)),
        answer=lambda effect, w: "withhold" if isinstance(effect, Move) and "lid.01#1.1" in effect.id else None,
        state=EngineState(rules=replace(RULES, **rules), now_s=0.0),
    )


@pytest.mark.parametrize(
    ("can_hold", "told", "ends_in"),
    [(True, MotionVerb.HOLD, State.HELD), (False, MotionVerb.STOP, State.STOPPED)],
)
def test_a_run_whose_robot_cannot_hold_is_stopped(can_hold: bool, told: MotionVerb, ends_in: State) -> None:
    made = world(can_hold=can_hold)
    made.start()
    assert made.packml is State.EXECUTE
    made.command(Command.HOLD)
    assert made.of(DoMotion)[-1].verb is told
    assert made.packml is ends_in


@pytest.mark.parametrize("needs_homing", [True, False])
def test_only_a_robot_that_needs_it_is_homed(needs_homing: bool) -> None:
    made = world(needs_homing=needs_homing)
    made.connect()
    made.command(Command.RESET)
    verbs = [effect.verb for effect in made.of(DoMotion)]
    assert (MotionVerb.HOME in verbs) is needs_homing
    assert MotionVerb.ENABLE in verbs
