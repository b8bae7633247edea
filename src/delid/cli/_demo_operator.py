"""The person of the demo: resets, starts, answers questions, and puts a hand into the simulated world where asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from delid.config import load_yaml_model
from delid.core import (
    ANOTHER_PACK,
    Answered,
    AskAct,
    Command,
    DamageKind,
    Effect,
    Event,
    OperatorCommanded,
    State,
    Verb,
)
from delid.engine import NOT_THERE, SET_ASIDE, THERE, EngineState, Executor, checklist, start_checklist
from delid.sim.camera import Scene

BY = "demo operator"
THINKING_S = 0.3
ENDED = (State.COMPLETE, State.STOPPED, State.ABORTED)


def damage_of(scene: Path) -> frozenset[DamageKind]:
    """What a person would see on the pack of a simulated scene."""
    return frozenset(d.kind for d in load_yaml_model(scene / "scene.yaml", Scene).damage if d.box_px is not None)


class DemoOperator:
    """Acts on what the state shows, as a person at the panel would; ``done`` is set when the run is over."""

    def __init__(
        self, executor: Executor, world: Path, damage: frozenset[DamageKind], say: Callable[[str], None]
    ) -> None:
        self._executor, self._world, self._damage, self._say = executor, world, damage, say
        self._removed: list[str] = []
        self._inputs: dict[str, object] = {}
        self._acted_on: tuple[object, ...] = ()
        self._started = False
        self.done = asyncio.Event()
        executor.observers.append(self._look)

    def _look(self, state: EngineState, event: Event, effects: tuple[Effect, ...]) -> None:
        if self._started and state.packml in ENDED:
            self.done.set()
            return
        question = state.question.id if state.question else ""
        moment = (state.packml, state.packml_since_s, question)
        if moment == self._acted_on or not self._ready(state):
            return
        self._acted_on = moment
        asyncio.get_running_loop().call_later(THINKING_S, self._act)

    def _ready(self, state: EngineState) -> bool:
        if state.question is not None and state.packml in ENDED:
            return True
        if state.packml is State.STOPPED:
            return state.motion is not None and all(ok for _, ok, _ in checklist(state))
        if state.packml is State.IDLE:
            return all(ok for _, ok, _ in start_checklist(state))
        return state.packml in (State.ABORTED, State.HELD)

    def _act(self) -> None:
        state = self._executor.state
        if state.question is not None:
            self._answer(state)
        elif state.packml is State.STOPPED:
            self._command(Command.RESET)
        elif state.packml is State.ABORTED:
            self._command(Command.CLEAR)
        elif state.packml is State.IDLE:
            self._started = True
            self._command(Command.START)
        elif state.packml is State.HELD:
            self._command(Command.UNHOLD)

    def _command(self, command: Command) -> None:
        self._say(f"{BY}: {command.value}")
        self._executor.post(OperatorCommanded(self._executor.clock.now_s(), command, BY))

    def _answer(self, state: EngineState) -> None:
        question, current = state.question, state.current
        assert question is not None
        act = current.acts[current.index] if current else None
        if current is not None and isinstance(act, AskAct) and current.reaction is None:
            if current.step.do is Verb.DISCONNECT:
                self._touch(disconnect_pulled=True)
            if current.step.do is Verb.UNFASTEN:
                self._take_out(current.step.targets)
            answer = act.go_on[0]
        elif current is not None:
            self._take_out(current.failed_targets)
            answer = "done by hand"
        else:
            answer = self._look_at_pack(state, question.answers)
        self._say(f"question: {question.text}")
        self._say(f"{BY}: {answer}")
        self._executor.post(Answered(self._executor.clock.now_s(), question.id, answer, BY))

    def _look_at_pack(self, state: EngineState, answers: tuple[str, ...]) -> str:
        """Asked for a damage that the pictures leave unclear, look whether the simulated pack has it.

        A demo that broke off left a pack that is gone: every demo has one of its own.
        """
        if ANOTHER_PACK in answers:
            return ANOTHER_PACK
        if NOT_THERE not in answers or state.decision is None:
            return SET_ASIDE
        return THERE if state.decision.assessment.unclear[0].kind in self._damage else NOT_THERE

    def _take_out(self, names: tuple[str, ...]) -> None:
        self._removed += [name for name in names if name not in self._removed]
        self._touch(removed=self._removed)

    def _touch(self, **inputs: object) -> None:
        """Change something in the simulated world by hand."""
        self._inputs |= inputs
        part = self._world / "inputs.json.part"
        part.write_text(json.dumps(self._inputs))
        part.replace(self._world / "inputs.json")
