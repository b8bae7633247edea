"""Interlocks: conditions with a reaction, in one table. They are never extra states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from delid.core import Condition, MotionState, State

from ._state import EngineState
from ._turn import RUNNING


class Response(StrEnum):
    HOLD = "hold"
    ABORT = "abort"


@dataclass(frozen=True, slots=True)
class Interlock:
    """``broken`` gives words when the interlock is violated, else an empty string."""

    code: str
    reaction: Response
    states: frozenset[State]
    broken: Callable[[EngineState], str]


MOVING = RUNNING | {State.RESETTING}
ALWAYS = frozenset(State) - {State.ABORTING, State.ABORTED, State.CLEARING, State.STOPPED, State.STOPPING}


def _flag(tag: str, good: bool, words: str) -> Callable[[EngineState], str]:
    def broken(state: EngineState) -> str:
        value = state.tags.get(tag)
        return words if value is not None and bool(value) is not good else ""

    return broken


def _over(tag: str, limit: Callable[[EngineState], float], unit: str) -> Callable[[EngineState], str]:
    def broken(state: EngineState) -> str:
        value = state.tags.get(tag)
        if value is None or isinstance(value, str) or value <= limit(state):
            return ""
        return f"{tag} is {value:g} {unit}, over {limit(state):g} {unit}"

    return broken


def _link_down(device: str, words: str) -> Callable[[EngineState], str]:
    def broken(state: EngineState) -> str:
        link = state.links.get(device)
        return "" if link is not None and link.up else f"{words}: {link.detail if link else 'not connected'}"

    return broken


def _stale_tags(state: EngineState) -> str:
    age_s = state.tags_age_s()
    if age_s is None or age_s <= state.rules.tags_max_age_s:
        return ""
    return f"the PLC's values are {age_s:.1f} s old"


def _motion_fault(state: EngineState) -> str:
    if state.motion is not None and state.motion.state is MotionState.FAULT:
        return f"the motion controller reports {state.motion.fault or 'a fault'}"
    return ""


def _position_lost(state: EngineState) -> str:
    if state.motion is not None and not state.motion.position_trusted:
        return "the robot's position is not trusted; it has to be homed"
    return ""


def _journal_down(state: EngineState) -> str:
    link = state.links.get("journal")
    return f"the journal cannot be written: {link.detail}" if link is not None and not link.up else ""


INTERLOCKS: tuple[Interlock, ...] = (
    Interlock("plc.estop", Response.ABORT, ALWAYS, _flag("estop_ok", True, "the emergency stop circuit is open")),
    Interlock("plc.guard", Response.ABORT, MOVING, _flag("guard_closed", True, "a guard is open")),
    Interlock("plc.smoke", Response.ABORT, ALWAYS, _flag("smoke", False, "the smoke detector answers")),
    Interlock("plc.heat", Response.ABORT, ALWAYS, _over("pack_temperature_c", lambda s: s.rules.temperature_c, "C")),
    Interlock("plc.gas", Response.ABORT, ALWAYS, _over("gas_ppm", lambda s: s.rules.gas_ppm, "ppm")),
    Interlock("plc.link", Response.ABORT, MOVING, _link_down("plc", "no connection to the PLC")),
    Interlock("plc.stale", Response.ABORT, MOVING, _stale_tags),
    Interlock("plc.watchdog", Response.ABORT, RUNNING, _flag("watchdog_ok", True, "the PLC missed delid's heartbeat")),
    Interlock("motion.link", Response.ABORT, MOVING, _link_down("motion", "no connection to the robot")),
    Interlock("motion.fault", Response.ABORT, RUNNING, _motion_fault),
    Interlock("motion.position", Response.ABORT, RUNNING, _position_lost),
    Interlock(
        "plc.permission",
        Response.HOLD,
        RUNNING - {State.HOLDING, State.HELD},
        _flag("motion_permitted", True, "the PLC does not permit motion"),
    ),
    Interlock("journal.write", Response.HOLD, RUNNING - {State.HOLDING, State.HELD}, _journal_down),
)


HOLDING_TAGS = {"vacuum_ok": "vacuum is held", "grip_ok": "the gripper is closed on a part"}
"""Tags that are on while a tool holds a part."""


def violated(state: EngineState) -> list[tuple[Interlock, str]]:
    """Every interlock that is broken in this state, with its words, in the order of the table."""
    found = ((i, i.broken(state)) for i in INTERLOCKS if state.packml in i.states)
    return [(interlock, words) for interlock, words in found if words]


def holds(state: EngineState, condition: Condition) -> str:
    """Empty when the condition holds on fresh tags, else what is missing."""
    age_s = state.tags_age_s()
    value = state.tags.get(condition.tag)
    if age_s is None or value is None:
        return f"{condition.tag} has never been read"
    if age_s > condition.max_age_s:
        return f"{condition.tag} is {age_s:.1f} s old"
    if condition.equals is not None:
        return "" if bool(value) is condition.equals else f"{condition.describe()} does not hold"
    if isinstance(value, str):
        return f"{condition.tag} is no number"
    if condition.below is not None and not value < condition.below:
        return f"{condition.tag} is {value:g}, not below {condition.below:g}"
    if condition.above is not None and not value > condition.above:
        return f"{condition.tag} is {value:g}, not above {condition.above:g}"
    return ""


def checklist(state: EngineState) -> list[tuple[str, bool, str]]:
    """What must be right before a reset or a start: name, ok, and why not."""
    rows: list[tuple[str, str]] = [
        ("PLC connected", _link_down("plc", "no connection to the PLC")(state)),
        ("PLC values fresh", _stale_tags(state) or ("" if state.tags_at_s is not None else "nothing read yet")),
        ("Robot connected", _link_down("motion", "no connection to the robot")(state)),
        ("Emergency stop circuit closed", _flag("estop_ok", True, "release it at the cell")(state)),
        ("Guards closed", _flag("guard_closed", True, "close the guard")(state)),
        ("No smoke, heat or gas", _no_danger(state)),
        ("Journal can be written", _journal_down(state)),
    ]
    if state.packml not in RUNNING:  # a run may carry a part; a reset homes, and would drag it along
        rows.append(("Nothing hangs at the tool", part_hanging(state)))
    return [(name, not why, why) for name, why in rows]


def part_hanging(state: EngineState) -> str:
    """What the PLC says of a part at the tool, in words; empty where it reports none."""
    held = [words for tag, words in HOLDING_TAGS.items() if state.tags.get(tag)]
    return f"{' and '.join(held)}: a part hangs at the tool; support it and take it away by hand" if held else ""


def start_checklist(state: EngineState) -> list[tuple[str, bool, str]]:
    """The reset checklist and what a start needs besides."""
    rows = [
        ("Robot homed", _position_lost(state) or ("" if state.motion is not None else "no report from the robot yet")),
        ("No fault of the robot", _motion_fault(state)),
        ("Motion permitted by the PLC", _flag("motion_permitted", True, "reset the PLC's faults")(state)),
    ]
    return [*checklist(state), *((name, not why, why) for name, why in rows)]


def _no_danger(state: EngineState) -> str:
    dangers = {"plc.smoke", "plc.heat", "plc.gas"}
    return "; ".join(words for i in INTERLOCKS if i.code in dangers and (words := i.broken(state)))
