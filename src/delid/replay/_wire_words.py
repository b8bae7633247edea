"""What is different in the bytes: other values, or the same values written in another way."""

from __future__ import annotations

import re

from ._compare import NOTHING, Difference

MEANING = re.compile(r"^(?P<meaning>.*) \[(?P<data>[0-9a-f ]*)\]$", re.DOTALL)
HEAD = 6
"""Bytes before the registers in a write of several (function code 16)."""
AXES = (("X", "another place"), ("Y", "another place"), ("Z", "another height"), ("F", "another feed rate"))
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


def wire_words(d: Difference) -> str:
    """One difference of the wire seam in a few words."""
    if NOTHING in (d.now, d.before):
        return f"{_meaning(d.now)}; before: {_meaning(d.before)}"
    now, before = _parts(d.now), _parts(d.before)
    if now[0] == before[0]:
        return f"{_named(now[0])}: {_same_meaning(now[1], before[1])}"
    if d.where.startswith("motion "):
        return _moved(now[0], before[0])
    return _commanded(now[0], before[0])


def _parts(words: str) -> tuple[str, bytes]:
    found = MEANING.match(words)
    return (found["meaning"], bytes.fromhex(found["data"])) if found else (words, b"")


def _meaning(words: str) -> str:
    return _named(_parts(words)[0])


def _named(meaning: str) -> str:
    """A move is a block of G-code; a command begins with its name."""
    return "move" if meaning.startswith(("'", '"')) else meaning


def _same_meaning(now: bytes, before: bytes) -> str:
    words = [_registers(side) for side in (now, before)]
    at = next((n for n, (a, b) in enumerate(zip(now, before, strict=False)) if a != b), min(len(now), len(before)))
    end = max((n for n, (a, b) in enumerate(zip(now, before, strict=False)) if a != b), default=at) + 1
    detail = f"from byte {at}: {now[at:end].hex(' ') or 'none'}; before: {before[at:end].hex(' ') or 'none'}"
    if now[:-2] == before[:-2] and len(now) == len(before) > HEAD:
        return "only the number of the command is another one"
    if len(now) != len(before):
        return f"the same values in {len(now)} bytes, before in {len(before)}, {detail}"
    if now[:HEAD] == before[:HEAD] and sorted(words[0]) == sorted(words[1]):
        return f"the same words in another order (word order of the register map), {detail}"
    if sorted(now) == sorted(before):
        return f"the same bytes in another order (byte order), {detail}"
    return f"the same values in other bytes (scale, offset or encoding), {detail}"


def _registers(pdu: bytes) -> list[bytes]:
    """The words of a write; what stands before them is function code, address, and how many they are."""
    return [pdu[n : n + 2] for n in range(HEAD, len(pdu), 2)]


def _moved(now: str, before: str) -> str:
    """Two blocks of G-code."""
    new, old = _tokens(now), _tokens(before)
    if not new or not old:
        return f"{_named(now)}; before: {_named(before)}"
    if len(new) != len(old):
        less = " ".join(_only(new, old)) or "fewer", " ".join(_only(old, new)) or "fewer"
        return f"move in other words: {less[0]}; before: {less[1]}"
    differ = [(a, b) for a, b in zip(new, old, strict=True) if a != b]
    detail = f"{' '.join(a for a, _ in differ[:3])}; before: {' '.join(b for _, b in differ[:3])}"
    if all(_rounded(a, b) for a, b in differ):
        return f"move to the same place in other digits (rounding of the driver): {detail}"
    return f"move with {_axes(differ)}: {detail}"


def _rounded(now: str, before: str) -> bool:
    """The same word and number, as far as the fewer digits of the two go."""
    if now[0] != before[0] or not (NUMBER.fullmatch(now[1:]) and NUMBER.fullmatch(before[1:])):
        return False
    digits = min(len(side.partition(".")[2]) for side in (now, before))
    return abs(float(now[1:]) - float(before[1:])) <= 1.001 * 10.0**-digits


def _tokens(block: str) -> list[str]:
    """Letter and number each."""
    return re.findall(r"[A-Z][-+]?\d+(?:\.\d+)?|\$[A-Z]|\\n", block)


def _only(one: list[str], other: list[str]) -> list[str]:
    return [token for token in one if token not in other][:4]


def _axes(differ: list[tuple[str, str]]) -> str:
    letters = sorted({a[0] for a, _ in differ})
    return " and ".join(dict.fromkeys(word for letter, word in AXES if letter in letters)) or "other words"


def _commanded(now: str, before: str) -> str:
    """Two commands with their parameters."""
    (name, *new), (was, *old) = now.split(", "), before.split(", ")
    if name != was:
        return f"{now}; before: {before}"
    differ = [one for one in new if one not in old], [one for one in old if one not in new]
    return f"{name} {', '.join(differ[0]) or 'without it'}; before: {', '.join(differ[1]) or 'without it'}"
