"""What the journal's reader makes of a run is what the engine knew of it, wherever it breaks off."""

from __future__ import annotations

import json
from pathlib import Path

import harness
import pytest
from harness import World
from test_reconcile import CASES, PLAN, broken_at

from delid.core import LinkChanged, ManualClock, PackState, RunTrace, Started, to_json, to_plain
from delid.engine import step
from delid.engine._turnlog import entry_of, is_kept
from delid.journal import Entry, Journal, find_last, trace_of


def entry(kind: str, data: dict[str, object]) -> Entry:
    return Entry(0, 0.0, 0.0, kind, json.loads(to_json(data)), "")


@pytest.mark.parametrize("row", CASES, ids=[f"{c[0]} {c[1] or 'move'}" for c in CASES])
def test_the_journal_tells_the_same_as_the_engine_after_every_turn(row, monkeypatch: pytest.MonkeyPatch):
    told, traces = [], []

    def noted(state, event):
        after, effects = step(state, event)
        if is_kept(event, effects, journal_up=True):
            told.append(entry("turn", entry_of(event, effects, after)))
        traces.append((len(told), after.leftover.trace))
        return after, effects

    monkeypatch.setattr(harness, "step", noted)
    broken_at(f"p/standard/{row[0]}", row[1])
    assert len(told) >= 10
    for count, trace in traces[:: max(1, len(traces) // 40)]:
        assert trace_of("", told[:count]) == trace


def test_what_was_carried_over_is_read_from_the_begin_of_the_run():
    carried = PackState("p", ("lid.01",), True, ("module.01",), ("p/standard/cut",), "r0")
    known = {"events": [to_plain(Started(1.0, carried=carried), tagged=True)]}
    assert trace_of("r1", [entry("known", known)]) == RunTrace("r1", carried=carried)


def test_entries_of_other_versions_say_nothing():
    strange = [
        entry("known", {}),
        entry("turn", {"event": {"type": "Later", "id": 3}, "effects": [{"type": "Later"}, {"type": "Move"}]}),
        entry("note", {"text": "x"}),
    ]
    assert trace_of("r1", strange) == RunTrace("r1")


def ended_run(folder: Path, outcome: str | None) -> None:
    with Journal(folder / "r1", ManualClock()) as journal:
        journal.append("run_started", {})
        journal.append("turn", {"event": to_plain(LinkChanged(0.0, "plc", True), tagged=True), "effects": []})
        if outcome is not None:
            journal.append("run_ended", {"outcome": outcome})


@pytest.mark.parametrize(
    ("outcome", "ended", "left"),
    [(None, False, True), ("aborted", True, True), ("the process ended", True, True), ("dismantled", True, False),
     ("set aside", True, False)],
)  # fmt: skip
def test_a_run_that_ended_as_it_should_leaves_nothing(tmp_path, outcome, ended, left):
    ended_run(tmp_path, outcome)
    last = find_last(tmp_path)
    assert last is not None
    assert (last.run_id, last.ended, last.left is not None) == ("r1", ended, left)


def test_no_run_leaves_nothing(tmp_path):
    assert find_last(tmp_path) is None


def test_a_world_without_a_run_has_nothing_to_say():
    world = World(PLAN)
    world.connect()
    assert world.state.leftover.trace == RunTrace()
