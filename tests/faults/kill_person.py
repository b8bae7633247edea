"""The person at the cell: clears, resets, starts, and answers questions after a look at the pack."""

from __future__ import annotations

import asyncio
from collections import Counter

from kill_kit import Shop

from delid.core import Answered, Command, OperatorCommanded, State
from delid.engine import Executor

LOOK_S = 0.02
PATIENCE_S = 120.0
NOT_DONE = ("done", "not done")
ENDS = (State.COMPLETE, State.STOPPED, State.ABORTED)


class Person:
    def __init__(self, shop: Shop, executor: Executor) -> None:
        self._shop, self._executor = shop, executor
        self.asked: list[str] = []
        self.told: list[str] = []
        """What the person was asked about the run before."""
        self._tries: Counter[str] = Counter()

    async def until_up(self) -> None:
        """Both devices are connected and have reported."""
        while True:
            state = self._executor.state
            up = all(name in state.links and state.links[name].up for name in ("plc", "motion"))
            if up and state.tags_at_s is not None and state.motion is not None:
                return
            await asyncio.sleep(LOOK_S)

    def ask_for(self, command: Command) -> None:
        self._executor.post(OperatorCommanded(self._shop.now_s, command, "kim"))

    async def press(self, command: Command, wanted: State) -> None:
        self.ask_for(command)
        end_s = self._shop.now_s + 30
        while self._executor.state.packml is not wanted:
            await asyncio.sleep(LOOK_S)
            assert self._shop.now_s < end_s, (command, self._executor.state.packml, self._executor.state.alarms)

    def take_part_away(self) -> None:
        """Put down by hand what hangs at the tool."""
        self._shop.plc.machine.held = None

    async def reconcile(self) -> None:
        """Say that it is the same pack, and of each part that nobody knows of what a look at the pack says."""
        while (question := self._executor.state.question) is not None:
            assert question.id.startswith("q.left."), question
            answer = "same pack" if question.target is None else NOT_DONE[not self.is_done(question.step or "")]
            self.told.append(question.target or "the pack")
            self._executor.post(Answered(self._shop.now_s, question.id, answer, "kim"))
            await asyncio.sleep(LOOK_S)

    async def work(self) -> State:
        """Reset, start, and answer until the run is over."""
        await self.press(Command.RESET, State.IDLE)
        self.ask_for(Command.START)
        await asyncio.sleep(LOOK_S)
        end_s = self._shop.now_s + PATIENCE_S
        while self._executor.state.packml not in ENDS:
            assert self._shop.now_s < end_s, (self._executor.state.packml, self._executor.state.current)
            self._answer()
            await asyncio.sleep(LOOK_S)
        return self._executor.state.packml

    def _answer(self) -> None:
        state = self._executor.state
        question = state.question
        if question is None or state.packml is not State.HELD:
            return
        if "done" in question.answers:
            answer = "done"
        else:
            step = question.step or question.id
            answer = "done by hand" if self.is_done(step) else "try again"
            self.asked.append(step)
            self._tries[step] += 1
            assert self._tries[step] <= 3, f"{step} does not succeed: {question.text} {question.reasons}"
        self._executor.post(Answered(self._shop.now_s, question.id, answer, "kim"))

    def is_done(self, step: str) -> bool:
        """What a look at the pack says."""
        machine, name = self._shop.plc.machine, step.rsplit("/", 1)[-1]
        hangs = {machine.held.module} if machine.held is not None else set()
        if name in ("lift_lid", "set_lid_down"):
            return not machine.lid_on and None not in hangs
        if name.startswith("module."):
            number = int(name.removeprefix("module.")) - 1
            return number in machine.modules_out and number not in hangs
        return name in machine.removed
