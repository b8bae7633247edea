"""The bytes that each driver makes of a move or a verb when nothing goes wrong, for replay. No I/O."""

from __future__ import annotations

from typing import Protocol

from delid.config import ProgramMap
from delid.core import MotionVerb, PoseMm

from ..plc import next_number
from . import _grbl_codec as grbl
from . import _klipper_codec as klipper
from ._program_codec import program_move_pdu, program_verb_pdu


class MotionWire(Protocol):
    """``begin`` takes the number from which a driver with sequence numbers continues."""

    def begin(self, number: int) -> None: ...

    def move(self, to_mm: PoseMm, feed_mm_s: float) -> bytes: ...

    def verb(self, verb: MotionVerb) -> bytes: ...


class _GrblWire:
    def begin(self, number: int) -> None: ...

    def move(self, to_mm: PoseMm, feed_mm_s: float) -> bytes:
        return grbl.move_bytes(to_mm, feed_mm_s)

    def verb(self, verb: MotionVerb) -> bytes:
        return grbl.verb_bytes(verb)


class _KlipperWire:
    def begin(self, number: int) -> None: ...

    def move(self, to_mm: PoseMm, feed_mm_s: float) -> bytes:
        return klipper.move_bytes(to_mm, feed_mm_s)

    def verb(self, verb: MotionVerb) -> bytes:
        return klipper.verb_bytes(verb)


class _ProgramWire:
    """Commands count on from the last number that the robot has taken; stops are counted apart."""

    def __init__(self, robot_map: ProgramMap) -> None:
        self._map = robot_map
        self._seq = self._stop = 0

    def begin(self, number: int) -> None:
        self._seq = number

    def move(self, to_mm: PoseMm, feed_mm_s: float) -> bytes:
        self._seq = next_number(self._seq)
        return program_move_pdu(self._map, to_mm, feed_mm_s, self._seq)

    def verb(self, verb: MotionVerb) -> bytes:
        if verb is MotionVerb.STOP:
            self._stop = next_number(self._stop)
            return program_verb_pdu(self._map, verb, self._stop)
        if verb not in (MotionVerb.HOLD, MotionVerb.RESUME):
            self._seq = next_number(self._seq)
        return program_verb_pdu(self._map, verb, self._seq)


def wire_of(driver: str, robot_map: ProgramMap | None = None) -> MotionWire:
    """The wire of a cell's motion driver."""
    if robot_map is not None:
        return _ProgramWire(robot_map)
    return _KlipperWire() if driver == "klipper" else _GrblWire()
