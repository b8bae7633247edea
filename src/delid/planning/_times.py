"""How long acts take. Estimates for the operator's display and for comparing plans; no deadline depends on them."""

from __future__ import annotations

import math

from delid.core import Act, AskAct, CommandAct, LocateAct, LookAct, MoveAct, PoseMm, WaitAct

COMMAND_S: dict[str, tuple[float, float]] = {
    # name: (nominal seconds, deadline seconds)
    "fit_tool": (6.0, 20.0),
    "unfasten": (4.0, 20.0),
    "hold_part": (1.5, 10.0),
    "release_part": (1.0, 10.0),
    "signal_quarantine": (0.5, 5.0),
    "open_clamp": (2.0, 10.0),
    "drain": (120.0, 600.0),
}
"""Nominal duration and deadline of each PLC command of a plan; ``drain`` takes its deadline from the recipe."""

SETTLE_S = 0.2
"""Added to each move for speeding up, slowing down and the confirmation."""

WAIT_S = 0.3
LOOK_S = 1.0
FRAME_S = 0.3
LOCATE_S = 0.3
PERSON_S = 60.0
"""A person's answer."""


def act_s(act: Act, from_mm: PoseMm | None) -> float:
    """Nominal seconds of one act, begun at ``from_mm`` (flange, robot frame, mm)."""
    if isinstance(act, MoveAct):
        return SETTLE_S + (math.dist(from_mm, act.to_mm) / act.feed_mm_s if from_mm else 0.0)
    if isinstance(act, CommandAct):
        return COMMAND_S[act.name][0]
    if isinstance(act, LookAct):
        return LOOK_S + FRAME_S * act.frames
    if isinstance(act, LocateAct):
        return act.settle_s + LOCATE_S
    if isinstance(act, WaitAct):
        return WAIT_S
    if isinstance(act, AskAct):
        return PERSON_S
    raise TypeError(f"no such act: {act!r}")
