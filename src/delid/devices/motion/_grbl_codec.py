"""The grbl 1.1 and grblHAL dialect as pure functions: commands to bytes, lines to facts.

Moves are given in machine coordinates: ``G53`` ignores work offsets and tool length offsets that someone may have left
behind, in grbl and grblHAL alike. Every move line also carries its modes (``G21`` mm, ``G90`` absolute, ``G94`` feed
per minute), so that no mode set elsewhere can change its meaning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from delid.core import Axis, MotionVerb, PoseMm

from ._grbl_texts import alarm_number, error_number

STATUS_QUERY = b"?"
FEED_HOLD = b"!"
CYCLE_START = b"~"
SOFT_RESET = b"\x18"
JOG_CANCEL = b"\x85"
"""Ends a jog, throws away what is left of it and keeps the position; ignored in any other state."""
BARRIER = b"G4P0\n"
"""A dwell of no length: its ``ok`` comes when every motion before it has ended."""
EMPTY_LINE = b"\n"
"""Clears the error that grblHAL would repeat for every later line."""
HOME_LINE = b"$H\n"
UNLOCK_LINE = b"$X\n"
INFO_LINE = b"$I\n"
SETTINGS_LINE = b"$$\n"

_VERBS: dict[MotionVerb, bytes] = {
    MotionVerb.HOLD: FEED_HOLD,
    MotionVerb.RESUME: CYCLE_START,
    MotionVerb.STOP: FEED_HOLD + SOFT_RESET,
    MotionVerb.CLEAR_FAULT: UNLOCK_LINE,
    MotionVerb.ENABLE: STATUS_QUERY,
    MotionVerb.HOME: HOME_LINE,
}


@dataclass(frozen=True, slots=True)
class Ok:
    """The line is accepted: it is in the planner, not done."""


@dataclass(frozen=True, slots=True)
class Error:
    """``words`` is what a controller said that tells errors in words; the number is then 0 where we know none."""

    number: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """As Error."""

    number: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class Banner:
    """The controller has started or was reset."""

    text: str


@dataclass(frozen=True, slots=True)
class Setting:
    """``$N=value``, the value as text."""

    number: int
    value: str


@dataclass(frozen=True, slots=True)
class Probe:
    at_mm: PoseMm
    touched: bool


@dataclass(frozen=True, slots=True)
class Message:
    """A bracketed message, ``[kind:text]``."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """A status report. Positions in mm; fields that the report did not have are None or empty."""

    state: str
    sub: int | None = None
    machine_mm: PoseMm | None = None
    work_mm: PoseMm | None = None
    offset_mm: PoseMm | None = None
    feed_mm_min: float | None = None
    pins: str = ""
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A line that is not grbl's: noise, or another device."""

    text: str


Reply = Ok | Error | Alarm | Banner | Setting | Probe | Message | Status | Unknown

_STATE = re.compile(r"([A-Z][a-z]+)(?::(\d+))?")
_SETTING = re.compile(r"\$(\d+)=(.*)")
_TROUBLE = re.compile(r"(error|ALARM):\s*(?:(\d+)$|(\S.*))", re.IGNORECASE)
_BANNER = re.compile(r"Grbl(HAL)? \d", re.IGNORECASE)


def move_lines(to_mm: PoseMm, feed_mm_s: float) -> tuple[bytes, bytes]:
    """The two lines of a straight move: the move in machine coordinates, and the barrier that waits for its end."""
    x, y, z = (_fixed(value, 3) for value in to_mm)
    return f"G21G90G94G53G1X{x}Y{y}Z{z}F{_fixed(feed_mm_s * 60, 1)}\n".encode("ascii"), BARRIER


def jog_line(axis: Axis, to_mm: float, feed_mm_s: float) -> bytes:
    """A piece of a jog along one axis, in machine coordinates; grbl 1.1 interface, Jogging."""
    return f"$J=G21G90G53{axis.upper()}{_fixed(to_mm, 3)}F{_fixed(feed_mm_s * 60, 1)}\n".encode("ascii")


def move_bytes(to_mm: PoseMm, feed_mm_s: float) -> bytes:
    """All bytes that a move sends when nothing goes wrong."""
    return b"".join(move_lines(to_mm, feed_mm_s))


def verb_bytes(verb: MotionVerb) -> bytes:
    """All bytes that a verb sends when nothing goes wrong; stop sends the second byte when the machine stands."""
    return _VERBS[verb]


def parse_line(line: bytes | str) -> Reply:
    """One line, without its end, as a fact. Never raises: what cannot be read is ``Unknown``."""
    text = (line.decode("ascii", "replace") if isinstance(line, bytes) else line).strip()
    if text == "ok":
        return Ok()
    if text.startswith("<") and text.endswith(">"):
        return _status(text[1:-1]) or Unknown(text)
    if trouble := _TROUBLE.fullmatch(text):
        words = trouble[3] or ""
        if trouble[1].lower() == "error":
            return Error(int(trouble[2]) if trouble[2] else error_number(words), words)
        return Alarm(int(trouble[2]) if trouble[2] else alarm_number(words), words)
    if setting := _SETTING.fullmatch(text):
        return Setting(int(setting[1]), setting[2])
    if text.startswith("[") and text.endswith("]"):
        return _message(text[1:-1])
    return Banner(text) if _BANNER.match(text) else Unknown(text)


def _fixed(value: float, places: int) -> str:
    rounded = round(value, places)
    return f"{rounded if rounded else 0.0:.{places}f}"


def _status(body: str) -> Status | None:
    head, *fields = body.split("|")
    state = _STATE.fullmatch(head.strip())
    if state is None:
        return None
    named = dict(part.partition(":")[::2] for part in fields)
    speed = named.get("FS", named.get("F", "")).split(",")[0]
    known = ("MPos", "WPos", "WCO", "FS", "F", "Pn")
    return Status(
        state=state[1],
        sub=int(state[2]) if state[2] else None,
        machine_mm=_pose(named.get("MPos")),
        work_mm=_pose(named.get("WPos")),
        offset_mm=_pose(named.get("WCO")),
        feed_mm_min=_number(speed),
        pins=named.get("Pn", ""),
        others={name: value for name, value in named.items() if name not in known},
    )


def _message(body: str) -> Reply:
    kind, _, text = body.partition(":")
    if kind == "PRB":
        at, _, touched = text.rpartition(":")
        pose = _pose(at)
        if pose is not None:
            return Probe(pose, touched == "1")
    return Message(kind, text)


def _pose(text: str | None) -> PoseMm | None:
    """The first three axes; a machine may have more."""
    numbers = [_number(part) for part in (text or "").split(",")]
    if len(numbers) < 3:
        return None
    x, y, z = numbers[:3]
    return None if x is None or y is None or z is None else (x, y, z)


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[+-]?\d+(\.\d*)?|[+-]?\.\d+", text) else None
