"""What a violated interlock does: its alarms, and the reaction of the most severe one."""

from __future__ import annotations

from collections.abc import Sequence

from delid.core import Mode, State

from . import _acting as acting
from . import _aftermath as aftermath
from ._after_halt import THERMAL_COMMANDS, Thermal
from ._interlocks import Interlock, Response
from ._turn import RUNNING, Turn

SEVERITY = tuple(Response)
READINGS = ("pack_temperature_c", "gas_ppm", "smoke", "quench_on", "pack_voltage_v", "isolation_ohm_per_v")
"""What the record of a thermal event tells."""


def react(turn: Turn, found: Sequence[tuple[Interlock, str]]) -> None:
    """Every violated interlock gives its alarm; the first of the most severe ones says what follows."""
    for row, words in found:
        turn.alarm(row.code, words)
    if not found:
        return
    row, words = max(found, key=lambda one: SEVERITY.index(one[0].reaction))
    if row.reaction is Response.THERMAL:
        thermal_event(turn, row.code, words)
    elif row.reaction is Response.ABORT:
        acting.abort(turn, row.code, words)
    elif row.reaction is Response.QUARANTINE:
        quarantine(turn, words)
    else:
        acting.hold(turn, words)


def thermal_event(turn: Turn, code: str, words: str) -> None:
    """The pack burns or is about to: stop, bring the tool up, let nothing go, and have the PLC quench and extract.

    The tool goes up only out of a run in production; elsewhere nobody expects the robot to move. Whatever is held stays
    held: neither clamp nor vacuum nor gripper is told anything.
    """
    state = turn.state
    if state.thermal is not None:
        return
    readings = {tag: state.tags[tag] for tag in READINGS if tag in state.tags}
    step = state.current.step.key if state.current else None
    turn.record("thermal_event", cause=code, text=words, state=state.packml.value, step=step, readings=readings)
    turn.set(thermal=Thermal(code, words, turn.now_s))
    retract = state.packml in RUNNING and state.mode is Mode.PRODUCTION
    if state.packml not in (State.ABORTING, State.ABORTED):
        acting.abort(turn, code, words)
    aftermath.begin(turn, "thermal", state.rules.thermal_commands, retract=retract, insists=True)
    for name in THERMAL_COMMANDS:
        if name not in state.rules.thermal_commands:
            turn.alarm(f"thermal.{name}", f"This cell's PLC has no {name.replace('_', ' ')}.")


def quarantine(turn: Turn, words: str) -> None:
    """The pack is not worked on any further: stop, bring the tool up, and tell the PLC to mark the pack."""
    acting.stop(turn, f"quarantine: {words}", "quarantined")
    aftermath.begin(turn, "quarantine", ("signal_quarantine",), retract=True)
