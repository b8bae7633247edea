"""Judging recorded frames: by the models, and behind one interface, so that a cache can answer in their place."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Protocol

from delid.core import Frame, Inspection, PoseMm, Sighting
from delid.journal import RecordedFrame
from delid.vision import read_frame


class InspectorLike(Protocol):
    """What replay needs of vision's Inspector."""

    models: dict[str, str]
    min_fastener_confidence: float

    def inspect(self, frame: Frame, pack: str | None = None, *, looks: Mapping[str, Frame] = ...) -> Inspection: ...

    def locate(self, frame: Frame, at_mm: PoseMm, flange_mm: PoseMm) -> tuple[Sighting | None, str]: ...

    def forget_frames(self) -> None: ...


class Eyes(ABC):
    """Judges the frames of a recording as they lie in it, encoded."""

    @property
    @abstractmethod
    def models(self) -> Mapping[str, str]:
        """``sha256:...`` of each model, by use."""

    @property
    @abstractmethod
    def min_fastener_confidence(self) -> float:
        """Below it the kind of a fastener is a guess."""

    @abstractmethod
    def look(
        self, frames: Sequence[RecordedFrame], pack: str | None, looks: Mapping[str, RecordedFrame]
    ) -> tuple[Inspection, ...]:
        """Judge the frames of one look, in order, each together with ``looks``; raises FrameError and ModelError."""

    @abstractmethod
    def locate(self, frame: RecordedFrame, at_mm: PoseMm, flange_mm: PoseMm) -> tuple[Sighting | None, str]:
        """Find the fastener of a fine look, or say why there is none."""

    @abstractmethod
    def forget_frames(self) -> None:
        """Another replay begins."""


class LiveEyes(Eyes):
    """Decodes every frame and runs the models on it."""

    def __init__(self, inspector: InspectorLike) -> None:
        self._inspector = inspector

    @property
    def models(self) -> Mapping[str, str]:
        return self._inspector.models

    @property
    def min_fastener_confidence(self) -> float:
        return self._inspector.min_fastener_confidence

    def look(
        self, frames: Sequence[RecordedFrame], pack: str | None, looks: Mapping[str, RecordedFrame]
    ) -> tuple[Inspection, ...]:
        others = {name: decode(frame) for name, frame in looks.items()}
        return tuple(judge(self._inspector, decode(frame), pack, others) for frame in frames)

    def locate(self, frame: RecordedFrame, at_mm: PoseMm, flange_mm: PoseMm) -> tuple[Sighting | None, str]:
        return self._inspector.locate(decode(frame), at_mm, flange_mm)

    def forget_frames(self) -> None:
        self._inspector.forget_frames()


def eyes_of(inspector: InspectorLike | Eyes) -> Eyes:
    """The eyes themselves, or those of an inspector."""
    return inspector if isinstance(inspector, Eyes) else LiveEyes(inspector)


def judge(inspector: InspectorLike, frame: Frame, pack: str | None, looks: Mapping[str, Frame]) -> Inspection:
    """One decoded frame; without ``looks`` the inspector is asked as it is for ambient light alone."""
    return inspector.inspect(frame, pack, looks=looks) if looks else inspector.inspect(frame, pack)


def decode(frame: RecordedFrame) -> Frame:
    """The frame as the camera gave it."""
    read = read_frame(frame.encoded, source=frame.source, captured_s=frame.captured_s, seq=frame.seq, look=frame.look)
    return dataclasses.replace(read, sha256=frame.sha256)
