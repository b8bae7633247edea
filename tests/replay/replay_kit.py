"""A whole run of the engine, recorded: real reducer, planner, vision (tiny models) and codecs around a scripted world.

The script stands for drivers and executor: it answers each effect as they do, traces the bytes they would send, and
records facts in the executor's order.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import json
import shutil
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from delid.config import Cell, load_cell
from delid.core import (
    Answered,
    CancelCommand,
    Command,
    Decide,
    Decided,
    DoMotion,
    Effect,
    Event,
    Finished,
    Frame,
    LinkChanged,
    Look,
    Looked,
    ManualClock,
    MotionReported,
    MotionState,
    MotionVerb,
    Move,
    OperatorCommanded,
    PackReport,
    PackReported,
    Record,
    RunCommand,
    Scalar,
    Started,
    State,
    TagsRead,
    Wire,
)
from delid.devices.motion import move_bytes, verb_bytes
from delid.devices.plc import command_pdu, next_number
from delid.engine import initial, step
from delid.journal import RecordingWriter, header_of
from delid.planning import decide_as_asked
from delid.vision import Inspector, fuse
from plain_cell import few_files, plain_text

REPOSITORY = Path(__file__).resolve().parents[2]
PACK = "nissan-leaf-24"
COLOURS = {PACK: (150, 150, 150), "vw-meb-82": (90, 150, 120), "byd-blade": (150, 120, 90)}
"""Blue, green, red. The tiny fastener model takes the grey of this pack for bolts."""
RUST = (60, 60, 255)
TAGS: dict[str, Scalar] = {
    "ack_seq": 41, "stop_ack": 3, "estop_ok": True, "guard_closed": True, "extraction_on": False, "clamp_closed": False,
    "vacuum_ok": False, "grip_ok": False, "motion_permitted": True, "fault_latched": False, "watchdog_ok": True,
    "smoke": False, "pack_voltage_v": 12.0, "isolation_ohm_per_v": 800, "pack_temperature_c": 22.0, "gas_ppm": 1,
    "carried_kg": 0.0, "tool_number": 0, "torque_nm": 0.0, "angle_deg": 0, "energy_wh": 0.0,
}  # fmt: skip
COMMAND_TAGS: dict[str, dict[str, Scalar]] = {
    "close_clamp": {"clamp_closed": True},
    "open_clamp": {"clamp_closed": False},
    "start_extraction": {"extraction_on": True},
    "hold_part": {"vacuum_ok": True, "grip_ok": True, "carried_kg": 61.0},
    "release_part": {"vacuum_ok": False, "grip_ok": False, "carried_kg": 0.0},
    "unfasten": {"torque_nm": 9.5, "angle_deg": 720},
}
"""What the PLC's tags show after a command."""


def _vision_kit() -> ModuleType:
    if "vision_kit" in sys.modules:
        return sys.modules["vision_kit"]
    path = REPOSITORY / "tests/unit/vision/vision_kit.py"
    spec = importlib.util.spec_from_file_location("vision_kit", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["vision_kit"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


kit: Any = _vision_kit()


def build_site(folder: Path) -> Path:
    """A copy of the demonstration cell with tiny models, as files that a test may change; returns the cell file."""
    shutil.copytree(REPOSITORY / "cell_configs", folder / "cell_configs", ignore=shutil.ignore_patterns("gallery"))
    cell = folder / "cell_configs/cells/demo.yaml"
    text = plain_text(cell.read_text(encoding="utf-8")).replace("frames: 3", "frames: 1")
    # the dots that the tiny detector finds lie on a grid of 4 px, so that no place is known to 2 mm
    text = text.replace("kind: nutrunner,", "kind: nutrunner, capture_range_mm: 2.5,")
    cell.write_text(few_files(text, tuple(COLOURS), PACK), encoding="utf-8")
    kit.build_models(folder / "models")
    kit.build_gallery(folder / "cell_configs/gallery", folder / "models", COLOURS)
    return cell


@dataclass
class Script:
    """What goes wrong, and what people answer. Failures are taken one by one for each bolt."""

    failures: dict[str, list[str]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    rust: bool = False
    stop_after_moves: int | None = None
    """A person presses Stop while this move is under way."""
    told: PackReport | None = None
    """What a person says of the pack before the start."""


@dataclass
class Stage:
    """The run while it goes on."""

    cell: Cell
    inspector: Inspector
    writer: RecordingWriter
    clock: ManualClock
    script: Script
    tags: dict[str, Scalar] = field(default_factory=lambda: dict(TAGS))
    events: deque[Event] = field(default_factory=deque)
    records: list[Record] = field(default_factory=list)
    sent: list[Wire] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    trusted: bool = False
    moves: int = 0
    frames: int = 0
    places: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def run(self) -> None:
        self.state = initial(self.cell, self.clock.now_s(), self.inspector.min_fastener_confidence)
        self.post(Started(self._later()))
        self.post(LinkChanged(self._later(), "plc", True, ack_seq=41))
        self.post(LinkChanged(self._later(), "motion", True))
        self._tags()
        self.post(OperatorCommanded(self._later(), Command.RESET, "kim"))
        for _ in range(4_000):
            if not self.events and not self._person():
                return
            self._take(self.events.popleft())
        raise AssertionError("the staged run does not end")

    def post(self, event: Event) -> None:
        self.events.append(event)

    def _later(self, by_s: float = 0.02) -> float:
        self.clock.set(self.clock.now_s() + by_s)
        return self.clock.now_s()

    def _tags(self, **changes: Scalar) -> None:
        self.tags |= changes
        self.post(TagsRead(self._later(), dict(self.tags)))

    def _report(self) -> None:
        self.post(MotionReported(self._later(), MotionState.IDLE, (0.0, 0.0, 0.0), self.trusted))

    def _person(self) -> bool:
        """What a person does when nothing else happens; False when they go home."""
        if self.state.packml is State.IDLE and self.script.told is not None and self.state.told is None:
            self.post(PackReported(self._later(), self.script.told, "kim"))
            return True
        if self.state.packml is State.IDLE:
            self.post(OperatorCommanded(self._later(), Command.START, "kim"))
            return True
        question = self.state.question
        if question is not None and self.state.packml is State.HELD:
            wanted = next((a for part, a in self.script.answers.items() if part in question.id), question.answers[0])
            self.post(Answered(self._later(), question.id, wanted, "kim"))
            return True
        return False

    def _take(self, event: Event) -> None:
        self.state, effects = step(self.state, event)
        self.writer.event(event)
        for effect in effects:
            if isinstance(effect, Record):
                self.writer.record(effect)
                self.records.append(effect)
            else:
                self.writer.effect(effect)
                self._perform(effect)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Move():
                self._move(effect)
            case DoMotion():
                self._verb(effect)
            case RunCommand():
                self._command(effect)
            case CancelCommand():
                self.tags["stop_ack"] = next_number(int(self.tags["stop_ack"]))
                self._wire("plc", bytes([16, 0, 102, 0, 1, 2, 0, int(self.tags["stop_ack"])]), effect.id)
                self._tags()
                self.post(Finished(self._later(), effect.id, True))
            case Look():
                self._look(effect)
            case Decide():
                found = decide_as_asked(dataclasses.replace(effect, released_only=False), self.cell)
                self.post(Decided(self._later(), effect.id, found))

    def _wire(self, device: str, data: bytes, effect_id: str) -> None:
        wire = Wire(self._later(0.001), device, True, data, effect_id)
        self.sent.append(wire)
        self.writer.wire(wire)

    def _move(self, effect: Move) -> None:
        self.moves += 1
        data = move_bytes(effect.to_mm, effect.feed_mm_s)
        cut = data.index(b"\n") + 1
        self._wire("motion", data[:cut], effect.id)
        if self.moves == self.script.stop_after_moves:
            self.post(OperatorCommanded(self._later(), Command.STOP, "kim"))
            self.post(Finished(self._later(), effect.id, False, "stopped", "stopped on request"))
            return
        self._wire("motion", data[cut:], effect.id)
        self._tags()
        self.post(Finished(self._later(), effect.id, True))

    def _verb(self, effect: DoMotion) -> None:
        for byte in b"" if effect.verb is MotionVerb.ENABLE else [verb_bytes(effect.verb)]:
            self._wire("motion", bytes(byte), effect.id)
        if effect.verb is MotionVerb.HOME:
            self.trusted = True
        self._tags()
        self._report()
        self.post(Finished(self._later(), effect.id, True))

    def _command(self, effect: RunCommand) -> None:
        self.tags["ack_seq"] = seq = next_number(int(self.tags["ack_seq"]))
        self._wire("plc", command_pdu(self.cell.plc_map, effect.name, effect.params, seq), effect.id)
        target = effect.id.split("#")[0].rsplit("/", 1)[-1]
        waiting = self.script.failures.get(target) if effect.name == "unfasten" else None
        if waiting:
            self._tags(torque_nm=12.0)
            self.post(Finished(self._later(), effect.id, False, waiting.pop(0), "12 N m reached"))
            return
        if effect.name == "unfasten":
            self.removed.add(target)
        tool = {"tool_number": int(effect.params["tool_number"])} if effect.name == "fit_tool" else {}
        self._tags(**COMMAND_TAGS.get(effect.name, {}), **tool)
        self.post(Finished(self._later(), effect.id, True, values={"torque_nm": self.tags["torque_nm"]}))

    def _look(self, effect: Look) -> None:
        frames = [self._photo() for _ in range(effect.frames)]
        for frame in frames:
            self.writer.frame(frame, effect.id, "overview")
        found = tuple(self.inspector.inspect(frame, effect.pack) for frame in frames)
        self._tags()
        self.post(Looked(self._later(), effect.id, found, fuse(found)))

    def _photo(self) -> Frame:
        self.frames += 1
        image = kit.picture(COLOURS[PACK], seed=self.frames)
        gone = {number: "empty" for number, name in enumerate(self.places) if name in self.removed}
        kit.put_fasteners(image, self.places.values(), gone)
        if self.script.rust:
            image[600:692, 800:1000] = RUST  # not quite half of one cell of the heat map
        encoded = kit.jpeg(image)
        decoded = np.asarray(kit.cv2.imdecode(np.frombuffer(encoded, np.uint8), 1))
        digest = hashlib.sha256(encoded).hexdigest()
        return Frame(decoded, f"overview#{self.frames}", digest, self._later(), self.frames, "ambient", encoded)


def record_run(cell_file: Path, out: Path, script: Script | None = None) -> Stage:
    """Play a run of the cell and record it to ``out``; returns what happened."""
    cell = load_cell(cell_file)
    inspector = Inspector.load(cell, threads=1, clock=ManualClock())
    bare = kit.frame_of(kit.picture(COLOURS[PACK], seed=999))
    places = {f.id: f.center_px for f in inspector.inspect(bare, PACK).fasteners}
    inspector.forget_frames()
    clock = ManualClock(100.0)
    writer = RecordingWriter(out, clock, header_of(cell, out.stem, "0.1.0", inspector.models), max_frames=1000)
    stage = Stage(cell, inspector, writer, clock, script or Script(), places=places)
    try:
        stage.run()
    finally:
        writer.close()
    assert writer.healthy, writer.losses
    return stage


def change_json(path: Path, change: Any) -> None:
    """Load a manifest (which the kit writes as JSON), change it in place, write it back."""
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")
