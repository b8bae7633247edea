"""What a recording tells of the pack that stood in the cell: what was stuck, what was out, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from delid.core import (
    AMBIENT,
    Answered,
    Decide,
    Effect,
    FailureKind,
    Finished,
    Locate,
    Located,
    Look,
    Looked,
    RunCommand,
    Scalar,
)
from delid.journal import Recording

UNFASTEN = "unfasten"
BY_HAND = "done by hand"


@dataclass(frozen=True, slots=True)
class SeenLook:
    """A look at the pack and how the pack was then; ``first`` is the place of its first frame under that id."""

    effect: Look
    first: int
    frames: int
    removed: frozenset[str]


@dataclass(frozen=True, slots=True)
class SeenTarget:
    """A fine look; ``gone`` where the fastener was out by then."""

    effect: Locate
    place: int
    gone: bool


@dataclass(frozen=True, slots=True)
class RecordedWorld:
    """The pack of a recorded run, as far as the run found out."""

    pack: str | None
    readings: dict[str, Scalar]
    removed_before: frozenset[str]
    seized: tuple[str, ...]
    seized_for_good: tuple[str, ...]
    stripped: tuple[str, ...]
    looks: tuple[SeenLook, ...]
    targets: tuple[SeenTarget, ...]
    answers: tuple[tuple[str, str], ...]
    """Question and answer, in order."""


def target_of(effect_id: str) -> str:
    """``lid.07`` of ``recipe/name/lid_bolts/lid.07#1.3``."""
    return effect_id.split("#")[0].rpartition("/")[2]


def recorded_world(recording: Recording) -> RecordedWorld:
    """Read a recording for what it tells of its pack."""
    facts = _Facts(recording)
    decided = next((e for e in recording.effects if isinstance(e, Decide)), None)
    return RecordedWorld(
        pack=(decided.assume_pack or decided.assessment.pack.model) if decided else None,
        readings=dict(decided.readings) if decided else {},
        removed_before=facts.out_before,
        seized=facts.failed(FailureKind.SEIZED, for_good=False),
        seized_for_good=facts.failed(FailureKind.SEIZED, for_good=True),
        stripped=facts.failed(FailureKind.STRIPPED),
        looks=tuple(facts.looks()),
        targets=tuple(facts.targets()),
        answers=tuple((e.question_id, e.answer) for e in recording.events if isinstance(e, Answered)),
    )


class _Facts:
    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._asked: dict[str, Effect] = {e.id: e for e in recording.effects if hasattr(e, "id")}
        tried: dict[str, list[tuple[RunCommand, Finished]]] = {}
        for event in recording.events:
            effect = self._asked.get(event.id) if isinstance(event, Finished) else None
            if isinstance(event, Finished) and isinstance(effect, RunCommand) and effect.name == UNFASTEN:
                tried.setdefault(target_of(event.id), []).append((effect, event))
        self._tried = tried
        self.out_before = frozenset(t for t, tries in tried.items() if tries[0][1].failure == FailureKind.NOT_FOUND)

    def failed(self, kind: FailureKind, *, for_good: bool | None = None) -> tuple[str, ...]:
        """Targets that failed so; ``for_good`` says whether the impact mechanism could not turn them either."""
        found = []
        for target, tries in self._tried.items():
            ends = [(effect, end) for effect, end in tries if end.failure == kind]
            stuck = any(effect.params.get("impact") for effect, _ in ends)
            if ends and (for_good is None or for_good == stuck):
                found.append(target)
        return tuple(found)

    def _timeline(self) -> Iterator[tuple[object, frozenset[str]]]:
        """Every event with the fasteners that were out by then."""
        out = set(self.out_before)
        for event in self._recording.events:
            yield event, frozenset(out)
            effect = self._asked.get(getattr(event, "id", ""))
            if isinstance(event, Finished) and event.ok and isinstance(effect, RunCommand) and effect.name == UNFASTEN:
                out.add(target_of(event.id))
            elif isinstance(event, Answered) and event.answer == BY_HAND:
                out.add(target_of(event.question_id))

    def looks(self) -> Iterator[SeenLook]:
        """Looks at the pack that were judged."""
        used: dict[str, int] = {}
        for event, out in self._timeline():
            effect = self._asked.get(event.id) if isinstance(event, Looked) else None
            if isinstance(event, Looked) and isinstance(effect, Look) and effect.look == AMBIENT:
                first, frames = used.get(event.id, 0), len(event.inspections)
                used[event.id] = first + frames
                yield SeenLook(effect, first, frames, self._fasteners(out))

    def targets(self) -> Iterator[SeenTarget]:
        """Fine looks that were judged."""
        counts: dict[str, count[int]] = {}
        for event, out in self._timeline():
            effect = self._asked.get(event.id) if isinstance(event, Located) else None
            if isinstance(event, Located) and isinstance(effect, Locate):
                place = next(counts.setdefault(event.id, count()))
                yield SeenTarget(effect, place, effect.target in out)

    def _fasteners(self, out: frozenset[str]) -> frozenset[str]:
        """Without names of steps, which a question may be about."""
        return frozenset(name for name in out if "." in name)
