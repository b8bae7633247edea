"""The person of the demo, who must not wait for an answer that nobody else gives."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from delid.cli import _demo_operator
from delid.cli._demo_operator import DemoOperator
from delid.core import Event, RunTrace, Started, State, StepTrace, Verb
from delid.engine import EngineState

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))
from harness import World, bolt_step, plan_of


class Shown:
    """As much of an executor as the demo's person sees."""

    def __init__(self, world: World) -> None:
        self.world, self.observers = world, []
        self.clock = SimpleNamespace(now_s=lambda: world.now)

    @property
    def state(self) -> EngineState:
        return self.world.state

    def post(self, event: Event) -> None:
        self.world.feed(event)
        for observer in self.observers:
            observer(self.state, event, ())


@pytest.mark.parametrize("unfinished", ["r0", None])
async def test_a_demo_that_broke_off_does_not_stop_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unfinished: str | None
) -> None:
    monkeypatch.setattr(_demo_operator, "THINKING_S", 0.0)
    world = World(plan_of(bolt_step(1)))
    executor = Shown(world)
    operator = DemoOperator(executor, tmp_path, frozenset(), lambda words: None)
    begun = StepTrace(
        "p/standard/lid_bolts/lid.01", "Loosen lid.01", Verb.UNFASTEN, ("lid.01",), True, "begun", "", "x"
    )
    left = RunTrace("r0", "p", "p/standard", {begun.key: begun})
    world.feed(Started(0.0, unfinished, left=left))
    assert world.state.question is not None
    world.connect_again()
    executor.post(world.report())
    for _ in range(200):
        if operator.done.is_set():
            break
        await asyncio.sleep(0)
    assert world.packml is State.COMPLETE
    assert world.records("reconciled")[0]["same_pack"] is False
