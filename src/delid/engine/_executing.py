"""What begins by itself: acting states go through their work, and Execute looks, decides and works off the plan."""

from __future__ import annotations

from delid.core import ACTING_DONE, Look, Mode, State

from . import _acting as acting
from . import _beside as beside
from . import _decisions as decisions
from . import _lights as lights
from . import _modes as modes
from . import _reconcile as reconcile
from . import _replan as replan
from . import _steps as steps
from ._state import Phase
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
        if state.plan is None and reconcile.ask_if_doubtful(turn):
            return True
        turn.set(phase=Phase.DECIDING)
        turn.emit(decisions.ask(state))
        return False
    if state.phase is Phase.DECIDING:
        return False
    if beside.watch(turn) or replan.begin(turn):
        return True
    if state.current is None and not state.queue and state.beside:
        return False
    if state.current is None and not state.queue and modes.must_ask(state, modes.FINISH):
        modes.ask_for_finish(turn)
        return True
    if state.current is None and not state.queue:
        acting.enter_acting(turn, State.COMPLETING, "all steps done")
        return True
    return steps.advance_steps(turn)
