"""How long acts take: learnt from recordings where the cell has that, else nominal figures.

Estimates are for the operator's display and for comparing plans; no deadline depends on them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from delid.config import Measured, TimesFile
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


@dataclass(frozen=True, slots=True)
class Duration:
    """Expected seconds and their variance, which is 0 where nothing was measured."""

    mean_s: float
    variance_s2: float = 0.0


def act_time(act: Act, from_mm: PoseMm | None, times: TimesFile | None = None) -> Duration:
    """One act, begun at ``from_mm`` (flange, robot frame, mm)."""
    if isinstance(act, MoveAct):
        return _move_time(math.dist(from_mm, act.to_mm) if from_mm else 0.0, act.feed_mm_s, times)
    if isinstance(act, CommandAct):
        return _or_nominal(times.commands.get(act.name) if times else None, COMMAND_S[act.name][0])
    if isinstance(act, LookAct):
        return _or_nominal(times.looks.get(act.purpose) if times else None, LOOK_S + FRAME_S * act.frames)
    if isinstance(act, LocateAct):
        return _or_nominal(times.locate if times else None, act.settle_s + LOCATE_S)
    if isinstance(act, WaitAct):
        return Duration(WAIT_S)
    if isinstance(act, AskAct):
        return _or_nominal(times.answers if times else None, PERSON_S)
    raise TypeError(f"no such act: {act!r}")


def acts_time(acts: Sequence[Act], begin: PoseMm, times: TimesFile | None = None) -> Duration:
    """Acts one after the other."""
    total_s = variance_s2 = 0.0
    here = begin
    for act in acts:
        one = act_time(act, here, times)
        total_s, variance_s2 = total_s + one.mean_s, variance_s2 + one.variance_s2
        here = act.to_mm if isinstance(act, MoveAct) else here
    return Duration(total_s, variance_s2)


def command_s(name: str, times: TimesFile | None) -> float:
    """Expected seconds of a PLC command."""
    return act_time(CommandAct(name), None, times).mean_s


def _move_time(distance_mm: float, feed_mm_s: float, times: TimesFile | None) -> Duration:
    if times is None or times.move is None:
        return Duration(SETTLE_S + distance_mm / feed_mm_s)
    learnt = times.move
    return Duration(learnt.settle_s + distance_mm / (feed_mm_s * learnt.feed_share), learnt.sd_s**2)


def _or_nominal(measured: Measured | None, nominal_s: float) -> Duration:
    return Duration(measured.mean_s, measured.sd_s**2) if measured else Duration(nominal_s)
