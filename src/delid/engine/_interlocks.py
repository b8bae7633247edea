"""Interlocks: conditions with a reaction, in one table. They are never extra states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from delid.core import Condition, Mode, State

from ._conditions import (
    Check,
    both,
    flag,
    heat_rises,
    holds,
    left_open,
    link_down,
    link_lost,
    motion_fault,
    never_read,
    never_reported,
    old_frames,
    over,
    part_before_run,
    part_hanging,
    position_lost,
    stale_tags,
    sure,
    under,
)
from ._state import EngineState
from ._turn import RUNNING


class Response(StrEnum):
    """What follows when a watched interlock is violated, the mildest first."""

    HOLD = "hold"
    QUARANTINE = "quarantine"
    ABORT = "abort"
    THERMAL = "thermal event"


class Before(StrEnum):
    """What is refused while the interlock's condition does not hold."""

    RESET = "reset, start, going on"
    START = "start, going on"
    CONTACT = "each contact step"


class Watched(StrEnum):
    """When the condition is looked at after every event."""

    ALWAYS = "always"
    ENABLED = "unless stopped or aborted"
    MOVING = "from reset to the end of the run"
    PACK = "from reset to the end of the run, and idle"
    RUN = "during a run"
    GOING = "during a run that is not held"
    EXECUTE = "while the run executes"
    CONTACT = "during contact steps"
    NEVER = "not watched"


STATES: dict[Watched, frozenset[State]] = {
    Watched.ALWAYS: frozenset(State),
    Watched.ENABLED: frozenset(State) - {State.ABORTING, State.ABORTED, State.CLEARING, State.STOPPED, State.STOPPING},
    Watched.MOVING: RUNNING | {State.RESETTING},
    Watched.PACK: RUNNING | {State.RESETTING, State.IDLE},
    Watched.RUN: RUNNING,
    Watched.GOING: RUNNING - {State.HOLDING, State.HELD},
    Watched.EXECUTE: frozenset({State.EXECUTE}),
    Watched.CONTACT: frozenset({State.EXECUTE, State.HELD, State.UNHOLDING, State.SUSPENDED, State.UNSUSPENDING}),
    Watched.NEVER: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Interlock:
    """One row of the table.

    Attributes:
        condition: what has to be so; the line of the checklist.
        limit: where the figure in it comes from.
        missing: gives words where the pre-condition is not met.
        broken: gives words where the watched condition is violated.
    """

    code: str
    condition: str
    limit: str
    before: Before
    watched: Watched
    reaction: Response
    broken: Check
    missing: Check


def _row(
    code: str,
    condition: str,
    limit: str,
    before: Before,
    watched: Watched,
    reaction: Response,
    broken: Check,
    missing: Check | None = None,
) -> Interlock:
    return Interlock(code, condition, limit, before, watched, reaction, broken, missing or broken)


def _tag(tag: str) -> Callable[[EngineState], Condition]:
    return lambda state: Condition(tag, equals=True, max_age_s=state.rules.tags_max_age_s)


def _low_voltage(state: EngineState) -> Condition:
    return Condition("pack_voltage_v", below=state.rules.contact_voltage_v, max_age_s=state.rules.tags_max_age_s)


_plc_down = link_down("plc", "no connection to the PLC")
_robot_down = link_down("motion", "no connection to the robot")
_quench_open = flag("quench_on", False, "the quench is open")


def _quench_by_itself(state: EngineState) -> str:
    """A quench that delid asked for is no news."""
    asked = state.thermal is not None and state.thermal.code != "plc.quench"
    return "" if asked else _quench_open(state)


_camera_down = link_lost("camera", "the camera delivers no fresh frame")


def _camera_lost(state: EngineState) -> str:
    """In manual mode a person looks; it is also how a camera is seen to."""
    return "" if state.mode is Mode.MANUAL else _camera_down(state)


INTERLOCKS: tuple[Interlock, ...] = (
    _row("plc.estop", "Emergency stop circuit closed", "", Before.RESET, Watched.ENABLED, Response.ABORT,
         flag("estop_ok", True, "the emergency stop circuit is open"),
         flag("estop_ok", True, "release it at the cell")),
    _row("plc.guard", "Guards closed", "", Before.RESET, Watched.MOVING, Response.ABORT,
         flag("guard_closed", True, "a guard is open"), flag("guard_closed", True, "close the guard")),
    _row("plc.smoke", "No smoke", "", Before.RESET, Watched.ALWAYS, Response.THERMAL,
         flag("smoke", False, "the smoke detector answers")),
    _row("plc.heat", "Pack not hot", "limits.temperature_c", Before.RESET, Watched.ALWAYS, Response.THERMAL,
         over("pack_temperature_c", lambda s: s.rules.temperature_c, "C")),
    _row("plc.heat_rise", "Pack not heating up", "limits.temperature_rise_c_per_min", Before.RESET, Watched.PACK,
         Response.THERMAL, heat_rises),
    _row("plc.quench", "Quench closed", "", Before.RESET, Watched.ALWAYS, Response.THERMAL,
         _quench_by_itself,
         flag("quench_on", False, "close it with the PLC's reset button")),
    _row("plc.gas", "No gas", "limits.gas_ppm", Before.RESET, Watched.ENABLED, Response.ABORT,
         over("gas_ppm", lambda s: s.rules.gas_ppm, "ppm")),
    _row("plc.link", "PLC connected", "", Before.RESET, Watched.MOVING, Response.ABORT, _plc_down),
    _row("plc.stale", "PLC values fresh", "1 s", Before.RESET, Watched.MOVING, Response.ABORT,
         stale_tags, both(stale_tags, never_read)),
    _row("plc.watchdog", "Heartbeat heard by the PLC", "the register map's watchdog_s", Before.START, Watched.RUN,
         Response.ABORT, flag("watchdog_ok", True, "the PLC missed delid's heartbeat")),
    _row("motion.link", "Robot connected", "", Before.RESET, Watched.MOVING, Response.ABORT, _robot_down),
    _row("motion.fault", "No fault of the robot", "", Before.START, Watched.RUN, Response.ABORT, motion_fault),
    _row("motion.position", "Robot homed", "", Before.START, Watched.RUN, Response.ABORT,
         position_lost, both(position_lost, never_reported)),
    _row("pack.isolation", "Isolation of the pack", "limits.isolation_ohm_per_v", Before.CONTACT, Watched.CONTACT,
         Response.QUARANTINE, under("isolation_ohm_per_v", lambda s: s.rules.isolation_ohm_per_v, "ohm/V")),
    _row("pack.voltage", "Pack voltage low enough to touch", "limits.contact_voltage_v", Before.CONTACT,
         Watched.CONTACT, Response.HOLD, sure(_low_voltage, "the pack is live")),
    _row("plc.extraction", "Extraction runs", "", Before.CONTACT, Watched.CONTACT, Response.HOLD,
         sure(_tag("extraction_on"), "the extraction does not run")),
    _row("plc.clamp", "Pack clamped", "", Before.CONTACT, Watched.CONTACT, Response.HOLD,
         sure(_tag("clamp_closed"), "the pack is not clamped")),
    _row("plc.permission", "Motion permitted by the PLC", "", Before.START, Watched.GOING, Response.HOLD,
         flag("motion_permitted", True, "the PLC does not permit motion"),
         flag("motion_permitted", True, "reset the PLC's faults")),
    _row("camera.frames", "Camera delivers fresh frames", "cameras[].max_age_s", Before.START, Watched.EXECUTE,
         Response.HOLD, both(old_frames, _camera_lost), _camera_lost),
    _row("journal.write", "Journal can be written", "", Before.RESET, Watched.GOING, Response.HOLD,
         link_lost("journal", "the journal cannot be written")),
    _row("ledger.write", "The batteries' record can be written", "", Before.RESET, Watched.GOING, Response.HOLD,
         link_lost("ledger", "the batteries' record cannot be written")),
    _row("tool.part", "Nothing hangs at the tool", "", Before.RESET, Watched.NEVER, Response.HOLD,
         part_hanging, part_before_run),
    _row("run.left", "What the last run left is known", "", Before.RESET, Watched.NEVER, Response.HOLD, left_open),
)  # fmt: skip
"""In the order in which causes come before their consequences."""


def violated(state: EngineState) -> list[tuple[Interlock, str]]:
    """Every interlock that is broken in this state, with its words, in the order of the table."""
    found = []
    for row in _WATCHED[state.packml, in_contact(state)]:
        if words := row.broken(state):
            found.append((row, words))
    return found


_WATCHED: dict[tuple[State, bool], tuple[Interlock, ...]] = {
    (packml, contact): tuple(
        row for row in INTERLOCKS if packml in STATES[row.watched] and (row.watched is not Watched.CONTACT or contact)
    )
    for packml in State
    for contact in (False, True)
}
"""State, and whether a contact step is under way, to the rows that count then; asked after every event."""


def is_watched(row: Interlock, state: EngineState) -> bool:
    """Whether the row's condition counts now."""
    return row in _WATCHED[state.packml, in_contact(state)]


def in_contact(state: EngineState) -> bool:
    """True while a step is under way that touches the pack; retracting the tool after a failure is no such step."""
    current = state.current
    return current is not None and current.step.contact and current.reaction is None and state.question is None


def thermal_danger(state: EngineState) -> list[str]:
    """What of a thermal event is still there."""
    return [
        f"{row.condition}: {why}"
        for row in INTERLOCKS
        if row.reaction is Response.THERMAL and (why := row.missing(state))
    ]


def no_contact(state: EngineState) -> list[tuple[Interlock, str]]:
    """Why no contact step may begin, by the cell's own table; a recipe asks for more."""
    return [(row, words) for row, words in _rows(state, Before.CONTACT) if words]


MOTION = (
    "plc.estop", "plc.guard", "plc.link", "plc.stale", "plc.watchdog", "motion.link", "motion.fault", "motion.position",
    "plc.permission",
)  # fmt: skip
"""Interlocks without which nothing may move, whatever it is for."""


def no_motion(state: EngineState) -> str:
    """Why the robot may not even bring its tool up; empty where it may."""
    return next((words for row in INTERLOCKS if row.code in MOTION and (words := row.missing(state))), "")


def checklist(state: EngineState) -> list[tuple[str, bool, str]]:
    """What must be right before a reset: condition, ok, and why not."""
    return [(row.condition, not words, words) for row, words in _rows(state, Before.RESET)]


def start_checklist(state: EngineState) -> list[tuple[str, bool, str]]:
    """The reset checklist and what a start, or going on, needs besides."""
    start = [(row.condition, not words, words) for row, words in _rows(state, Before.START)]
    return [*checklist(state), *start]


def _rows(state: EngineState, before: Before) -> Iterator[tuple[Interlock, str]]:
    return ((row, row.missing(state)) for row in INTERLOCKS if row.before is before)


__all__ = [
    "INTERLOCKS",
    "STATES",
    "Before",
    "Interlock",
    "Response",
    "Watched",
    "checklist",
    "holds",
    "in_contact",
    "is_watched",
    "no_contact",
    "no_motion",
    "part_hanging",
    "start_checklist",
    "thermal_danger",
    "violated",
]
