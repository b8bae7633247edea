"""What people say of the pack: its state of health as they measured it, and the customer's route."""

from __future__ import annotations

from delid.core import PackReport, PackReported, State, to_plain

from . import _replan as replan
from ._turn import Turn

TOLD_IN = (State.IDLE, State.STARTING, State.EXECUTE, State.HELD, State.SUSPENDED)
"""Where it is known which pack is meant: between the reset before its run and the end of the run."""


def on_reported(turn: Turn, event: PackReported) -> None:
    """It counts for the decision to come; where there is a plan, it is made anew before the next step."""
    state, reasons = turn.state, list[str]()
    if state.packml not in TOLD_IN:
        reasons.append(f"not possible in {state.packml.value}: tell it in Idle, before the start, or during the run")
    if event.told.measured is not None and not state.rules.knows_health:
        reasons.append("the cell has no health rules: name them as 'health' in the cell file")
    plain, words = to_plain(event.told), words_of(event.told)
    turn.record("told", told=plain, words=words, by=event.by, accepted=not reasons, reasons=reasons)
    if reasons:
        return
    turn.set(told=event.told)
    replan.ask_for(turn, f"{event.by} told something else of the pack")


def words_of(told: PackReport) -> str:
    """What was told, for people."""
    measured = told.measured
    values = [] if measured is None else [
        f"{name} {value:g}"
        for name in ("voltage_v", "isolation_ohm_per_v", "impedance_mohm", "capacity_ah")
        if (value := getattr(measured, name)) is not None
    ]  # fmt: skip
    route = [f"route {told.route.value}"] if told.route is not None else []
    return ", ".join([*values, *route]) or "nothing"
