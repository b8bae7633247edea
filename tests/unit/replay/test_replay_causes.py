"""What is named as the cause: settings with a part in the run, the likeliest first; else whose code it is."""

from __future__ import annotations

from typing import Any

from delid.replay._addresses import Settings
from delid.replay._causes import causes
from delid.replay._compare import Difference

SEEN = Difference("decision", "b/seen_empty", "15 seen empty", "16 seen empty")
PLANNED = Difference("decision", "plan", "b/lid.02", "b/lid.01")
BEFORE = {"cell/demo": {"title": "one", "limits": {"gas_ppm": 50}}, "model/kind": {"thresholds": {"sure": 0.89}}}


def named(found: Difference, now: dict[str, Any]) -> tuple[str, ...]:
    return causes([found], Settings.of(BEFORE | now), Settings.of(BEFORE))


def test_where_things_are_kept_is_no_cause():
    ledger = {"cell/demo": {**BEFORE["cell/demo"], "title": "another", "ledger": {"site": "yard"}, "runs": "/var/runs"}}
    (words,) = named(PLANNED, ledger)
    assert words == "code: configuration and models are the same as before, so it is the planner"


def test_of_a_decision_how_sure_a_model_must_be_stands_before_the_cell():
    now = {"cell/demo": {"title": "one", "limits": {"gas_ppm": 60}}, "model/kind": {"thresholds": {"sure": 0.91}}}
    assert named(SEEN, now) == (
        "model/kind:thresholds.sure: 0.91; before: 0.89",
        "cell/demo:limits.gas_ppm: 60; before: 50",
    )
