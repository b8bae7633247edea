"""The G-code that the simulated controller knows: a line to its words, checked as grbl checks it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_WORD = re.compile(r"([A-Z])([+-]?(?:\d+\.?\d*|\.\d+))")
_AXES = "XYZ"
_MOTION, _PLANE, _UNITS, _DISTANCE, _FEED, _WCS, _ONCE = "motion", "plane", "units", "distance", "feed", "wcs", "once"
_GROUPS: dict[float, str] = {
    0: _MOTION, 1: _MOTION, 17: _PLANE, 21: _UNITS, 90: _DISTANCE, 94: _FEED, 54: _WCS, 4: _ONCE, 53: _ONCE,
}  # fmt: skip
_IGNORED = "MSTN"


class GcodeError(Exception):
    """The line is refused with grbl's ``number``."""

    def __init__(self, number: int) -> None:
        super().__init__(f"error:{number}")
        self.number = number


@dataclass(frozen=True, slots=True)
class Block:
    """One checked line. ``motion`` is 0 or 1 when it names one; ``dwell_s`` is set for G4."""

    motion: int | None = None
    axes_mm: dict[str, float] = field(default_factory=dict)
    feed_mm_min: float | None = None
    dwell_s: float | None = None


@dataclass(slots=True)
class Modes:
    """What stays from line to line: G0 or G1, and the feed."""

    motion: int = 0
    feed_mm_min: float = 0.0

    def take(self, block: Block, rapid_mm_s: float) -> float:
        """Keep what ``block`` sets; the speed of its motion in mm/s. Raises GcodeError for a feed never given."""
        self.motion = self.motion if block.motion is None else block.motion
        self.feed_mm_min = self.feed_mm_min if block.feed_mm_min is None else block.feed_mm_min
        if block.axes_mm and self.motion == 1 and not self.feed_mm_min:
            raise GcodeError(22)
        return self.feed_mm_min / 60 if self.motion == 1 else rapid_mm_s


def parse_block(line: str) -> Block:
    """The words of ``line``; raises GcodeError. Only mm, absolute, feed per minute, G54 without an offset."""
    text = re.sub(r"\([^)]*\)|;.*", "", line).replace(" ", "").upper()
    words = _words(text)
    codes: dict[str, float] = {}
    values: dict[str, float] = {}
    for letter, value in words:
        if letter == "G":
            group = _GROUPS.get(value)
            if group is None:
                raise GcodeError(20)
            if group in codes:
                raise GcodeError(21)
            codes[group] = value
        elif letter not in _IGNORED:
            if letter in values:
                raise GcodeError(25)
            values[letter] = value
    return _block(codes, values)


def parse_jog(line: str) -> tuple[dict[str, float], float]:
    """Axes and speed (mm/s) of what follows ``$J=``; raises GcodeError: 16 for what is no jog, 22 without a feed."""
    block = parse_block(line)
    if block.motion is not None or block.dwell_s is not None or not block.axes_mm:
        raise GcodeError(16)
    if not block.feed_mm_min:
        raise GcodeError(22)
    return block.axes_mm, block.feed_mm_min / 60


def _words(text: str) -> list[tuple[str, float]]:
    words: list[tuple[str, float]] = []
    at = 0
    while at < len(text):
        found = _WORD.match(text, at)
        if found is None:
            raise GcodeError(2 if text[at].isalpha() else 1)
        words.append((found[1], float(found[2])))
        at = found.end()
    return words


def _block(codes: dict[str, float], values: dict[str, float]) -> Block:
    axes = {letter: values.pop(letter) for letter in _AXES if letter in values}
    feed = values.pop("F", None)
    if feed is not None and feed < 0:
        raise GcodeError(4)
    dwell: float | None = None
    if codes.get(_ONCE) == 4:
        if axes:
            raise GcodeError(31)
        if "P" not in values:
            raise GcodeError(28)
        dwell = values.pop("P")
        if dwell < 0:
            raise GcodeError(4)
    if codes.get(_ONCE) == 53 and not axes:
        raise GcodeError(26)
    if values:
        raise GcodeError(36)
    motion = int(codes[_MOTION]) if _MOTION in codes else None
    return Block(motion, axes, feed, dwell)
