"""What grbl's numbers mean. Source: grbl 1.1 interface documentation, grblHAL for the numbers it added."""

from __future__ import annotations

import re

ERRORS: dict[int, str] = {
    1: "a word without a letter",
    2: "a number is missing or malformed",
    3: "this $ command is not known",
    4: "a negative value where a positive one is expected",
    5: "homing is not enabled in the controller's settings",
    6: "step pulse too short",
    7: "the controller could not read its stored settings and restored defaults",
    8: "this $ command needs the controller to be idle",
    9: "locked: G-code is refused in alarm or jog state",
    10: "soft limits need homing to be enabled",
    11: "line too long, not executed",
    12: "step rate too high",
    13: "the safety door is open",
    14: "stored line too long",
    15: "jog target outside the machine's travel",
    16: "invalid jog command",
    17: "laser mode needs a variable spindle",
    18: "reset asserted",
    19: "positive value required",
    20: "unsupported G-code",
    21: "two commands of one modal group in a line",
    22: "no feed rate is set",
    23: "a whole number is required",
    24: "two commands in a line that use axis words",
    25: "a word is repeated in the line",
    26: "axis words are missing",
    27: "invalid line number",
    28: "a required value word is missing",
    29: "this work coordinate system is not supported",
    30: "G53 needs G0 or G1",
    31: "axis words that nothing uses",
    32: "an arc without axis words in its plane",
    33: "the target is invalid",
    34: "invalid arc radius",
    35: "an arc without offsets in its plane",
    36: "words that nothing uses",
    37: "tool length offset on a wrong axis",
    38: "tool number too high",
    45: "the limit switches must be cleared before homing",
    46: "home the machine to continue",
    79: "not allowed while a critical event is active: release the emergency stop input first",
}

ALARMS: dict[int, str] = {
    1: "hard limit switch hit; position lost",
    2: "target outside the machine's travel",
    3: "reset while moving; position lost",
    4: "probe not in its initial state",
    5: "probe made no contact",
    6: "homing was reset",
    7: "safety door opened while homing",
    8: "homing could not clear the limit switch",
    9: "homing did not find the limit switch",
    10: "emergency stop input active",
    11: "homing required",
    12: "limit switch engaged",
    13: "probe protection triggered",
    14: "spindle fault",
    15: "homing did not find the second switch of a gantry axis",
    16: "power-on self-test failed",
    17: "motor fault",
    18: "homing failed",
}


_ERROR_WORDS: tuple[tuple[str, int], ...] = (
    ("expected command letter", 1), ("bad number format", 2), ("invalid statement", 3), ("value < 0", 4),
    ("setting disabled", 5), ("value < 3 usec", 6), ("eeprom read fail", 7), ("not idle", 8), ("g-code lock", 9),
    ("alarm lock", 9), ("homing not enabled", 10), ("line overflow", 11), ("step rate", 12), ("check door", 13),
    ("line length exceeded", 14), ("travel exceeded", 15), ("invalid jog command", 16), ("unsupported command", 20),
    ("modal group violation", 21), ("undefined feed rate", 22),
)  # fmt: skip
_ALARM_WORDS: tuple[tuple[str, int], ...] = (
    ("hard limit", 1), ("hard/soft limit", 1), ("soft limit", 2), ("abort during cycle", 3), ("probe fail", 5),
    ("homing fail", 9), ("emergency stop", 10),
)  # fmt: skip
"""How the words begin that a controller with verbose messages gives instead of a number."""


def error_number(words: str) -> int:
    """The number that belongs to an error told in words; 0 where none is known."""
    if named := re.search(r"\bID:\s*(\d+)$", words):
        return int(named[1])
    return _number_of(words, _ERROR_WORDS)


def alarm_number(words: str) -> int:
    """As error_number."""
    return _number_of(words, _ALARM_WORDS)


def error_text(number: int, words: str = "") -> str:
    """``error:9 (locked: ...)``; without a known number the controller's own words."""
    return _text("error", number, words, ERRORS)


def alarm_text(number: int, words: str = "") -> str:
    """``ALARM:1 (hard limit switch hit; position lost)``; without a known number the controller's own words."""
    return _text("ALARM", number, words, ALARMS)


def _text(kind: str, number: int, words: str, meanings: dict[int, str]) -> str:
    if number in meanings:
        return f"{kind}:{number} ({meanings[number]})"
    return f"{kind}:{number or ''} ({words or 'not a number of grbl 1.1; see the controller manual'})".replace(
        ": (", " ("
    )


def _number_of(words: str, table: tuple[tuple[str, int], ...]) -> int:
    said = words.lower()
    return next((number for start, number in table if said.startswith(start)), 0)
