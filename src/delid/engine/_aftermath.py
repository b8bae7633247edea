"""What is still done once robot and PLC have been told to stop: the tool is brought up, and the PLC is told to help.

Bringing the tool up is the only motion that ever follows a halt, straight up, and only where every interlock of motion
holds; the PLC's commands do not wait for it.
"""

from __future__ import annotations

import dataclasses

from delid.core import CancelCommand, DoMotion, Effect, Finished, MotionVerb, Move, PoseMm, RunCommand

from ._after_halt import Aftermath
from ._interlocks import no_motion
from ._state import EngineState
from ._turn import Turn

AGAIN_S = 5.0
"""After which time a command that has to get through is given again."""
UP_MM = 0.5
"""Closer than this to the travel height the tool counts as up."""


def begin(turn: Turn, name: str, commands: tuple[str, ...], *, retract: bool, insists: bool = False) -> None:
    """Lay out what follows the halt that is under way."""
    turn.set(aftermath=Aftermath(name, retract, commands, insists))


def busy(state: EngineState) -> bool:
    """True while the halt is not over because of what follows it."""
    rest = state.aftermath
    if rest is None:
        return False
    return rest.retract or (bool(rest.commands) and _plc_up(state))


def concerns(state: EngineState, effect_id: str) -> bool:
    """True where an effect belongs to what follows the halt."""
    return state.aftermath is not None and effect_id.startswith(f"{state.aftermath.name}.")


def go_on(turn: Turn) -> None:
    """Ask for what can be done now; called after every event."""
    if turn.state.aftermath is not None and not turn.state.work:
        _retract(turn, turn.state.aftermath)
        _command(turn)


def not_stopped(turn: Turn, effect: Effect) -> None:
    """A robot that did not confirm that it stands is asked for nothing more."""
    if turn.state.aftermath is not None and isinstance(effect, DoMotion):
        turn.set(aftermath=dataclasses.replace(turn.state.aftermath, retract=False))


def on_finished(turn: Turn, effect: Effect, event: Finished) -> None:
    """An effect of what follows the halt ended."""
    rest = turn.state.aftermath
    assert rest is not None
    what = effect.name if isinstance(effect, RunCommand) else event.id.rsplit(".", 1)[-1]
    words = event.detail or event.failure
    turn.record(rest.name, what=what, ok=event.ok, detail="" if event.ok else words)
    if not event.ok:
        turn.alarm(f"{rest.name}.{what}", f"{what.replace('_', ' ')} was not confirmed: {words}")
    if isinstance(effect, RunCommand) and rest.insists and not event.ok:
        again = (*rest.again, effect.name)
        turn.set(aftermath=dataclasses.replace(rest, again=again, retry_at_s=turn.now_s + AGAIN_S))


def _retract(turn: Turn, rest: Aftermath) -> None:
    state, prefix = turn.state, f"{rest.name}.{turn.state.turns}"
    under_way = [k for k, p in state.pending.items() if isinstance(p.effect, Move) and concerns(state, k)]
    why = no_motion(state)
    if under_way and why:
        turn.settle(under_way[0])
        turn.alarm(f"{rest.name}.retract", f"The tool was not brought up to the end: {why}.")
        turn.emit(DoMotion(f"{prefix}.stop", MotionVerb.STOP, state.rules.stop_timeout_s))
    if not rest.retract or turn.awaiting(DoMotion):
        return
    turn.set(aftermath=dataclasses.replace(rest, retract=False))
    up = _up(state)
    if up is not None and why:
        turn.alarm(f"{rest.name}.retract", f"The tool stays down: {why}.")
    elif up is not None:
        turn.emit(Move(f"{prefix}.retract", up, state.rules.travel_feed_mm_s, state.rules.move_timeout_s))


def _up(state: EngineState) -> PoseMm | None:
    """Straight above where the tool is, at the travel height; None where it is up."""
    seen_mm = state.motion.pose_mm if state.motion is not None else None
    at_mm, safe_z_mm = seen_mm or state.last_target_mm, state.rules.safe_z_mm
    if at_mm is None or at_mm[2] >= safe_z_mm - UP_MM:
        return None
    return at_mm[0], at_mm[1], safe_z_mm


def _command(turn: Turn) -> None:
    """One command after the other; those that failed come again when their time has come."""
    rest, state = turn.state.aftermath, turn.state
    if rest is None or turn.awaiting(CancelCommand, RunCommand):
        return
    due = rest.commands or (rest.again if turn.now_s >= rest.retry_at_s else ())
    if not due:
        return
    name = due[0]
    if not _plc_up(state):
        if not rest.insists:
            turn.set(aftermath=dataclasses.replace(rest, commands=()))
            turn.alarm(f"{rest.name}.{name}", f"{name.replace('_', ' ')} was not given: no connection to the PLC")
        return
    rest = dataclasses.replace(rest, sent=rest.sent + 1)
    if rest.commands:
        rest = dataclasses.replace(rest, commands=rest.commands[1:])
    else:
        rest = dataclasses.replace(rest, again=rest.again[1:])
    turn.set(aftermath=rest)
    turn.emit(RunCommand(f"{rest.name}.{state.turns}.{rest.sent}.{name}", name, {}, state.rules.command_timeout_s))


def _plc_up(state: EngineState) -> bool:
    link = state.links.get("plc")
    return link is not None and link.up
