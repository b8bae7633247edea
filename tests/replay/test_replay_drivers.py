"""Runs recorded from the real drivers over loopback and a pseudo-terminal, replayed without either."""

from __future__ import annotations

from pathlib import Path

import drivers_kit
import pytest
import replay_kit as kit

from delid.config import load_cell
from delid.core import CancelCommand, Command, Move, State
from delid.journal import Recording, read_journal, read_recording, recorded_traffic
from delid.replay import Outcome, recorded_cell, recorded_wire_differences, replay_twice
from delid.vision import Inspector


def replayed(folder: Path, path: Path) -> tuple[Recording, Outcome]:
    recording = read_recording(path)
    cell = recorded_cell(recording, load_cell(folder / "cell_configs/cells/demo.yaml"))
    _, outcome = replay_twice(recording, cell, Inspector.load(cell, threads=1))
    return recording, outcome


@pytest.mark.slow
async def test_a_whole_run_replays_to_the_same_decisions_and_bytes(tmp_path, monkeypatch):
    kit.build_site(tmp_path)
    paths, state = await drivers_kit.record_with_drivers(tmp_path, monkeypatch)
    path = paths[-1]
    assert (state.packml, state.outcome) == (State.COMPLETE, "dismantled")
    recording, outcome = replayed(tmp_path, path)
    assert list(outcome.records) == list(recording.records)
    assert "failure" in {record.kind for record in outcome.records}
    assert [str(found) for found in recorded_wire_differences(recording, outcome)] == []
    assert outcome.unanswered == ()
    assert {sent.device for sent in outcome.wires} == {"plc", "motion"}
    assert read_journal(path.parent).entries[-1].kind == "run_ended"
    check_traffic(path, recording)


def check_traffic(path: Path, recording: Recording) -> None:
    """Block reads of the PLC and both directions of the serial port, with the bytes of every effect among them."""
    heard = list(recorded_traffic(path))
    plc = [w.data for w in heard if w.device == "plc" and not w.out]
    blocks = [data for data in plc if data[0] in (3, 4)]
    assert len(blocks) > 20
    assert all(data[1] == len(data) - 2 for data in blocks), "a whole block: its count of bytes, and the registers"
    motion = {out: [w.data for w in heard if w.device == "motion" and w.out is out] for out in (True, False)}
    assert b"?" in motion[True]
    assert any(b"MPos:" in data for data in motion[False])
    sent = {(w.device, w.data) for w in heard if w.out}
    assert {(w.device, w.data) for w in recording.wires if w.out} <= sent


@pytest.mark.slow
async def test_a_stopped_run_and_the_reset_after_it_replay_each_from_its_own_recording(tmp_path, monkeypatch):
    kit.build_site(tmp_path)
    moves = 0

    def press(effect) -> Command | None:
        nonlocal moves
        moves += isinstance(effect, Move)
        return Command.STOP if moves == 9 and isinstance(effect, Move) else None

    paths, state = await drivers_kit.record_with_drivers(tmp_path, monkeypatch, press, reset_again=True)
    assert state.packml is State.IDLE
    _, stopped, again = (replayed(tmp_path, path) for path in paths)
    for recording, outcome in (stopped, again):
        assert list(outcome.records) == list(recording.records)
        assert [str(found) for found in recorded_wire_differences(recording, outcome)] == []
    assert any(isinstance(effect, CancelCommand) for effect in stopped[0].effects)
    (reset,) = [sent for sent in again[1].wires if sent.meaning == "reset_faults"]
    assert int.from_bytes(reset.data[-2:], "big") > 1, "numbers go on from the run before"
