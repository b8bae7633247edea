"""What ``delid packs new`` wants to know: one table for its flags, its questions and their defaults."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import typer

from delid.core import UsageError

Answers = dict[str, object]


@dataclass(frozen=True, slots=True)
class Question:
    """One figure of a new pack.

    Attributes:
        key: field of ``config.NewPack``; the flag is ``--key`` with dashes.
        words: what is asked.
        read: text to value; raises ValueError with what is wrong.
        default: from the answers so far; None where only the pack can tell.
    """

    key: str
    words: str
    read: Callable[[str], object]
    default: Callable[[Mapping[str, object]], object] | None = None

    @property
    def flag(self) -> str:
        return "--" + self.key.replace("_", "-")


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e5:
        raise ValueError("must be more than 0")
    return value


def _count(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 400:
        raise ValueError("must be a number from 0 to 400")
    return value


def _several(text: str) -> int:
    value = _count(text)
    if value < 2:
        raise ValueError("must be at least 2: the two corners")
    return value


def _word(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.x-]*", text):
        raise ValueError("must be one word of letters, digits and dashes")
    return text


def _kind(text: str) -> str:
    if text not in ("bolt", "nut"):
        raise ValueError("must be bolt or nut")
    return text


def _text(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be a line of text")
    return text.strip()


def _point(text: str) -> tuple[float, float]:
    x, y = (float(part) for part in text.split(","))
    return x, y


def _of(a: Mapping[str, object], key: str) -> float:
    return float(str(a[key]))


QUESTIONS: tuple[Question, ...] = (
    Question("title", "Name for people", _text, lambda a: str(a["name"])),
    Question("length_mm", "Length of the case, mm", _positive),
    Question("width_mm", "Width of the case, mm", _positive),
    Question("height_mm", "Height from the base to the lid, mm", _positive),
    Question("mass_kg", "Mass, kg (label or scale)", _positive),
    Question("voltage_v", "Nominal voltage, V (label)", _positive),
    Question("energy_kwh", "Energy, kWh (label)", _positive),
    Question("chemistry", "Chemistry (label), for example NMC or LFP", _word, lambda a: "unknown"),
    Question("lid_kg", "Mass of the lid, kg", _positive, lambda a: round(0.06 * _of(a, "mass_kg"))),
    Question("bolts_along", "Fasteners along each long side, corners counted", _several),
    Question("bolts_across", "Fasteners along each short side, corners not counted", _count),
    Question("inset_mm", "From the edge to the middle of a fastener, mm", _positive, lambda a: 20.0),
    Question("kind", "bolt or nut", _kind, lambda a: "bolt"),
    Question("thread", "Thread", _word, lambda a: "M6"),
    Question("socket_mm", "Width across flats, mm", _positive, lambda a: 10.0),
    Question("torque_nm", "Tightening torque, N m", _positive, lambda a: 9.0),
    Question("modules_along", "Modules along the length; 0 for cell-to-pack", _count),
    Question("modules_across", "Modules across; 0 for cell-to-pack", _count,
             lambda a: 0 if a["modules_along"] == 0 else None),
    Question("module_kg", "Mass of one module, kg", _positive, lambda a: _module_kg(a)),
    Question("disconnect_mm", "Service disconnect: x,y from the middle of the lid, mm", _point,
             lambda a: (round(-0.45 * _of(a, "length_mm")), 0)),
)  # fmt: skip
"""In the order of asking."""


def _module_kg(a: Mapping[str, object]) -> float:
    count = _of(a, "modules_along") * _of(a, "modules_across")
    return round(0.7 * _of(a, "mass_kg") / count, 1) if count else 1.0


PATTERN: Answers = {"bolts_along": 2, "bolts_across": 0, "inset_mm": 20.0}
"""Not asked, and not used, where the fasteners are listed one by one."""


def collect(
    name: str, flags: Mapping[str, str | None], ask: bool, listed: bool = False
) -> tuple[Answers, frozenset[str]]:
    """Values by key, and the keys whose default was taken. Asks where a flag is missing; raises UsageError.

    ``listed`` says that the fasteners come from a list, so that no pattern is needed.
    """
    answers: Answers = {"name": name}
    guessed: set[str] = set()
    missing: list[str] = []
    for question in QUESTIONS:
        if listed and question.key in PATTERN:
            answers[question.key] = PATTERN[question.key]
            continue
        given = flags.get(question.key)
        default = question.default(answers) if question.default and not missing else None
        if given is not None:
            answers[question.key] = _read(question, given)
        elif ask:
            answers[question.key] = _asked(question, default)
            if answers[question.key] == default:
                guessed.add(question.key)
        elif default is not None:
            answers[question.key] = default
            guessed.add(question.key)
        elif question.default is None or not missing:
            missing.append(question.flag)
    if missing:
        raise UsageError(f"Not known of {name}: {', '.join(missing)}.", hint="Give these flags, or leave --yes out.")
    return answers, frozenset(guessed)


def _read(question: Question, text: str) -> object:
    try:
        return question.read(text)
    except ValueError as error:
        raise UsageError(f"{question.flag} {text!r}: {question.words}: {error}.") from error


def _asked(question: Question, default: object) -> object:
    """Asked until it is understood."""
    shown = f"{default[0]},{default[1]}" if isinstance(default, tuple) else default
    while True:
        text = str(typer.prompt(question.words, default=None if shown is None else str(shown)))
        try:
            return default if shown is not None and text == str(shown) else question.read(text)
        except ValueError as error:
            typer.echo(f"  {error}", err=True)
