"""Jogging with grbl: short pieces of motion, never more than a fraction of a second ahead.

grbl runs what it was given even when nobody watches any more. So it is given little: whatever happens to delid or to
the cable, the machine stands when the pieces are used up. ``$J=`` lines are only taken at rest or while jogging, and
are thrown away by a jog cancel (0x85), which keeps the position.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from delid.core import Axis, MotionState

from ._grbl_codec import JOG_CANCEL, jog_line
from ._grbl_talk import GrblTalk
from ._grbl_verbs import checked_line
from ._grip import Grip
from ._talk import Failed, Job

PIECE_S = 0.1
"""How long one piece takes at the feed of the jog."""
AHEAD_S = 0.1
"""The next piece is sent when what is left of the sent ones takes no longer than this."""
STAND_S = 2.0
"""How long the machine may take to stand once it was told to."""
ARRIVED_MM = 0.02


async def jog(talk: GrblTalk, job: Job, grip: Grip, axis: Axis, to_mm: float, feed_mm_s: float) -> None:
    """Creep towards ``to_mm`` while the grip holds; returns when the machine is seen standing."""
    try:
        await _creep(talk, job, grip, axis, to_mm, feed_mm_s)
    except Failed as failed:
        if failed.failure in ("error", "timeout"):
            await _stand(talk, Job(job.id, 0.0, moves=True))
        raise
    await _stand(talk, job)


async def _creep(talk: GrblTalk, job: Job, grip: Grip, axis: Axis, to_mm: float, feed_mm_s: float) -> None:
    sent_mm = _at_mm(talk, axis)
    piece_mm = math.copysign(feed_mm_s * PIECE_S, to_mm - sent_mm)

    def near(mark_mm: float, within_mm: float) -> Callable[[], bool]:
        """True when the machine is near the mark, or nobody holds."""
        return lambda: not grip.holds(talk.clock.now_s()) or abs(mark_mm - _at_mm(talk, axis)) <= within_mm

    while sent_mm != to_mm:
        await talk.wait(near(sent_mm, feed_mm_s * AHEAD_S), job, "the end of a piece of the jog")
        if not grip.holds(talk.clock.now_s()):
            return
        further_mm = sent_mm + piece_mm
        sent_mm = further_mm if (to_mm - further_mm) * piece_mm > 0 else to_mm
        await checked_line(talk, job, jog_line(axis, sent_mm, feed_mm_s))
    await talk.wait(near(to_mm, ARRIVED_MM), job, "the end of the jog")


async def _stand(talk: GrblTalk, job: Job) -> None:
    """Cancel, once more after the last line was answered: it may have been taken after the first cancel."""
    job.end_s = talk.clock.now_s() + STAND_S
    talk.raw(JOG_CANCEL, job.id)
    await talk.fresh(lambda view: view.state is MotionState.IDLE, job, "the standstill")


def _at_mm(talk: GrblTalk, axis: Axis) -> float:
    pose_mm = talk.view.pose_mm
    if pose_mm is None:
        raise Failed("error", "the controller does not say where it stands")
    return pose_mm["xyz".index(axis)]
