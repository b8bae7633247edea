"""One recording against its reference: replayed twice, compared seam by seam."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from delid.config import Cell
from delid.core import RecordingError
from delid.journal import Recording, read_recording

from ._compare import Difference, check_tolerances, compare_frames, compare_lines
from ._eyes import Eyes, InspectorLike
from ._inspections import frame_seams
from ._lines import decision_lines, wire_lines
from ._recorded_wire import recorded_wire_differences
from ._reference import Reference, Seams, load_reference, save_reference, tolerances_for
from ._run import Outcome, replay


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one recording. ``notes`` are worth knowing, but no difference."""

    recording: str
    frames: int
    steps: int
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    updated: bool = False

    @property
    def equal(self) -> bool:
        return not self.differences


def seams_of(outcome: Outcome) -> Seams:
    """The three seams of an outcome, ready to compare."""
    return Seams(tuple(frame_seams(outcome)), tuple(decision_lines(outcome)), tuple(wire_lines(outcome)))


def replay_twice(recording: Recording, cell: Cell, inspector: InspectorLike | Eyes) -> tuple[Seams, Outcome]:
    """Replay two times; raises RecordingError ``recording.not_deterministic`` where the second differs."""
    first = replay(recording, cell, inspector)
    seams, again = seams_of(first), seams_of(replay(recording, cell, inspector))
    if seams != again:
        found = compare_seams(again, seams)
        raise RecordingError(
            f"{recording.path}: not deterministic: the second replay differs from the first. {found[0]}.",
            hint="Something in the decisions depends on more than the recording.",
            code="recording.not_deterministic",
        )
    return seams, first


def compare_seams(now: Seams, before: Seams, reference: Reference | None = None) -> list[Difference]:
    """Differences of all seams; scores within the tolerances of ``reference``, exactly without one."""
    tolerances = reference.tolerances if reference else {}
    return [
        *compare_frames(now.inspection, before.inspection, tolerances),
        *compare_lines("decision", now.decision, before.decision),
        *compare_lines("wire", now.wire, before.wire),
    ]


def judge_file(path: Path, reference_dir: Path, cell: Cell, inspector: InspectorLike | Eyes) -> Verdict:
    """Replay a file and compare it with ``reference_dir/<stem>.json``; raises RecordingError."""
    recording = read_recording(path)
    reference = load_reference(reference_path(path, reference_dir))
    seams, outcome = replay_twice(recording, cell, inspector)
    check_tolerances(reference.tolerances, seams.inspection, reference.seams.inspection)
    found = compare_seams(seams, reference.seams, reference)
    notes = _version_notes(reference, inspector.models)
    if not any(difference.seam == "wire" for difference in found):  # otherwise it is said already
        notes += _recorded_notes(recording, outcome)
    return _verdict(path, seams, found, notes)


def update_file(path: Path, reference_dir: Path, cell: Cell, inspector: InspectorLike | Eyes, reason: str) -> Verdict:
    """Replay a file and write its reference where it is missing or differs; the differences are what was changed."""
    recording = read_recording(path)
    target = reference_path(path, reference_dir)
    old = load_reference(target) if target.exists() else None
    seams, outcome = replay_twice(recording, cell, inspector)
    found = compare_seams(seams, old.seams, old) if old else []
    notes = _recorded_notes(recording, outcome)
    if old and not found:
        return _verdict(path, seams, [], notes)
    new = Reference(
        recording=path.stem,
        reason=reason,
        onnxruntime=importlib.metadata.version("onnxruntime"),
        models=dict(inspector.models),
        seams=seams,
        tolerances=tolerances_for(seams, old.tolerances if old else {}),
    )
    save_reference(target, new)
    return _verdict(path, seams, found, notes, updated=True)


def reference_path(recording: Path, reference_dir: Path) -> Path:
    """Where the reference of a recording lies."""
    return reference_dir / f"{recording.stem}.json"


def _verdict(path: Path, seams: Seams, found: list[Difference], notes: list[str], *, updated: bool = False) -> Verdict:
    steps = sum(label == "plan" for label, _ in seams.decision)
    return Verdict(path.stem, len(seams.inspection), steps, tuple(found), tuple(notes), updated)


def _recorded_notes(recording: Recording, outcome: Outcome) -> list[str]:
    notes = ["this is a repaired recording; its end is missing"] if recording.repaired else []
    if found := recorded_wire_differences(recording, outcome):
        notes.append(f"{len(found)} effects send other bytes than when it was recorded, first {found[0].where}")
    return notes


def _version_notes(reference: Reference, models: Mapping[str, str]) -> list[str]:
    changed = [name for name in sorted({*reference.models, *models}) if reference.models.get(name) != models.get(name)]
    notes = [f"other models than in the reference: {', '.join(changed)}"] if changed else []
    runtime = importlib.metadata.version("onnxruntime")
    if runtime != reference.onnxruntime:
        notes.append(f"onnxruntime {runtime}, the reference was made with {reference.onnxruntime}")
    return notes
