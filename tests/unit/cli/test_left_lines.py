"""The list of a run that broke off, as people read it."""

from __future__ import annotations

import dataclasses

from delid.cli._left_lines import left_lines
from delid.core import RunTrace, StepTrace, Verb, reconcile, to_plain


def bolt(number: int, **known: object) -> StepTrace:
    name = f"lid.{number:02d}"
    return StepTrace(f"p/s/lid_bolts/{name}", f"Loosen {name}", Verb.UNFASTEN, (name,), True, **known)  # type: ignore[arg-type]


def snapshot_of(*steps: StepTrace) -> dict[str, object]:
    trace = RunTrace("r1", "p", "p/s", {s.key: s for s in steps}, {"x#1.2": "unfasten"}, last=steps[-1].key)
    return {"reconciliation": {**to_plain(reconcile(trace)), "settled": False}}


def test_nothing_left_says_nothing():
    assert left_lines({}) == []
    assert left_lines({"reconciliation": None}) == []


def test_each_step_has_a_line_with_a_sign():
    steps = bolt(1, status="done", seen=True), bolt(2, status="begun", sent="unfasten"), bolt(3)
    assert left_lines(snapshot_of(*steps)) == [
        "left by r1, which broke off at 'Loosen lid.03':",
        "  under way: unfasten",
        "  + Loosen lid.01: confirmed by the PLC, and seen empty by the camera",
        "  ? Loosen lid.02: unfasten was sent, and its end is not known",
        "  - Loosen lid.03: not begun",
        "  pack in the cell: not said yet",
    ]


def test_answers_and_what_hangs_are_told():
    lift = StepTrace("p/s/lift", "Lift the lid", Verb.LIFT, (), True, "begun", sent="hold_part")
    state = snapshot_of(lift)
    left = reconcile(RunTrace("r1", "p", "p/s", {lift.key: lift}))
    said = dataclasses.replace(left, same_pack=True).answered("lid", "done")
    told = left_lines({"reconciliation": to_plain(said)})
    assert "  at the tool: lid" in told
    assert told[-2].endswith("(a person: done)")
    assert told[-1] == "  pack in the cell: the same pack"
    assert left_lines(state)[0].startswith("left by r1")
