"""Differences between a replay and its reference, seam by seam, aligned by what they are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from delid.core import RecordingError

from ._inspections import FrameSeam, Tolerance, field_of
from ._lines import Line, short
from ._reference import Reference, Seams

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
    found = [pair for label in {**old, **new} for pair in _pairs(label, new.get(label, []), old.get(label, []))]
    # The first difference in time is most often the cause of the others.
    return [Difference(seam, *rest) for _, *rest in sorted(found, key=lambda pair: pair[0])] or [
        _order(seam, now, before)
    ]


def compare_frames(
    now: Sequence[FrameSeam], before: Sequence[FrameSeam], tolerances: Mapping[str, Tolerance]
) -> list[Difference]:
    """Exact fields must be equal, scores within their tolerance; a score without a tolerance must be equal."""
    new, old = _by_look(now), _by_look(before)
    found: list[Difference] = []
    for look in dict.fromkeys([*old, *new]):
        sides = new.get(look, []), old.get(look, [])
        for a, b in zip(*sides, strict=False):
            found.extend(_exact_differences(a.name, a.exact, b.exact))
            found.extend(_score_differences(a.name, a.scores, b.scores, tolerances))
    # Looks that were not taken any more follow from the other differences, so they stand behind them.
    counts = {look: (len(new.get(look, [])), len(old.get(look, []))) for look in {**old, **new}}
    found.extend(
        Difference("inspection", short(look), f"{a} frames", f"{b} frames") for look, (a, b) in counts.items() if a != b
    )
    return found


def _by_look(frames: Sequence[FrameSeam]) -> dict[str, list[FrameSeam]]:
    found: dict[str, list[FrameSeam]] = {}
    for frame in frames:
        found.setdefault(frame.look, []).append(frame)
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


def compare_seams(now: Seams, before: Seams, reference: Reference | None = None) -> list[Difference]:
    """Differences of all seams; scores within the tolerances of ``reference``, exactly without one."""
    tolerances = reference.tolerances if reference else {}
    return [
        *compare_frames(now.inspection, before.inspection, tolerances),
        *compare_lines("decision", now.decision, before.decision),
        *compare_lines("wire", now.wire, before.wire),
    ]


Place = tuple[int, str]
"""Where a line stands among all lines of its seam, and its words."""


def _by_label(lines: Sequence[Line]) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {}
    for place, (label, words) in enumerate(lines):
        found.setdefault(label, []).append((place, words))
    return found


def _pairs(label: str, now: list[Place], before: list[Place]) -> Iterator[tuple[int, str, str, str]]:
    """Place, label, words now and before of lines that are not on both sides."""
    texts = [words for _, words in before], [words for _, words in now]
    for kind, b0, b1, n0, n1 in SequenceMatcher(None, *texts, autojunk=False).get_opcodes():
        if kind != "equal":
            for new, old in zip_longest(now[n0:n1], before[b0:b1]):
                place = min(side[0] for side in (new, old) if side)
                yield place, label, new[1] if new else NOTHING, old[1] if old else NOTHING


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
