"""Which fasteners get a fine look, and the acts that take it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from delid.config import Camera, Cell, Recipe
from delid.core import (
    AskAct,
    Assessment,
    CommandAct,
    Fastener,
    FastenerKind,
    LocateAct,
    MoveAct,
    Plan,
    PlanningError,
    Step,
)
from delid.planning import Start, make_plan
from looks_kit import TOOL_CAMERA

LOOSEN = """\
  - id: bolts
    do: unfasten
    targets: {group: lid, kinds: [bolt]}
    tool: socket_10
    torque_nm: 12
    verify: [torque_released]
    on_failure: {seized: [impact, ask]}
"""
LID_01 = (266.1, 147.0)
LID_Z = -460.0


@pytest.fixture
def fine_cell(cell: Cell) -> Cell:
    """The demonstration cell with a camera at the tool."""
    return with_camera(cell, Camera.model_validate(TOOL_CAMERA))


def with_camera(cell: Cell, camera: Camera) -> Cell:
    return replace(cell, spec=cell.spec.model_copy(update={"cameras": [cell.spec.cameras[0], camera]}))


def seen(
    uncertainty_mm: float | None, kind: str = "bolt", confidence: float = 0.95, off: tuple[float, float] = (0.0, 0.0)
) -> Fastener:
    at = (LID_01[0] + off[0], LID_01[1] + off[1])
    return Fastener("lid.01", FastenerKind(kind), (0.0, 0.0), at, confidence, uncertainty_mm)


@pytest.fixture
def plan_of(recipe_of: Callable[..., Recipe], assessment: Callable[..., Assessment]) -> Callable[..., Plan]:
    def plan(cell: Cell, *fasteners: Fastener, sure: float = 0.0) -> Plan:
        found = assessment(fasteners=fasteners)
        return make_plan(recipe_of(LOOSEN), cell, cell.packs["vw-meb-82"], found, {}, Start(sure_confidence=sure))

    return plan


def step_of(plan: Plan, target: str) -> Step:
    return next(s for s in plan.steps if s.targets == (target,))


def test_what_is_known_well_enough_is_approached_where_it_was_measured(fine_cell: Cell, plan_of) -> None:
    step = step_of(plan_of(fine_cell, seen(2.0, off=(3.0, -4.0))), "lid.01")
    assert not [a for a in step.acts if isinstance(a, LocateAct)]
    moves = [a for a in step.acts if isinstance(a, MoveAct)]
    assert {m.to_mm[:2] for m in moves} == {(269.1, 143.0)}
    assert {m.target for m in moves} == {None}


def test_what_is_known_too_roughly_is_looked_at_first(fine_cell: Cell, plan_of) -> None:
    plan = plan_of(fine_cell, seen(2.1, off=(3.0, -4.0)))
    step = step_of(plan, "lid.01")
    kinds = [type(a).__name__ for a in step.acts]
    assert kinds == ["MoveAct", "MoveAct", "LocateAct", "MoveAct", *["MoveAct"] * 3, "CommandAct", "MoveAct"]
    high, low, look, up, *work = step.acts
    assert isinstance(look, LocateAct)
    assert look == LocateAct("lid.01", (269.1, 143.0, LID_Z), 8.0, 0.2)
    # 60 mm beside the camera; 240 mm under its eye, which is 30 mm below the flange
    assert (high.to_mm, low.to_mm, up.to_mm) == ((209.1, 143, -20), (209.1, 143, LID_Z + 240 + 30), (209.1, 143, -20))
    assert [a.target for a in (high, low, up)] == [None] * 3
    moves = [a for a in work if isinstance(a, MoveAct)]
    assert [a.target for a in moves] == ["lid.01"] * 4
    assert [a.to_mm for a in moves] == [(269.1, 143, z) for z in (-20, -250, -280, -20)]
    others = [s for s in plan.steps if s.targets and s.targets != ("lid.01",)]
    assert others
    assert not [a for s in others for a in s.acts if isinstance(a, LocateAct)], "nobody asked for more looks"


def test_the_impact_tool_follows_what_was_found_and_its_dock_does_not(fine_cell: Cell, plan_of) -> None:
    step = step_of(plan_of(fine_cell, seen(3.0)), "lid.01")
    moves = [a for a in step.alternative if isinstance(a, MoveAct)]
    over = [a for a in moves if math.dist(a.to_mm[:2], LID_01) < 0.1]
    assert over
    assert {a.target for a in over} == {"lid.01"}
    assert {a.target for a in moves if a not in over} == {None}
    assert any(isinstance(a, CommandAct) and a.params.get("impact") == 1.0 for a in step.alternative)


def test_without_a_tool_camera_a_person_takes_what_is_known_too_roughly(cell: Cell, plan_of) -> None:
    plan = plan_of(cell, seen(2.6))
    assert not [s for s in plan.steps if s.targets == ("lid.01",) and s.key.endswith("lid.01")]
    asked = next(s for s in plan.steps if s.key.endswith("by_hand"))
    question = asked.acts[-1]
    assert isinstance(question, AskAct)
    assert "lid.01 (its place is known to 2.6 mm only)" in question.text


def test_without_an_uncertainty_everything_is_as_it_was(cell: Cell, fine_cell: Cell, plan_of) -> None:
    assert plan_of(fine_cell, seen(None)) == plan_of(cell, seen(None))
    assert plan_of(fine_cell) == plan_of(cell)


def test_of_a_doubtful_fastener_the_place_counts_and_the_kind_does_not(fine_cell: Cell, plan_of) -> None:
    for kind in ("empty", "stripped", "bolt"):
        doubtful = seen(0.8, kind, confidence=0.4, off=(1.5, 0.0))
        step = step_of(plan_of(fine_cell, doubtful, sure=0.6), "lid.01")
        assert step.at_mm == (267.6, 147.0, -280.0)


def test_a_hole_that_seems_empty_is_looked_at_closely_before_it_is_left_out(
    fine_cell: Cell, cell: Cell, plan_of
) -> None:
    gone = seen(0.8, "empty", confidence=0.7)
    step = step_of(plan_of(fine_cell, gone, sure=0.6), "lid.01")
    assert [a for a in step.acts if isinstance(a, LocateAct)]
    without = plan_of(cell, gone, sure=0.6)
    assert not [s for s in without.steps if s.targets == ("lid.01",)], "without a camera at the tool it is believed"


def test_a_camera_that_would_bring_the_tool_too_near_is_refused(cell: Cell, plan_of) -> None:
    low = TOOL_CAMERA | {"fine_look": {"standoff_mm": 170}}
    with pytest.raises(PlanningError) as caught:
        plan_of(with_camera(cell, Camera.model_validate(low)), seen(3.0))
    assert caught.value.code == "planning.clearance"
    assert "standoff_mm" in caught.value.hint
    high = TOOL_CAMERA | {"fine_look": {"standoff_mm": 500}}
    with pytest.raises(PlanningError) as caught:
        plan_of(with_camera(cell, Camera.model_validate(high)), seen(3.0))
    assert caught.value.code == "planning.reach"
