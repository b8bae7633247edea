"""Differences between a replay and its reference, seam by seam, aligned by what they are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from delid.core import RecordingError

from ._inspections import FrameSeam, Tolerance, field_of
from ._lines import Line

NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; ``now`` and ``before`` are ``nothing`` where one side has no such line."""

    seam: str
    where: str
    now: str
    before: str

    def __str__(self) -> str:
        return f"{self.seam}: {self.where}: {self.now}; before: {self.before}"


def compare_lines(seam: str, now: Sequence[Line], before: Sequence[Line]) -> list[Difference]:
    """Lines with the same label are compared with one another, so that one that is missing does not shift the rest."""
    if list(now) == list(before):
        return []
    new, old = _by_label(now), _by_label(before)
    found: list[Difference] = []
    for label in dict.fromkeys([*old, *new]):
        pairs = _pairs(new.get(label, []), old.get(label, []))
        found.extend(Difference(seam, label, a, b) for a, b in pairs)
    return found or [_order(seam, now, before)]


def compare_frames(
    now: Sequence[FrameSeam], before: Sequence[FrameSeam], tolerances: Mapping[str, Tolerance]
) -> list[Difference]:
    """Exact fields must be equal, scores within their tolerance; a score without a tolerance must be equal."""
    new, old = {f.name: f for f in now}, {f.name: f for f in before}
    found: list[Difference] = []
    for name in dict.fromkeys([*old, *new]):
        if name not in new or name not in old:
            sides = ("inspected" if name in new else NOTHING, "inspected" if name in old else NOTHING)
            found.append(Difference("inspection", name, *sides))
            continue
        found.extend(_exact_differences(name, new[name].exact, old[name].exact))
        found.extend(_score_differences(name, new[name].scores, old[name].scores, tolerances))
    return found


def check_tolerances(tolerances: Mapping[str, Tolerance], *sides: Sequence[FrameSeam]) -> None:
    """Raise RecordingError for a tolerance that no score needs: it would hide what comes later."""
    used = {field_of(score) for side in sides for frame in side for score in frame.scores}
    if unused := sorted(set(tolerances) - used):
        raise RecordingError(
            f"the reference has a tolerance for {', '.join(unused)}, which no inspection has.",
            hint="Take it out of the reference.",
            code="recording.tolerance",
        )


def _by_label(lines: Sequence[Line]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for label, words in lines:
        found.setdefault(label, []).append(words)
    return found


def _pairs(now: list[str], before: list[str]) -> Iterator[tuple[str, str]]:
    for kind, b0, b1, n0, n1 in SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from zip_longest(now[n0:n1], before[b0:b1], fillvalue=NOTHING)


def _order(seam: str, now: Sequence[Line], before: Sequence[Line]) -> Difference:
    at = next(n for n, (a, b) in enumerate(zip(now, before, strict=True)) if a != b)
    where = f"order, from line {at + 1}"
    return Difference(seam, where, ": ".join(now[at]), ": ".join(before[at]))


def _exact_differences(name: str, now: Mapping[str, str], before: Mapping[str, str]) -> Iterator[Difference]:
    for key in dict.fromkeys([*before, *now]):
        a, b = now.get(key, "none"), before.get(key, "none")
        if a != b:
            yield Difference("inspection", f"{name}: {key}", a, b)


def _score_differences(
    name: str, now: Mapping[str, float], before: Mapping[str, float], tolerances: Mapping[str, Tolerance]
) -> Iterator[Difference]:
    for key in dict.fromkeys([*before, *now]):
        if key not in now or key not in before:
            yield Difference("inspection", f"{name}: {key}", str(now.get(key, "none")), str(before.get(key, "none")))
            continue
        tolerance = tolerances.get(field_of(key))
        within = tolerance.within if tolerance else 0.0
        # Scores are kept to four places; half of the last one is no difference.
        if abs(now[key] - before[key]) > within + 5e-5:
            allowed = f" (at most {within:g} apart)"
            yield Difference("inspection", f"{name}: {key}", f"{now[key]:.4f}", f"{before[key]:.4f}{allowed}")
