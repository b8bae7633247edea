"""Klipper's G-code dialect as pure functions: commands to bytes, lines to facts.

Source: Klipper's documents *G-Codes* and *Code overview* (coordinate systems). Every line is answered by ``ok``, in the
order of the lines; errors are ``!!`` lines before that ``ok``, remarks are ``//`` lines. There is no status query that
passes a running command, and no feed hold; ``M112`` alone is obeyed at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from delid.core import MotionVerb, PoseMm

BARRIER = b"M400\n"
"""Its ``ok`` comes when every motion before it has ended, and also when a shutdown has cut them short."""
STATUS_LINES = (b"STATUS\n", b"GET_POSITION\n")
"""Is it ready, and where is it; together they are one status report."""
SHUTDOWN = b"\nM112\n"
"""Obeyed at once. The first line end closes a line that may have been cut."""
HOME_LINE = b"G28\n"
RESTART_LINE = b"FIRMWARE_RESTART\n"

_VERBS: dict[MotionVerb, bytes] = {
    MotionVerb.HOLD: b"",
    MotionVerb.RESUME: b"",
    MotionVerb.STOP: BARRIER,
    MotionVerb.CLEAR_FAULT: RESTART_LINE,
    MotionVerb.ENABLE: b"",
    MotionVerb.HOME: HOME_LINE,
}


@dataclass(frozen=True, slots=True)
class Answered:
    """``ok``: the line has been taken; motion may still be under way."""


@dataclass(frozen=True, slots=True)
class Refused:
    """``!! ...``: the line was not executed, or Klipper has shut down."""

    text: str


@dataclass(frozen=True, slots=True)
class HostState:
    """``// Klipper state: ...``."""

    state: Literal["ready", "not ready", "shutdown", "disconnect"]


@dataclass(frozen=True, slots=True)
class Position:
    """One line of ``GET_POSITION``: ``toolhead`` is in machine coordinates, ``gcode`` with all offsets."""

    frame: Literal["toolhead", "gcode"]
    at_mm: PoseMm


@dataclass(frozen=True, slots=True)
class Echo:
    """The line of an ECHO, come back."""

    number: int


@dataclass(frozen=True, slots=True)
class UnknownCommand:
    """Klipper does not know the command, and yet answers ``ok``."""

    command: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Any other line."""

    text: str


KlipperReply = Answered | Refused | HostState | Position | Echo | UnknownCommand | Remark

_STATE = re.compile(r"// Klipper state: (Ready|Not ready|Shutdown|Disconnect)")
_POSITION = re.compile(r"// (toolhead|gcode): X:(-?\d+\.?\d*) Y:(-?\d+\.?\d*) Z:(-?\d+\.?\d*)\b.*")
_ECHO = re.compile(r"// ECHO delid (\d+)")
_UNKNOWN = re.compile(r'// Unknown command:"(.*)"')


def move_line(to_mm: PoseMm, feed_mm_s: float) -> bytes:
    """The line of a straight move, absolute. Klipper has no machine coordinates: its offsets must be zero."""
    x, y, z = (_fixed(value, 3) for value in to_mm)
    return f"G90\nG1 X{x} Y{y} Z{z} F{_fixed(feed_mm_s * 60, 1)}\n".encode("ascii")


def echo_line(number: int) -> bytes:
    """Comes back as a remark when everything before it has been executed: an answer that cannot be mistaken."""
    return f"ECHO delid {number}\n".encode("ascii")


def move_bytes(to_mm: PoseMm, feed_mm_s: float) -> bytes:
    """The bytes that a move sends when nothing goes wrong, up to its barrier; the echo has a running number."""
    return move_line(to_mm, feed_mm_s) + BARRIER


def verb_bytes(verb: MotionVerb) -> bytes:
    """The bytes that a verb sends when nothing goes wrong; what it cannot do, or asks only, has none."""
    return _VERBS[verb]


def parse_line(line: bytes) -> KlipperReply:
    """One line, without its end, as a fact. Never raises: what cannot be read is a ``Remark``."""
    text = line.decode("ascii", "replace").strip()
    if text == "ok" or text.startswith("ok "):
        return Answered()
    if text.startswith("!!"):
        return Refused(text[2:].strip())
    if state := _STATE.fullmatch(text):
        name: Literal["ready", "not ready", "shutdown", "disconnect"] = state[1].lower()  # type: ignore[assignment]
        return HostState(name)
    if at := _POSITION.fullmatch(text):
        frame: Literal["toolhead", "gcode"] = "toolhead" if at[1] == "toolhead" else "gcode"
        return Position(frame, (float(at[2]), float(at[3]), float(at[4])))
    if echo := _ECHO.fullmatch(text):
        return Echo(int(echo[1]))
    if unknown := _UNKNOWN.fullmatch(text):
        return UnknownCommand(unknown[1])
    return Remark(text)


def _fixed(value: float, places: int) -> str:
    rounded = round(value, places)
    return f"{rounded if rounded else 0.0:.{places}f}"
