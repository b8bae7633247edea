"""Manual mode: the robot creeps along an axis while a person holds on, and stands when nobody does.

Three times somebody lets go of the robot by himself: here, when no signal came for the dead-man time; in the driver,
which has a dead-man time of its own and hands the controller a fraction of a second of motion at a time; and in the
controller, which stands when that is used up.
"""

from __future__ import annotations

import dataclasses

from delid.core import Finished, HoldJog, Jog, JogHeld, JogPressed, JogReleased, Mode, State

from ._interlocks import start_checklist
from ._press import Jogging
from ._state import EngineState, Pending
from ._turn import MARGIN_S, Turn

LONGEST_S = 60.0
"""After so long the person has to press again."""
AT_LIMIT_MM = 0.05
UNMOVED = frozenset({"refused", "error", "journal"})
"""Failures after which the robot stands, and nothing is wrong with it."""


def on_pressed(turn: Turn, event: JogPressed) -> None:
    """Begin to jog, or say why not. A press that was refused stays refused: the person has to press again."""
    state, rules = turn.state, turn.state.rules
    feed_mm_s = rules.jog_feed_mm_s if event.feed_mm_s is None else event.feed_mm_s
    reasons = why_not(state) or _press_refusals(state, event, feed_mm_s)
    turn.record(
        "jog", press=event.press, axis=event.axis, forward=event.forward, feed_mm_s=feed_mm_s, by=event.by,
        accepted=not reasons, reasons=reasons,
    )  # fmt: skip
    turn.set(presses=(*state.presses, event.press)[-100:])
    if reasons:
        return
    low_mm, high_mm = rules.limits_mm[event.axis]
    jog = Jog(
        f"jog.{state.turns}.{state.jogs + 1}", event.axis, high_mm if event.forward else low_mm, feed_mm_s,
        rules.jog_hold_s, LONGEST_S + rules.stop_timeout_s,
    )  # fmt: skip
    turn.set(jogs=state.jogs + 1, jog=Jogging(event.press, event.by, jog, turn.now_s, event.at_s))
    turn.emit(jog)


def on_held(turn: Turn, event: JogHeld) -> None:
    """A hold signal. One that comes after the dead-man time is none: what was let go is not taken up again."""
    jogging = turn.state.jog
    if jogging is None or jogging.press != event.press or jogging.ending:
        return
    if event.at_s - jogging.held_at_s > turn.state.rules.jog_hold_s:
        end(turn, _dead_man(turn.state))
        return
    held_at_s, signals = max(jogging.held_at_s, event.at_s), jogging.signals + 1
    turn.set(jog=dataclasses.replace(jogging, held_at_s=held_at_s, signals=signals))
    turn.emit(HoldJog(f"{jogging.jog.id}.{signals}", jogging.jog.id, held_at_s))


def on_released(turn: Turn, event: JogReleased) -> None:
    """The person let go. A press that is let go before it arrives never begins."""
    if turn.state.jog is not None and turn.state.jog.press == event.press:
        end(turn, "let go")
    elif event.press not in turn.state.presses:
        turn.set(presses=(*turn.state.presses, event.press)[-100:])


def watch(turn: Turn) -> None:
    """The dead man: looked at after every event."""
    jogging = turn.state.jog
    if jogging is None or jogging.ending:
        return
    if turn.now_s - jogging.held_at_s > turn.state.rules.jog_hold_s:
        end(turn, _dead_man(turn.state))
    elif turn.now_s - jogging.since_s > LONGEST_S:
        end(turn, f"held for {LONGEST_S:g} s; press again to go on")


def end(turn: Turn, cause: str) -> None:
    """End the jog, if there is one; its end is awaited for as long as a stop's."""
    jogging = turn.state.jog
    if jogging is None or jogging.ending:
        return
    turn.set(jog=dataclasses.replace(jogging, ending=cause))
    turn.emit(HoldJog(f"{jogging.jog.id}.end", jogging.jog.id))
    due_s = turn.now_s + turn.state.rules.stop_timeout_s + MARGIN_S
    turn.set(pending={**turn.state.pending, jogging.jog.id: Pending(jogging.jog, due_s)})


def on_finished(turn: Turn, event: Finished) -> str:
    """The robot stands, or nobody knows; in that case words for the abort."""
    jogging = turn.state.jog
    if jogging is None or jogging.jog.id != event.id:
        return ""
    cause = jogging.ending or event.detail or event.failure or "at the limit"
    pose = {name: event.values[name] for name in ("x_mm", "y_mm", "z_mm") if name in event.values}
    turn.set(jog=None, jog_end=cause)
    turn.record("jog_end", press=jogging.press, axis=jogging.jog.axis, ok=event.ok, cause=cause, **pose)
    if event.ok or event.failure in UNMOVED:
        return ""
    return f"the jog along {jogging.jog.axis} did not end in order: {event.detail or event.failure}"


def why_not(state: EngineState) -> list[str]:
    """What stands against a jog now, whatever its direction."""
    if state.mode is not Mode.MANUAL:
        return [f"jogging needs the mode manual, this is {state.mode.value}"]
    if state.packml is not State.EXECUTE:
        return [f"jogging needs Execute, this is {state.packml.value}"]
    if not state.rules.can_jog:
        return ["this robot cannot be jogged by delid; use its own pendant"]
    if state.jog is not None or state.pending:
        return ["the jog before has not ended"]
    return [f"{name}: {why}" for name, ok, why in start_checklist(state) if not ok]


def _press_refusals(state: EngineState, event: JogPressed, feed_mm_s: float) -> list[str]:
    """What stands against this press."""
    rules = state.rules
    if event.press in state.presses:
        return ["this press is over; let go and press again"]
    if not 0 < feed_mm_s <= rules.jog_feed_mm_s:
        return [f"{feed_mm_s:g} mm/s is outside 0..{rules.jog_feed_mm_s:g} mm/s, the reduced speed of this cell"]
    pose_mm = state.motion.pose_mm if state.motion is not None else None
    if pose_mm is None:
        return ["the robot does not say where it stands"]
    at_mm, (low_mm, high_mm) = pose_mm["xyz".index(event.axis)], rules.limits_mm[event.axis]
    if (high_mm - at_mm if event.forward else at_mm - low_mm) <= AT_LIMIT_MM:
        return [f"{event.axis} stands at its limit, {at_mm:g} mm of {low_mm:g}..{high_mm:g} mm"]
    return []


def _dead_man(state: EngineState) -> str:
    return f"no hold signal for {state.rules.jog_hold_s:g} s"
