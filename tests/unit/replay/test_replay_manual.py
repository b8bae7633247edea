"""A session in the mode manual, recorded and replayed: pressed, held, let go; the dead man; a step in maintenance."""

from __future__ import annotations

from pathlib import Path

import pytest

from delid.config import Cell, load_cell
from delid.core import (
    UNAWAITED,
    Command,
    DoMotion,
    Event,
    Finished,
    HoldJog,
    Jog,
    JogHeld,
    JogPressed,
    JogReleased,
    LinkChanged,
    ManualClock,
    Mode,
    ModeSelected,
    MotionReported,
    MotionState,
    MotionVerb,
    OperatorCommanded,
    Record,
    Started,
    State,
    TagsRead,
    Wire,
)
from delid.engine import initial, step
from delid.journal import Recording, RecordingWriter, header_of, read_recording
from delid.replay import recorded_wire_differences, replay_twice

TAGS = {
    "estop_ok": True, "guard_closed": True, "extraction_on": True, "clamp_closed": True, "motion_permitted": True,
    "watchdog_ok": True, "smoke": False, "quench_on": False, "pack_voltage_v": 5.0, "isolation_ohm_per_v": 900.0,
    "pack_temperature_c": 20.0, "gas_ppm": 1, "tool_number": 0, "vacuum_ok": False, "grip_ok": False,
}  # fmt: skip


class NoEyes:
    models: dict[str, str] = {}
    min_fastener_confidence = 0.6

    def forget_frames(self) -> None: ...


class Session:
    """The reducer with a recording; every effect is answered at once, a jog when it is let go."""

    def __init__(self, cell: Cell, path: Path) -> None:
        self.clock, self.path = ManualClock(), path
        self.state = initial(cell, 0.0, 0.6)
        self.writer = RecordingWriter(path, self.clock, header_of(cell, "r", "test", {}))

    def take(self, *events: Event) -> None:
        for event in events:
            self.writer.event(event)
            self.state, effects = step(self.state, event)
            for effect in effects:
                self.writer.record(effect) if isinstance(effect, Record) else self.writer.effect(effect)
            for effect in effects:
                if isinstance(effect, Jog):
                    self.writer.wire(Wire(event.at_s, "motion", True, b"$J=G21G90G53X5.000F3000.0\n", effect.id))
                elif isinstance(effect, HoldJog) and effect.held_at_s is None:
                    self.take(Finished(event.at_s, effect.jog, True, values={"x_mm": 42.0}))
                elif not isinstance(effect, UNAWAITED):
                    if isinstance(effect, DoMotion) and effect.verb is MotionVerb.HOME:
                        self.take(MotionReported(event.at_s, MotionState.IDLE, (1.0, 1.0, -1.0), True))
                    self.take(Finished(event.at_s, effect.id, True))

    def person(self, at_s: float, command: Command) -> None:
        self.take(OperatorCommanded(at_s, command, "Ann"))

    def begin(self, mode: Mode) -> None:
        self.take(
            Started(0.0, mode=mode), LinkChanged(0.1, "plc", True, ack_seq=0), LinkChanged(0.1, "motion", True),
            TagsRead(0.1, TAGS), MotionReported(0.1, MotionState.IDLE, (0.0, 0.0, 0.0), False),
        )  # fmt: skip


@pytest.fixture
def cell(repository: Path) -> Cell:
    return load_cell(repository / "cell_configs/cells/demo.yaml")


def recorded(session: Session) -> Recording:
    session.writer.close()
    return read_recording(session.path)


def test_a_manual_session_replays_to_the_same_records(cell: Cell, tmp_path: Path) -> None:
    session = Session(cell, tmp_path / "manual.mcap")
    session.begin(Mode.PRODUCTION)
    session.take(ModeSelected(0.2, Mode.MANUAL, "Ann"))
    session.person(0.3, Command.RESET)
    session.person(0.4, Command.START)
    assert session.state.packml is State.EXECUTE
    session.take(JogPressed(0.5, "p1", "x", True, "Ann"), JogHeld(0.6, "p1"), JogHeld(0.7, "p1"))
    session.take(JogReleased(0.8, "p1"))
    session.take(JogPressed(0.9, "p2", "z", False, "Ann", 10.0), JogHeld(1.0, "p2"), TagsRead(1.4, TAGS))
    session.person(1.5, Command.STOP)
    recording = recorded(session)
    assert [r.data["cause"] for r in recording.records if r.kind == "jog_end"] == ["let go", "no hold signal for 0.3 s"]
    assert len([e for e in recording.events if isinstance(e, JogHeld)]) == 3
    _, outcome = replay_twice(recording, cell, NoEyes())  # type: ignore[arg-type]
    assert list(outcome.records) == list(recording.records)
    assert outcome.unanswered == ()
    assert not [d for d in recorded_wire_differences(recording, outcome) if "jog" in str(d)]


def test_a_recording_that_begins_in_another_mode_knows_it(cell: Cell, tmp_path: Path) -> None:
    """The second run of a process begins with what is known, and that has the mode."""
    session = Session(cell, tmp_path / "second.mcap")
    session.begin(Mode.MANUAL)
    session.person(0.3, Command.RESET)
    session.person(0.4, Command.START)
    session.take(JogPressed(0.5, "p1", "y", True, "Ann"), JogReleased(0.6, "p1"))
    recording = recorded(session)
    assert recording.events[0] == Started(0.0, mode=Mode.MANUAL)
    _, outcome = replay_twice(recording, cell, NoEyes())  # type: ignore[arg-type]
    assert list(outcome.records) == list(recording.records)
    assert [r.data["accepted"] for r in outcome.records if r.kind == "jog"] == [True]
