"""What begins by itself: acting states go through their work, and Execute looks, decides and works off the plan."""

from __future__ import annotations

import dataclasses

from delid.core import ACTING_DONE, Decide, Look, Mode, State

from . import _acting as acting
from . import _lights as lights
from . import _modes as modes
from . import _reconcile as reconcile
from . import _steps as steps
from ._state import EngineState, Phase
from ._turn import Turn


def advance(turn: Turn) -> None:
    """Go on until nothing more can start without a new event."""
    for _ in range(1000):
        if turn.state.packml in ACTING_DONE and turn.state.packml is not State.EXECUTE:
            if not acting.acting_done(turn):
                return
        elif turn.state.packml is not State.EXECUTE or not _execute(turn):
            return
    raise AssertionError("the reducer does not settle")


def _execute(turn: Turn) -> bool:
    state = turn.state
    if state.mode is Mode.MANUAL:
        return False  # nothing begins by itself
    if state.phase is Phase.NONE:
        turn.set(phase=Phase.LOOKING, assessment=None)
        look = Look(f"look.{state.turns}", "identify", state.rules.frames, state.rules.look_timeout_s)
        lights.begin_look(turn, look)
        return False
    if state.phase is Phase.LOOKING:
        if turn.awaiting(Look) or state.assessment is None:
            return False
        if reconcile.ask_if_doubtful(turn):
            return True
        turn.set(phase=Phase.DECIDING)
        turn.emit(_decide(state))
        return False
    if state.phase is Phase.DECIDING:
        return False
    if state.current is None and not state.queue and modes.must_ask(state, modes.FINISH):
        modes.ask_for_finish(turn)
        return True
    if state.current is None and not state.queue:
        acting.enter_acting(turn, State.COMPLETING, "all steps done")
        return True
    return steps.advance_steps(turn)


def _decide(state: EngineState) -> Decide:
    """Plan from what is sure: what a doubtful fastener is, the nutrunner finds out. Its place counts if measured."""
    assert state.assessment is not None
    sure = state.rules.empty_confidence
    kept = tuple(f for f in state.assessment.fasteners if f.confidence >= sure or f.uncertainty_mm is not None)
    seen = dataclasses.replace(state.assessment, fasteners=kept)
    doubtful = any(f.confidence < sure for f in kept)
    name, readings = f"decide.{state.turns}", dict(state.tags)
    least = sure if doubtful else 0.0
    named = reconcile.assumed_pack(state)
    told = (state.ruled_out, state.leftover.carried, state.ruled_in)
    released_only = state.mode is not Mode.MAINTENANCE
    return Decide(name, seen, readings, state.excluded, named, least, *told, released_only)
