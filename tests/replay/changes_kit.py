"""What the deliberate changes need: an inspector that judges each picture once, another export, a planner that errs."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
from ruamel.yaml import YAML

from delid.core import Decision, Frame, Inspection, Located, Looked, Plan, PoseMm, Sighting
from delid.journal import RecordedFrame, Recording
from delid.replay import Eyes, InspectorLike


class OnePerPicture:
    """Judges each picture once, so that a change which has nothing to do with vision costs no inference.

    Args:
        severity_digits: how finely a severity is told, as a change of vision's own code.

    So many of the pictures that are known already as ``anew`` says are judged once more all the same, so that a model
    which does not answer twice alike is found out.
    """

    def __init__(self, inspector: InspectorLike, severity_digits: int | None = None) -> None:
        self.inspector, self._digits, self.anew = inspector, severity_digits, 0
        self.models, self.min_fastener_confidence = inspector.models, inspector.min_fastener_confidence
        self._known: dict[Any, Any] = {}

    def inspect(self, frame: Frame, pack: str | None = None, *, looks: Mapping[str, Frame] | None = None) -> Inspection:
        key = (frame.sha256, pack, tuple(sorted((name, look.sha256) for name, look in (looks or {}).items())))
        if self._judges(key):
            if self.anew <= 0:
                self.inspector.forget_frames()
            given = {"looks": looks} if looks else {}
            self._known[key] = self._told(self.inspector.inspect(frame, pack, **given))
        found: Inspection = self._known[key]
        return found

    def locate(self, frame: Frame, at_mm: PoseMm, flange_mm: PoseMm) -> tuple[Sighting | None, str]:
        key = (frame.sha256, at_mm, flange_mm)
        if self._judges(key):
            self._known[key] = self.inspector.locate(frame, at_mm, flange_mm)
        found: tuple[Sighting | None, str] = self._known[key]
        return found

    def forget_frames(self) -> None:
        if self.anew > 0:
            self.inspector.forget_frames()

    def _judges(self, key: Any) -> bool:
        if key not in self._known:
            return True
        self.anew -= 1
        return self.anew >= 0

    def _told(self, found: Inspection) -> Inspection:
        if self._digits is None:
            return found
        damage = tuple(dataclasses.replace(d, severity=round(d.severity, self._digits)) for d in found.damage)
        return dataclasses.replace(found, damage=damage)


class RecordedEyes(Eyes):
    """Says of every picture what was said of it when it was recorded; no model is needed."""

    models: Mapping[str, str] = {}
    min_fastener_confidence = 0.89

    def __init__(self, recording: Recording) -> None:
        seen = [event for event in recording.events if isinstance(event, Looked)]
        self._seen = {found.frame.sha256: found for event in seen for found in event.inspections}
        self._found = {
            recording.frames[event.id][0].sha256: (event.found, event.detail)
            for event in recording.events
            if isinstance(event, Located)
        }

    def look(
        self, frames: Sequence[RecordedFrame], pack: str | None, looks: Mapping[str, RecordedFrame]
    ) -> tuple[Inspection, ...]:
        return tuple(self._seen[frame.sha256] for frame in frames)

    def locate(self, frame: RecordedFrame, at_mm: PoseMm, flange_mm: PoseMm) -> tuple[Sighting | None, str]:
        return self._found[frame.sha256]

    def forget_frames(self) -> None: ...


def reexport(model: Path, into: Path) -> Path:
    """The same network in another file, as another exporter would write it."""
    shutil.copytree(model, into)
    graph = onnx.load(str(into / "model.onnx"))
    graph.producer_name, graph.doc_string = "another exporter", "the same weights"
    (into / "model.onnx").write_bytes(graph.SerializeToString())
    manifest = YAML(typ="safe").load((into / "manifest.yaml").read_text(encoding="utf-8"))
    manifest["sha256"] = hashlib.sha256((into / "model.onnx").read_bytes()).hexdigest()
    (into / "manifest.yaml").write_text(json.dumps(manifest), encoding="utf-8")
    return into


def swapped_steps(decide: Callable[..., Decision], one: int, other: int) -> Callable[..., Decision]:
    """A planner that takes two steps in the wrong order."""

    def planned(*arguments: Any) -> Decision:
        found = decide(*arguments)
        if not isinstance(found.outcome, Plan):
            return found
        steps = list(found.outcome.steps)
        steps[one], steps[other] = steps[other], steps[one]
        return dataclasses.replace(found, outcome=dataclasses.replace(found.outcome, steps=tuple(steps)))

    return planned
