"""The seams that a recording itself holds: what was seen and decided when it was made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from delid.config import Cell
from delid.core import UNAWAITED, Decided, Finished, Located, Looked
from delid.journal import Recording, read_recording

from ._addresses import settings_of, settings_of_texts, without_models
from ._causes import causes
from ._compare import compare_frames, compare_lines
from ._eyes import Eyes, InspectorLike
from ._inspections import DEFAULT_TOLERANCES
from ._modes import replay_twice, seams_of
from ._pictures import Side
from ._recorded_wire import recorded_wire_differences
from ._reference import Seams
from ._run import Outcome
from ._verdict import Verdict, told
from ._words import first_seam


def judge_by_itself(path: Path, cell: Cell, inspector: InspectorLike | Eyes, *, pictures: bool = False) -> Verdict:
    """Replay a file and compare it with what was recorded: what would this cell do differently today?

    Scores have the tolerances of new references. Raises RecordingError.
    """
    recording = read_recording(path)
    seams, outcome = replay_twice(recording, cell, inspector)
    then = recorded_seams(recording)
    found = [
        *compare_frames(seams.inspection, then.inspection, DEFAULT_TOLERANCES),
        *compare_lines("decision", seams.decision, then.decision),
        *recorded_wire_differences(recording, outcome),
    ]
    steps = sum(label == "plan" for label, _ in seams.decision)
    notes = ("this is a repaired recording; its end is missing",) if recording.repaired else ()
    verdict = Verdict(path.stem, len(seams.inspection), steps, tuple(found), notes, seam=first_seam(found))
    if not found:
        return verdict
    why = causes(found, without_models(settings_of(cell)), settings_of_texts(recording.header.texts), (), (seams, then))
    sides = Side(seams, outcome.inspections, outcome.located), Side(then)
    return told(verdict, recording, found, why, sides, pictures=pictures)


def recorded_seams(recording: Recording) -> Seams:
    """Inspections and decisions of the recorded run; its wire bytes are compared effect by effect instead."""
    looked = [event for event in recording.events if isinstance(event, Looked)]
    asked = {effect.id: effect for effect in recording.effects if not isinstance(effect, UNAWAITED)}
    answered = {event.id for event in recording.events if isinstance(event, Finished | Looked | Located | Decided)}
    return seams_of(
        Outcome(
            inspections=tuple((look.id, found) for look in looked for found in look.inspections),
            records=recording.records,
            wires=(),
            unanswered=tuple(name for name in asked if name not in answered),
            located=tuple(_located(recording)),
        )
    )


def _located(recording: Recording) -> Iterator[tuple[str, Located]]:
    """Fine looks with the digest of their frame; a look that was interrupted has the same id the second time."""
    used: dict[str, int] = {}
    for event in recording.events:
        if isinstance(event, Located):
            number = used.get(event.id, 0)
            used[event.id] = number + 1
            frames = recording.frames.get(event.id, ())
            yield frames[number].sha256 if number < len(frames) else "", event
