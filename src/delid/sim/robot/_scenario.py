"""Faults to rehearse, as a strict file. Times are seconds of machine time; moves count from 1 since the start."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from delid.config import StrictModel

Seconds = Annotated[float, Field(ge=0)]


class _Timed(StrictModel):
    at_move: Annotated[int, Field(ge=1)] | None = None
    """Counted when the controller takes the move's line."""
    delay_s: Seconds = 0.0
    """After the move was taken."""
    at_s: Seconds | None = None
    """Or: after the simulator started."""

    @model_validator(mode="after")
    def _one_trigger(self) -> _Timed:
        if (self.at_move is None) == (self.at_s is None):
            raise ValueError("give either at_move or at_s")
        return self

    def due_s(self, move_starts_s: list[float]) -> float | None:
        """Machine time at which it happens; None while its move has not come."""
        if self.at_move is None:
            return self.at_s
        return move_starts_s[self.at_move - 1] + self.delay_s if len(move_starts_s) >= self.at_move else None


class Vanish(_Timed):
    """The cable is pulled. The controller goes on with what it has."""

    kind: Literal["vanish"]
    back_after_s: Seconds | None = None
    """When it is plugged in again, in real seconds; never if not given."""


class Garbage(_Timed):
    """Noise on the line."""

    kind: Literal["garbage"]


class RaisedAlarm(_Timed):
    """A limit switch or a drive stops the machine dead."""

    kind: Literal["alarm"]
    code: Annotated[int, Field(ge=1, le=18)] = 1


class Reboot(_Timed):
    """The controller loses power for a moment."""

    kind: Literal["reboot"]


class MissingOk(StrictModel):
    """The answer to a move is lost."""

    kind: Literal["missing_ok"]
    at_move: Annotated[int, Field(ge=1)]


class EndlessHold(StrictModel):
    """A hold slows down and never reports that it is complete."""

    kind: Literal["hold_never_ends"]


TimedFault = Vanish | Garbage | RaisedAlarm | Reboot
Fault = Annotated[TimedFault | MissingOk | EndlessHold, Field(discriminator="kind")]


class RobotScenario(StrictModel):
    """What goes wrong with the simulated robot, and when."""

    faults: list[Fault] = []
