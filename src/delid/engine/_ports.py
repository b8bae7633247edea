"""What the executor needs of the world, as protocols; drivers, replay and tests fit them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from delid.core import (
    Axis,
    Effect,
    Event,
    Finished,
    Frame,
    Inspection,
    MotionVerb,
    PoseMm,
    Record,
    Sighting,
    Wire,
)


class PlcPort(Protocol):
    """The one owner of the PLC's connection."""

    async def run(self) -> None: ...

    def set_packml_state(self, number: int, mode: int = 0) -> None: ...

    async def command(self, id: str, name: str, params: Mapping[str, float], deadline_s: float) -> Finished: ...

    async def cancel(self, id: str, deadline_s: float) -> Finished: ...


class MotionPort(Protocol):
    """The motion controller. Hold and stop bypass whatever else is under way."""

    async def run(self) -> None: ...

    async def move(self, id: str, to_mm: PoseMm, feed_mm_s: float, deadline_s: float) -> Finished: ...

    async def jog(
        self, id: str, axis: Axis, to_mm: float, feed_mm_s: float, hold_s: float, deadline_s: float
    ) -> Finished: ...

    def hold_jog(self, jog: str, held_at_s: float | None) -> None: ...

    async def do(self, id: str, verb: MotionVerb, deadline_s: float) -> Finished: ...


class CameraPort(Protocol):
    async def grab(self, count: int, deadline_s: float) -> tuple[Frame, ...]: ...

    async def close(self) -> None: ...


class InspectorPort(Protocol):
    def inspect(self, frame: Frame, pack: str | None = None, *, looks: Mapping[str, Frame] = ...) -> Inspection: ...

    def locate(self, frame: Frame, at_mm: PoseMm, flange_mm: PoseMm) -> tuple[Sighting | None, str]: ...

    @property
    def min_fastener_confidence(self) -> float: ...


class RecorderPort(Protocol):
    """Takes facts for the recording; never blocks."""

    def event(self, event: Event) -> None: ...

    def effect(self, effect: Effect) -> None: ...

    def record(self, record: Record) -> None: ...

    def wire(self, wire: Wire) -> None: ...

    def frame(self, frame: Frame, look_id: str, camera: str = "") -> None: ...

    def traffic(self, wire: Wire) -> None: ...

    def report(self) -> Mapping[str, object]: ...

    def end(self) -> None: ...

    def close(self) -> object: ...


class LogPort(Protocol):
    """Where runs are kept: the durable journal and, where wanted, the recording."""

    run_id: str
    folder: Path
    recorder: RecorderPort | None

    async def write(self, kind: str, data: dict[str, object]) -> None: ...

    def roll(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything the executor acts through."""

    plc: PlcPort
    motion: MotionPort
    camera: CameraPort
    inspector: InspectorPort
    log: LogPort
    tool_camera: CameraPort | None = None
