"""One recording against its reference, or against what another configuration makes of it, seam by seam."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from delid.config import Cell
from delid.journal import Recording, read_recording

from ._addresses import Change, Settings, settings_of, settings_then
from ._causes import causes
from ._compare import Difference, check_tolerances, compare_seams
from ._eyes import Eyes, InspectorLike
from ._inspections import DEFAULT_TOLERANCES
from ._modes import Mode, replay_twice
from ._pictures import Picture, Side, pictures_of
from ._recorded_wire import recorded_wire_differences
from ._reference import Reference, Seams, load_reference, save_reference, tolerances_for
from ._run import Outcome
from ._words import first_seam, summarise

RUNTIME = "onnxruntime"
KEPT = ("model/", "cell/", "map/")
"""Files whose values a reference keeps; those of recipes and packs stand in the recording or in version control."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one recording.

    Attributes:
        notes: worth knowing, but no difference.
        seam: the first seam that differs: inspection, decision or wire; empty where none does.
        summary: the differences in a few plain lines.
        causes: what is another one than before, the likeliest first.
        pictures: frames on which the decision changed, where they were asked for.
    """

    recording: str
    frames: int
    steps: int
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    updated: bool = False
    seam: str = ""
    summary: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()

    @property
    def equal(self) -> bool:
        return not self.differences


@dataclass(frozen=True, slots=True)
class Prepared:
    """Configuration and eyes of one side of a comparison."""

    cell: Cell
    inspector: InspectorLike | Eyes


def judge_file(
    path: Path,
    reference_dir: Path,
    cell: Cell,
    inspector: InspectorLike | Eyes,
    *,
    mode: Mode = Mode.PROCESS,
    pictures: bool = False,
) -> Verdict:
    """Replay a file and compare it with its reference in ``reference_dir``; raises RecordingError."""
    recording = read_recording(path)
    reference = load_reference(reference_path(path, reference_dir, mode))
    seams, outcome = replay_twice(recording, cell, inspector, mode)
    check_tolerances(reference.tolerances, seams.inspection, reference.seams.inspection)
    models = _model_changes(inspector.models, reference.models)
    found = [_model_difference(change) for change in models] + compare_seams(seams, reference.seams, reference)
    verdict = _verdict(path, seams, found, _notes(recording, outcome, found, mode) + _runtime_notes(reference))
    if not found:
        return verdict
    then = settings_then(reference.configuration, reference.settings, recording.header.texts)
    why = causes(found, settings_of(cell), then, [*models, *_runtime_changes(reference)], (seams, reference.seams))
    sides = Side(seams, outcome.inspections, outcome.located), Side(reference.seams)
    return told(verdict, recording, found, why, sides, pictures=pictures)


def judge_what_if(
    path: Path, now: Prepared, before: Prepared, *, mode: Mode = Mode.PROCESS, pictures: bool = False
) -> Verdict:
    """Replay a file with two configurations and compare what comes out; raises RecordingError."""
    recording = read_recording(path)
    old_seams, old = replay_twice(recording, before.cell, before.inspector, mode)
    seams, new = replay_twice(recording, now.cell, now.inspector, mode)
    found = compare_seams(seams, old_seams, _default_tolerances(path, old_seams))
    verdict = _verdict(path, seams, found, [])
    if not found:
        return verdict
    models = _model_changes(now.inspector.models, before.inspector.models)
    why = causes(found, settings_of(now.cell), settings_of(before.cell), models, (seams, old_seams))
    sides = Side(seams, new.inspections, new.located), Side(old_seams, old.inspections, old.located)
    return told(verdict, recording, found, why, sides, pictures=pictures)


def update_file(
    path: Path,
    reference_dir: Path,
    cell: Cell,
    inspector: InspectorLike | Eyes,
    reason: str,
    *,
    mode: Mode = Mode.PROCESS,
) -> Verdict:
    """Replay a file and write its reference where it is missing or differs; the differences are what was changed."""
    recording = read_recording(path)
    target = reference_path(path, reference_dir, mode)
    old = load_reference(target) if target.exists() else None
    seams, outcome = replay_twice(recording, cell, inspector, mode)
    found: list[Difference] = []
    if old is not None:
        found = [_model_difference(change) for change in _model_changes(inspector.models, old.models)]
        found += compare_seams(seams, old.seams, old)
    notes = _notes(recording, outcome, found, mode)
    if old is not None and not found:
        return _verdict(path, seams, [], notes)
    settings = settings_of(cell)
    save_reference(target, _reference(path, reason, seams, inspector.models, settings, old))
    return _verdict(path, seams, found, notes, updated=True)


def reference_path(recording: Path, reference_dir: Path, mode: Mode = Mode.PROCESS) -> Path:
    """Where the reference of a recording lies."""
    kind = "" if mode is Mode.PROCESS else f".{mode.value}"
    return reference_dir / f"{recording.stem}{kind}.json"


def _reference(
    path: Path, reason: str, seams: Seams, models: Mapping[str, str], settings: Settings, old: Reference | None
) -> Reference:
    kept = {name: values for name, values in settings.values.items() if name.startswith(KEPT)}
    return Reference(
        recording=path.stem,
        reason=reason,
        onnxruntime=importlib.metadata.version(RUNTIME),
        models=dict(models),
        seams=seams,
        tolerances=tolerances_for(seams, old.tolerances if old else {}),
        configuration=dict(settings.digests),
        settings=kept,
    )


def _default_tolerances(path: Path, seams: Seams) -> Reference:
    return Reference(path.stem, "", "", {}, seams, DEFAULT_TOLERANCES)


def _verdict(
    path: Path, seams: Seams, found: Sequence[Difference], notes: Sequence[str], *, updated: bool = False
) -> Verdict:
    steps = sum(label == "plan" for label, _ in seams.decision)
    return Verdict(path.stem, len(seams.inspection), steps, tuple(found), tuple(notes), updated, first_seam(found))


def told(
    verdict: Verdict,
    recording: Recording,
    found: Sequence[Difference],
    why: tuple[str, ...],
    sides: tuple[Side, Side],
    *,
    pictures: bool,
) -> Verdict:
    """The verdict with the words and pictures for people."""
    now, before = sides
    return dataclasses.replace(
        verdict,
        summary=summarise(found, now.seams, before.seams),
        causes=why,
        pictures=pictures_of(recording, found, now, before) if pictures else (),
    )


def _model_changes(now: Mapping[str, str], before: Mapping[str, str]) -> list[Change]:
    return [
        Change(f"model {name}", now.get(name, "none")[:19], before.get(name, "none")[:19])
        for name in sorted({*now, *before})
        if now.get(name) != before.get(name)
    ]


def _model_difference(change: Change) -> Difference:
    """Another model is a difference, though it may judge these frames as before: nobody has agreed to it yet."""
    return Difference("inspection", change.address, change.now, change.before)


def _runtime_changes(reference: Reference) -> list[Change]:
    runtime = importlib.metadata.version(RUNTIME)
    return [Change(RUNTIME, runtime, reference.onnxruntime)] if runtime != reference.onnxruntime else []


def _runtime_notes(reference: Reference) -> list[str]:
    return [
        f"onnxruntime {change.now}, the reference was made with {change.before}"
        for change in _runtime_changes(reference)
    ]


def _notes(recording: Recording, outcome: Outcome, found: Sequence[Difference], mode: Mode) -> list[str]:
    notes = ["this is a repaired recording; its end is missing"] if recording.repaired else []
    if mode is not Mode.PROCESS or any(difference.seam == "wire" for difference in found):  # it is said already
        return notes
    if other := recorded_wire_differences(recording, outcome):
        notes.append(f"{len(other)} effects send other bytes than when it was recorded, first {other[0].where}")
    return notes
