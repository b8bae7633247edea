"""A recorded run replayed: the same decisions and bytes, twice, without socket, thread or clock."""

from __future__ import annotations

import asyncio
import re
import socket
import threading

import pytest
import replay_kit as kit
from staged_kit import RECIPE, run

from delid.config import load_cell
from delid.core import Decide, Decided, HealthReport, PackReport, Route, to_plain
from delid.journal import read_recording
from delid.replay import recorded_wire_differences, replay, replay_twice, seams_of
from delid.vision import Inspector


def test_an_untouched_recording_makes_the_same_decisions(staged):
    folder, stage = staged
    outcome = replay(read_recording(folder / "run.mcap"), stage.cell, stage.inspector)
    assert [to_plain(r) for r in outcome.records] == [to_plain(r) for r in stage.records]
    assert outcome.unanswered == ()
    assert stage.state.outcome == "dismantled"
    assert {"failure", "question", "seen"} <= {r.kind for r in outcome.records}, "the run has something to it"


def test_an_untouched_recording_sends_the_recorded_bytes(staged):
    folder, stage = staged
    recording = read_recording(folder / "run.mcap")
    outcome = replay(recording, stage.cell, stage.inspector)
    sent: dict[str, bytes] = {}
    for wire in stage.sent:
        sent[wire.id] = sent.get(wire.id, b"") + wire.data
    assert {s.id: s.data for s in outcome.wires if s.meaning != "enable"} == sent
    assert len(sent) > 150
    assert recorded_wire_differences(recording, outcome) == []


def test_an_untouched_recording_is_equal_to_its_reference(site):
    result = run()
    assert result.exit_code == 0, result.output
    assert result.output == "run: equal (2 frames, 31 steps)\n"


def test_replay_opens_no_socket_and_starts_no_thread_or_loop(staged, monkeypatch):
    folder, stage = staged
    recording = read_recording(folder / "run.mcap")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("replay must not do this")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(asyncio, "new_event_loop", refuse)
    replay_twice(recording, stage.cell, stage.inspector)


def test_what_a_person_told_of_the_pack_is_recorded_and_decides_the_same_in_the_replay(staged, tmp_path):
    folder, _ = staged
    told = PackReport(HealthReport(capacity_ah=60.0, by="kim"), Route.RECYCLING)
    stage = kit.record_run(
        folder / "cell_configs/cells/demo.yaml", tmp_path / "told.mcap", kit.Script(told=told, stop_after_moves=2)
    )
    recording = read_recording(tmp_path / "told.mcap")
    (asked,) = [e for e in recording.effects if isinstance(e, Decide)]
    assert asked.told == told
    (decided,) = [e.decision for e in recording.events if isinstance(e, Decided)]
    assert decided.health is not None
    assert decided.health.state_of_health == pytest.approx(0.9, abs=0.1)
    assert [r.data["accepted"] for r in recording.records if r.kind == "told"] == [True]
    _, outcome = replay_twice(recording, stage.cell, stage.inspector)
    assert [to_plain(r) for r in outcome.records] == [to_plain(r) for r in stage.records]
    assert outcome.unanswered == ()


def test_a_run_that_was_stopped_is_replayed_with_its_stop(staged, tmp_path):
    folder, _ = staged
    script = kit.Script(stop_after_moves=12)
    stage = kit.record_run(folder / "cell_configs/cells/demo.yaml", tmp_path / "stopped.mcap", script)
    recording = read_recording(tmp_path / "stopped.mcap")
    seams, outcome = replay_twice(recording, stage.cell, stage.inspector)
    assert [to_plain(r) for r in outcome.records] == [to_plain(r) for r in stage.records]
    words = [": ".join(line) for line in seams.wire]
    assert any("cancel [10 00 66 00 01 02 00 04]" in line for line in words)
    assert any(re.fullmatch(r"motion stopping\.\d+\.stop: stop \[21 18\]", line) for line in words)
    assert recorded_wire_differences(recording, outcome) == []


def test_the_configuration_in_the_recording_is_the_one_that_was_used(site):
    recording = read_recording("run.mcap")
    assert recording.header.cell_file == "cells/demo.yaml"
    assert recording.header.texts["recipes/nissan-leaf-24-standard.yaml"] == RECIPE.read_text()
    assert not any(name.startswith(("/", "..")) for name in recording.header.texts)


def test_a_second_inspector_judges_the_same(staged):
    """Nothing of a replay hangs on an Inspector that has seen frames before."""
    folder, stage = staged
    recording = read_recording(folder / "run.mcap")
    cell = load_cell(folder / "cell_configs/cells/demo.yaml")
    fresh = seams_of(replay(recording, cell, Inspector.load(cell, threads=1)))
    assert fresh == seams_of(replay(recording, stage.cell, stage.inspector))
