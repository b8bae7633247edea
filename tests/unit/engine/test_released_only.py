"""Released recipes only, in every mode but maintenance."""

from __future__ import annotations

import pytest
from harness import World, bolt_step, plan_of

from delid.core import Command, Decide, Mode, ModeSelected


@pytest.mark.parametrize(("mode", "released_only"), [(Mode.PRODUCTION, True), (Mode.MAINTENANCE, False)])
def test_the_engine_asks_for_released_recipes_in_production(mode, released_only):
    world = World(plan_of(bolt_step(1)))
    world.connect()
    if mode is not Mode.PRODUCTION:
        world.feed(ModeSelected(0.0, mode, "test"))
    world.command(Command.RESET)
    world.command(Command.START)
    (asked,) = world.of(Decide)
    assert asked.released_only is released_only
