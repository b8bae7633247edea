"""The fine look: where a fastener really is, seen by the camera at the tool before the tool engages it."""

from __future__ import annotations

import math

from delid.core import FailureKind, FastenerKind, LocateAct, Located, MoveAct, PointMm, PoseMm, Reaction, Sighting

from ._failures import act_done, fail
from ._turn import Turn


def corrected(turn: Turn, act: MoveAct) -> PoseMm:
    """Where a move ends: over the place that a fine look found for its target, else where the plan says."""
    found = turn.state.located.get(act.target or "")
    return (*found, act.to_mm[2]) if found else act.to_mm


def on_located(turn: Turn, event: Located) -> None:
    """The fine look of the running act was judged."""
    current = turn.state.current
    assert current is not None
    act, found = current.acts[current.index], event.found
    assert isinstance(act, LocateAct)
    off_mm = math.dist(found.center_mm, act.at_mm[:2]) if found else None
    turn.record(
        "located", key=current.step.key, target=act.target, kind=found.kind.value if found else None,
        off_mm=None if off_mm is None else round(off_mm, 1),
    )  # fmt: skip
    if found is None or off_mm is None:
        fail(turn, FailureKind.NOT_FOUND.value, event.detail or "the fine look finds nothing", picture=event.id)
        return
    failure = _failure(turn, act, found, off_mm)
    if failure is not None:
        kind, words, reaction = failure
        fail(turn, kind.value, words, reaction=reaction, picture=event.id)
        return
    turn.set(located={**turn.state.located, act.target: _rounded(found.center_mm)})
    act_done(turn, {})


def _failure(
    turn: Turn, act: LocateAct, found: Sighting, off_mm: float
) -> tuple[FailureKind, str, Reaction | None] | None:
    """What is wrong with what was found; a hole that is empty already needs nobody's answer.

    A head of which only the kind is in doubt is met where it was found: the nutrunner tells what it is.
    """
    what = f"the fine look sees {found.kind.value} ({found.confidence:.2f}) {off_mm:.1f} mm from the place expected"
    doubtful = found.confidence < turn.state.rules.empty_confidence
    if off_mm > act.limit_mm:
        return FailureKind.MISALIGNED, f"{what}, more than {act.limit_mm:g} mm", None
    if found.kind is FastenerKind.EMPTY and doubtful:
        return FailureKind.NOT_FOUND, f"{what}, which is too doubtful", None
    if found.kind is FastenerKind.EMPTY:
        return FailureKind.NOT_FOUND, f"{what}: the fastener is already out", Reaction.SKIP
    if found.kind is FastenerKind.STRIPPED and not doubtful:
        return FailureKind.STRIPPED, what, None
    return None


def _rounded(at_mm: PointMm) -> PointMm:
    """A hundredth of a millimetre is enough, and the same on every processor."""
    return round(at_mm[0], 2), round(at_mm[1], 2)
