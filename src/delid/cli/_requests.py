"""What people ask of a running cell: a request becomes an event, and the turn it led to becomes the reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from delid.core import (
    AlarmAcknowledged,
    AlarmShelved,
    Answered,
    Axis,
    Command,
    Effect,
    Event,
    HealthReport,
    JogHeld,
    JogPressed,
    JogReleased,
    Mode,
    ModeSelected,
    OperatorCommanded,
    PackReport,
    PackReported,
    Record,
    Route,
)
from delid.engine import EngineState
from delid.ipc import MEASURED

Message = dict[str, Any]
Text = dict[str, str]

EVENTS: dict[str, Callable[[float, Text], Event]] = {
    "command": lambda at_s, m: OperatorCommanded(at_s, Command(m["command"]), m["by"]),
    "answer": lambda at_s, m: Answered(at_s, m["question_id"], m["answer"], m["by"]),
    "told": lambda at_s, m: PackReported(at_s, _told(m), m["by"]),
    "mode": lambda at_s, m: ModeSelected(at_s, Mode(m["mode"]), m["by"]),
    "jog": lambda at_s, m: JogPressed(
        at_s, m["press"], cast(Axis, m["axis"]), m["direction"] == "+", m["by"],
        float(m["feed_mm_s"]) if m["feed_mm_s"] else None,
    ),
    "hold_jog": lambda at_s, m: JogHeld(at_s, m["press"]),
    "end_jog": lambda at_s, m: JogReleased(at_s, m["press"]),
    "acknowledge": lambda at_s, m: AlarmAcknowledged(at_s, m["code"], m["by"]),
    "shelve": lambda at_s, m: AlarmShelved(at_s, m["code"], m["by"], m["reason"], 60.0 * float(m["minutes"])),
}  # fmt: skip
"""Request to event; the line has checked the fields. Every request but ``state`` is here."""

VERDICTS = ("command", "answer", "mode", "told", "jog", "acknowledge", "shelve")
"""Records in which the reducer says what it made of such an event."""


def verdict(state: EngineState, event: Event, effects: tuple[Effect, ...]) -> Message:
    """Accepted or refused. A hold signal is accepted while its jog goes on; letting go always is."""
    if isinstance(event, JogReleased):
        return {"ok": True, "packml": state.packml.value}
    if isinstance(event, JogHeld):
        jogging = state.jog
        held = jogging is not None and jogging.press == event.press and not jogging.ending
        if not held:
            return _refused([state.jog_end or "the jog is over"], "Press again.")
        return {"ok": True, "packml": state.packml.value}
    record = next(e for e in effects if isinstance(e, Record) and e.kind in VERDICTS)
    if record.data["accepted"]:
        return {"ok": True, "packml": state.packml.value}
    reasons = record.data.get("reasons") or ["the question is no longer open"]
    assert isinstance(reasons, list)
    return _refused(reasons, "Remedy it and try again.")


def _told(m: Text) -> PackReport:
    """What a person said of the pack; empty fields were not measured, and the cell proposes the route."""
    measured = {name: float(m[name]) for name in MEASURED if m[name]}
    report = HealthReport(**measured, by=m["by"]) if measured else None
    return PackReport(report, Route(m["route"]) if m["route"] else None)


def _refused(reasons: list[str], hint: str) -> Message:
    return {"ok": False, "error": {"code": "refused", "message": "; ".join(reasons), "hint": hint}}
