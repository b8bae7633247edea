"""The engine's effects, performed in the simulated cell: each begins now and ends as an event to come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from delid.core import (
    AMBIENT,
    Decide,
    Decided,
    DelidError,
    DoMotion,
    Effect,
    Event,
    Finished,
    Locate,
    Located,
    Look,
    Looked,
    MotionReported,
    MotionState,
    MotionVerb,
    Move,
    PoseMm,
    RunCommand,
)
from delid.engine import EngineState

from ._account import Account
from ._case import Case
from ._cell import SimulatedCell

Later = Callable[[Event, Callable[[], None] | None], None]
"""Takes an event of a time to come, and what happens in the cell right before it."""


@dataclass(slots=True)
class Performer:
    """Begins effects. ``feed`` takes an event of this moment."""

    case: Case
    seed: int
    cell: SimulatedCell
    account: Account
    later: Later
    feed: Callable[[Event], None]

    def perform(self, effect: Effect, state: EngineState) -> None:
        match effect:
            case Move(id=name, to_mm=to_mm, feed_mm_s=feed_mm_s):
                self.account.open("robot", name, "move", state)
                self._travel(Finished(self.cell.begin_move(to_mm, feed_mm_s), name, True), to_mm)
            case DoMotion(id=name, verb=verb):
                self.account.open("robot", name, verb.value, state)
                self._do_motion(name, verb)
            case RunCommand(id=name, name=command):
                self.account.open("plc", name, command, state)
                if (ended := self.cell.begin_command(effect)) is not None:
                    self.later(ended, None)
            case Look():
                self.account.open("camera", effect.id, "look", state)
                self._look(effect)
            case Locate():
                self.account.open("camera", effect.id, "fine look", state)
                self._locate(effect)
            case Decide():
                self.account.open("camera", effect.id, "decide", state)
                self._decide(effect)
            case _:
                self.later(Finished(self.cell.now_s, getattr(effect, "id", ""), True), None)

    def report(self, *, trusted: bool) -> MotionReported:
        """The motion controller's report of this moment."""
        return MotionReported(self.cell.now_s, MotionState.IDLE, self.cell.flange_mm, trusted)

    def _travel(self, ended: Finished, to_mm: PoseMm) -> None:
        tool = self.cell.machine.tool_number
        if not self.account.path_mm:
            self.account.travelled(self.cell.flange_mm, tool)
        self.later(ended, lambda: self._arrive(to_mm, tool))

    def _arrive(self, to_mm: PoseMm, tool: int) -> None:
        self.cell.end_move(to_mm)
        self.account.travelled(to_mm, tool)

    def _do_motion(self, name: str, verb: MotionVerb) -> None:
        if verb is not MotionVerb.HOME:
            self.later(Finished(self.cell.now_s + self.cell.takes("move.confirm", name), name, True), None)
            return
        home_mm = self.cell.gantry.home_mm()
        there_s = self.cell.begin_move(home_mm, self.cell.gantry.homing_speed_mm_s)
        self.later(Finished(there_s, name, True), lambda: self._homed(home_mm))

    def _homed(self, home_mm: PoseMm) -> None:
        self.cell.end_move(home_mm)
        self.feed(self.report(trusted=True))

    def _look(self, effect: Look) -> None:
        takes_s = effect.settle_s + effect.frames * self.cell.takes("look.frame", effect.id)
        if effect.look != AMBIENT:
            self.later(Finished(self.cell.now_s + takes_s, effect.id, True), None)
            return
        done_s = self.cell.now_s + takes_s + self.cell.takes("look.judge", effect.id)
        machine = self.cell.machine
        try:
            frames, seen = self.case.look(self.seed, effect, machine.site, machine.removed)
        except DelidError as error:
            self.later(Finished(done_s, effect.id, False, "fault", str(error)), None)
            return
        self.later(Looked(done_s, effect.id, frames, seen), None)

    def _locate(self, effect: Locate) -> None:
        done_s = self.cell.now_s + effect.settle_s + self.cell.takes("locate", effect.id)
        found, detail = self.case.sight(effect, self.cell.machine.site, self.cell.machine.removed)
        self.later(Located(done_s, effect.id, found, detail), None)

    def _decide(self, effect: Decide) -> None:
        done_s = self.cell.now_s + self.cell.takes("decide", effect.id)
        try:
            self.later(Decided(done_s, effect.id, self.case.decide(effect)), None)
        except DelidError as error:
            self.later(Finished(done_s, effect.id, False, "fault", str(error)), None)
