"""What a violated interlock does: its alarms, and the reaction of the most severe one."""

from __future__ import annotations

from collections.abc import Sequence

from . import _acting as acting
from . import _aftermath as aftermath
from ._interlocks import Interlock, Response
from ._turn import Turn

SEVERITY = tuple(Response)


def react(turn: Turn, found: Sequence[tuple[Interlock, str]]) -> None:
    """Every violated interlock gives its alarm; the first of the most severe ones says what follows."""
    for row, words in found:
        turn.alarm(row.code, words)
    if not found:
        return
    row, words = max(found, key=lambda one: SEVERITY.index(one[0].reaction))
    if row.reaction is Response.ABORT:
        acting.abort(turn, row.code, words)
    elif row.reaction is Response.QUARANTINE:
        quarantine(turn, words)
    else:
        acting.hold(turn, words)


def quarantine(turn: Turn, words: str) -> None:
    """The pack is not worked on any further: stop, bring the tool up, and tell the PLC to mark the pack."""
    acting.stop(turn, f"quarantine: {words}", "quarantined")
    aftermath.begin(turn, "quarantine", ("signal_quarantine",), retract=True)
