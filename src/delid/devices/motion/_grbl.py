"""The driver of a grbl or grblHAL motion controller on a serial port."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from delid.config import MotionLimits
from delid.core import Axis, Clock, LinkChanged, MotionReported, MotionState, PoseMm, Wire

from . import _grbl_verbs as verbs
from ._grbl_codec import FEED_HOLD, INFO_LINE, JOG_CANCEL, SETTINGS_LINE, SOFT_RESET
from ._grbl_jog import jog
from ._grbl_talk import GrblTalk
from ._grip import Grip
from ._serial import SerialDriver
from ._talk import Failed, Job


class GrblDriver(SerialDriver[GrblTalk]):
    """Moves a gantry through grbl 1.1 or grblHAL; one task runs ``run`` and owns the port.

    Args:
        port: serial device, for example ``/dev/ttyUSB0``.
        limits: travel and feed limits in the robot's frame, which is the controller's machine frame.
        tolerance_mm: a move is done when the controller stands within it.
        on_link: told when the link comes up or goes down.
        on_report: told when state, pose, trust or fault changed.
        on_wire: given the bytes that effects send; status polls are left out.

    Cancelling a move holds the machine. After a connect only ``?``, ``$I`` and ``$$`` are sent; unlocking, homing and
    resuming happen on request alone.
    """

    kind = "grbl"
    scripts = verbs.SCRIPTS
    line_verbs = verbs.LINE_VERBS

    def __init__(
        self,
        port: str,
        baud: int,
        limits: MotionLimits,
        clock: Clock,
        *,
        tolerance_mm: float,
        on_link: Callable[[LinkChanged], None],
        on_report: Callable[[MotionReported], None],
        on_wire: Callable[[Wire], None] | None = None,
        name: str = "motion",
    ) -> None:
        self.port, self.baud = port, baud
        talk = GrblTalk(name, clock, self.view_changed, on_wire)
        super().__init__(talk, limits, tolerance_mm=tolerance_mm, on_link=on_link, on_report=on_report)
        self._queries: list[bytes] = []
        talk.on_begin = self._ask_again

    async def perform_move(self, job: Job, to_mm: PoseMm, feed_mm_s: float) -> None:
        await verbs.move(self.talk, job, to_mm, feed_mm_s, self.tolerance_mm)

    async def perform_jog(self, job: Job, grip: Grip, axis: Axis, to_mm: float, feed_mm_s: float) -> None:
        await jog(self.talk, job, grip, axis, to_mm, feed_mm_s)

    def let_go(self, id: str) -> None:
        with contextlib.suppress(Failed):  # without a link the machine stands when its pieces are used up
            self.talk.raw(JOG_CANCEL, id)

    def halt_unwatched(self, id: str) -> None:
        """Hold; homing ignores a hold and is reset."""
        talk = self.talk
        homing = talk.view.state is MotionState.HOMING or bool(talk.job and talk.job.homes)
        try:
            talk.raw(SOFT_RESET if homing else FEED_HOLD, id, traced=bool(id))
        except Failed as failed:
            self._log.warning("motion.not_held", id=id, detail=failed.detail)

    def more_refusals(self) -> str:
        return "the controller reports inches; set $13=0" if self.talk.settings.get(13, "0") != "0" else ""

    def _ask_again(self) -> None:
        self._queries = [INFO_LINE, SETTINGS_LINE]

    def each_tick(self) -> None:
        """What is asked once after a connect, when the controller is quiet."""
        if self._queries and self._may_query():
            self.talk.query(self._queries.pop(0))

    def _may_query(self) -> bool:
        talk = self.talk
        quiet = talk.job is None and not talk.line_in_flight and talk.verbs == 0 and not talk.view.reset_required
        awake = talk.view.state in (MotionState.IDLE, MotionState.FAULT) and not talk.view.asleep
        return talk.up and quiet and awake
