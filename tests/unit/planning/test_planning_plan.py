"""Whole plans by their keys, and the acts of the steps that the demo recipes use."""

import math
import re

import pytest
from planning_plans import commands, keys, numbered, plan_of, step

from delid.core import (
    AskAct,
    CommandAct,
    Condition,
    FailureKind,
    LookAct,
    MoveAct,
    Reaction,
    Verb,
    WaitAct,
)
from delid.planning import make_plan

GOLDEN_BEFORE = ["voltage_before", "isolation", "service_disconnect", "voltage_after"]
GOLDEN_CARE = [
    "look_closely",
    "judge",
    "voltage_before",
    "isolation",
    "temperature",
    "service_disconnect",
    "voltage_after",
]
GOLDEN_LID = ["lift_lid/fit_tool", "lift_lid", "set_lid_down"]
GOLDEN_MEB = "09 08 07 06 05 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 04 03 02 01 28"
MODULES = "take_modules/module"


def bolts(operation, count, group="lid"):
    return [f"{operation}/fit_tool", *numbered(f"{operation}/{group}", count), f"{operation}/seen_empty"]


GOLDEN_HV = [*bolts("hv_bolts", 6, "hv_disconnect"), "hv_unit_off"]
GOLDEN_QUICK = ["quick_plus", "quick_minus", "quick_signal"]

GOLDEN = {
    "vw-meb-82/standard": [
        *GOLDEN_BEFORE, *bolts("lid_bolts", 28), *GOLDEN_LID, "take_modules/fit_tool", *numbered(MODULES, 12),
    ],
    "nissan-leaf-24/standard": [
        *GOLDEN_BEFORE, *bolts("lid_bolts", 18), *GOLDEN_LID, "take_modules/fit_tool", *numbered(MODULES, 3),
    ],
    "byd-blade/standard": [*GOLDEN_BEFORE, *bolts("lid_nuts", 30), *GOLDEN_LID],
    "vw-meb-82/damaged": [
        *GOLDEN_CARE, *bolts("lid_bolts", 28), "before_lifting", *GOLDEN_LID, "modules_by_hand",
    ],
    "nissan-leaf-24/damaged": [
        *GOLDEN_CARE, *bolts("lid_bolts", 18), "before_lifting", *GOLDEN_LID, "modules_by_hand",
    ],
    "byd-blade/damaged": [*GOLDEN_CARE, *bolts("lid_nuts", 30), "before_lifting", *GOLDEN_LID],
    "tesla-model-3/standard": [
        *GOLDEN_BEFORE, *bolts("lid_screws", 53), "seam", *GOLDEN_LID, "modules_are_glued",
    ],
    "tesla-model-3/damaged": [
        *GOLDEN_CARE, *bolts("lid_screws", 53), "seam", "before_lifting", *GOLDEN_LID, "modules_are_glued",
    ],
    "renault-zoe-40/standard": [
        *GOLDEN_BEFORE, *bolts("lid_bolts", 28), *GOLDEN_LID, "take_modules/fit_tool", *numbered(MODULES, 12),
    ],
    "renault-zoe-40/damaged": [
        *GOLDEN_CARE, *bolts("lid_bolts", 28), "before_lifting", *GOLDEN_LID, "modules_by_hand",
    ],
    "gm-bev-50/standard": [
        *GOLDEN_BEFORE, *GOLDEN_HV, *bolts("lid_bolts", 50)[1:], *GOLDEN_LID,
        "take_modules/fit_tool", *numbered(MODULES, 10),
    ],
    "gm-bev-50/damaged": [
        *GOLDEN_CARE, *GOLDEN_HV, *bolts("lid_bolts", 50)[1:], "before_lifting", *GOLDEN_LID, "modules_by_hand",
    ],
    "bus-lfp-box/standard": [
        *GOLDEN_BEFORE[:-1], "wait_15_min", "voltage_after", *GOLDEN_QUICK, *bolts("lid_bolts", 24), *GOLDEN_LID,
        "take_modules/fit_tool", *numbered(MODULES, 4),
    ],
    "bus-lfp-box/damaged": [
        *GOLDEN_CARE[:-1], "wait_15_min", "voltage_after", *GOLDEN_QUICK, *bolts("lid_bolts", 24), "before_lifting",
        *GOLDEN_LID, "modules_by_hand",
    ],
    **{
        f"{pack}/quarantine": ["evidence", "still_cool", "quarantine"]
        for pack in ("vw-meb-82", "nissan-leaf-24", "byd-blade", "tesla-model-3", "renault-zoe-40", "gm-bev-50",
                     "bus-lfp-box")
    },
    "common/quarantine": ["evidence", "quarantine"],
}  # fmt: skip
"""Keys of every step of whole plans, the fasteners of a group in the order of the pack file."""


def test_every_recipe_of_the_demo_cell_has_its_plan_here(cell):
    assert set(GOLDEN) == {r.spec.recipe for r in cell.recipes}


@pytest.mark.parametrize("name", GOLDEN)
def test_whole_plan(cell, assessment, name):
    found = keys(plan_of(cell, assessment, name))
    spots = [n for n, key in enumerate(found) if re.search(r"/lid\.\d\d$", key)]
    if spots:  # the fasteners stand together, in an order of their own
        assert spots == list(range(spots[0], spots[-1] + 1))
        found[spots[0] : spots[-1] + 1] = sorted(found[spots[0] : spots[-1] + 1])
    assert found == GOLDEN[name]


def test_the_bolts_of_the_meb_pack_are_taken_round_the_lid_from_the_tool_dock(cell, assessment):
    found = [k[-2:] for k in keys(plan_of(cell, assessment, "vw-meb-82/standard")) if "/lid." in k]
    assert " ".join(found) == GOLDEN_MEB


@pytest.mark.parametrize("variant", ["standard", "damaged"])
def test_the_gm_cover_is_loosened_in_the_order_of_its_pack_file(cell, assessment, variant):
    found = keys(plan_of(cell, assessment, f"gm-bev-50/{variant}"))
    assert [k for k in found if k.startswith("lid_bolts/lid.")] == numbered("lid_bolts/lid", 50)
    assert found.index("hv_bolts/hv_disconnect.06") < found.index("lid_bolts/lid.01")


def test_the_damaged_recipe_loosens_opposite_bolts(cell, assessment):
    plan = plan_of(cell, assessment, "vw-meb-82/damaged")
    at = [s.at_mm[:2] for s in plan.steps if s.do is Verb.UNFASTEN and len(s.targets) == 1]
    assert len(at) == 28
    for a, b in zip(at[::2], at[1::2], strict=True):
        middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
        assert math.dist(middle, (1100, 850)) < 1


def test_a_bolt_is_loosened_from_above_and_left_upwards(cell, assessment):
    plan = plan_of(cell, assessment, "vw-meb-82/standard")
    bolt = step(plan, "lid_bolts/lid.01")
    x, y = 1100 - 833.9, 850 - 703
    lid_z, tool = -600 + 140, 180
    assert bolt.acts == (
        MoveAct((x, y, -20.0), 500),
        MoveAct((x, y, lid_z + tool + 30.0), 500),
        MoveAct((x, y, lid_z + tool), 60),
        CommandAct("unfasten", {"torque_nm": 12.0, "impact": 0.0}, 20.0),
        MoveAct((x, y, -20.0), 500),
    )
    assert (bolt.contact, bolt.tool, bolt.targets, bolt.title) == (True, "socket_10", ("lid.01",), "Loosen lid.01")
    assert bolt.at_mm == (x, y, lid_z + tool)
    assert bolt.on_failure["seized"] == (Reaction.RETRY, Reaction.IMPACT, Reaction.ASK)


def test_impact_fetches_the_other_tool_and_brings_the_usual_one_back(cell, assessment):
    bolt = step(plan_of(cell, assessment, "vw-meb-82/standard"), "lid_bolts/lid.01")
    done = [(a.name, dict(a.params)) for a in bolt.alternative if isinstance(a, CommandAct)]
    assert done == [
        ("fit_tool", {"tool_number": 2.0}),
        ("unfasten", {"torque_nm": 24.0, "impact": 1.0}),
        ("fit_tool", {"tool_number": 1.0}),
    ]
    above = bolt.acts[0]
    assert bolt.alternative[-1] == above
    assert bolt.alternative[-len(bolt.refit) :] == bolt.refit
    assert [a.params for a in bolt.refit if isinstance(a, CommandAct)] == [{"tool_number": 1.0}]
    contact = min(a.to_mm[2] for a in bolt.alternative if isinstance(a, MoveAct) and a.to_mm[:2] == above.to_mm[:2])
    assert contact == -460 + 200


def test_a_tool_that_can_hit_is_not_changed_for_impact(cell, assessment, recipe_of):
    operations = (
        "  - {id: bolts, do: unfasten, targets: {group: lid}, tool: impact_10, torque_nm: 100,"
        " on_failure: {seized: [impact]}}\n"
    )
    plan = make_plan(recipe_of(operations), cell, cell.packs["vw-meb-82"], assessment(), {})
    bolt = step(plan, "bolts/lid.01")
    assert [(a.name, a.params["torque_nm"]) for a in bolt.alternative if isinstance(a, CommandAct)] == [
        ("unfasten", 120)
    ]
    assert bolt.refit == ()


def test_without_the_reaction_there_is_no_alternative(cell, assessment):
    assert step(plan_of(cell, assessment, "vw-meb-82/damaged"), "lid_bolts/lid.01").alternative == ()


def test_the_tool_that_is_fitted_is_not_fitted_again(cell, assessment):
    plan = plan_of(cell, assessment, "vw-meb-82/standard", {"tool_number": 1})
    assert "lid_bolts/fit_tool" not in keys(plan)
    assert "lift_lid/fit_tool" in keys(plan)


@pytest.mark.parametrize("readings", [{}, {"tool_number": 0}, {"tool_number": 77}])
def test_no_tool_is_assumed(cell, assessment, readings):
    assert "lid_bolts/fit_tool" in keys(plan_of(cell, assessment, "vw-meb-82/standard", readings))


def test_fitting_goes_down_at_the_dock_and_up_again(cell, assessment):
    fit = step(plan_of(cell, assessment, "vw-meb-82/standard"), "lid_bolts/fit_tool")
    assert fit.acts == (
        MoveAct((2300.0, 150.0, -20.0), 500),
        MoveAct((2300.0, 150.0, -200.0), 60),
        CommandAct("fit_tool", {"tool_number": 1.0}, 20.0),
        MoveAct((2300.0, 150.0, -20.0), 500),
    )
    assert not fit.contact


def test_holes_are_looked_at_from_the_park_position(cell, assessment):
    look = step(plan_of(cell, assessment, "byd-blade/standard"), "lid_nuts/seen_empty")
    names = tuple(numbered("lid", 30))
    assert look.acts == (MoveAct((10, 10, -10), 500), LookAct("seen_empty", 3, names))
    assert (look.contact, look.checkpoint, look.targets) == (False, True, names)
    assert look.on_failure["still_seen"] == (Reaction.RETRY, Reaction.ASK)


def test_the_lid_is_carried_before_it_goes_up_and_let_go_on_the_rack(cell, assessment):
    plan = plan_of(cell, assessment, "vw-meb-82/standard")
    lift, place = step(plan, "lift_lid"), step(plan, "set_lid_down")
    down = -460 + 150
    assert lift.acts == (
        MoveAct((1100, 850, -20), 500),
        MoveAct((1100, 850, down + 30), 500),
        MoveAct((1100, 850, down), 60),
        CommandAct("hold_part", {}, 10.0),
        WaitAct(Condition("vacuum_ok", equals=True), 5.0),
        MoveAct((1100, 850, down + 30), 60),
        WaitAct(Condition("carried_kg", above=14.0), 5.0, FailureKind.DROPPED),
        MoveAct((1100, 850, -20), 500),
    )
    assert commands([place]) == ["release_part"]
    assert WaitAct(Condition("vacuum_ok", equals=False), 5.0) in place.acts
    assert MoveAct((300, 1700, -150), 60) in place.acts
    assert place.checkpoint
    assert not lift.checkpoint


def test_modules_go_one_by_one_to_the_tray(cell, assessment):
    plan = plan_of(cell, assessment, "nissan-leaf-24/standard")
    picks = [s for s in plan.steps if s.do is Verb.PICK and s.targets]
    assert [s.targets for s in picks] == [("module.01",), ("module.02",), ("module.03",)]
    assert commands(picks) == ["hold_part", "release_part"] * 3
    assert [s.checkpoint for s in picks] == [False, False, True]
    first = picks[0].acts
    assert MoveAct((1100 - 430, 850 - 280, -600 + 230 + 220), 60) in first
    assert MoveAct((2300, 1600, -350 + 220), 60) in first
    assert WaitAct(Condition("carried_kg", above=30.0), 5.0, FailureKind.DROPPED) in first


def test_a_person_pulls_the_service_disconnect_with_the_robot_out_of_the_way(cell, assessment):
    pull = step(plan_of(cell, assessment, "vw-meb-82/standard"), "service_disconnect")
    (ask,) = pull.acts  # the robot already stands at the park position
    assert isinstance(ask, AskAct)
    assert "service disconnect" in ask.text
    assert (ask.answers, ask.go_on) == (("done", "stop"), ("done",))
    assert pull.at_mm == (300.0, 850.0, -460.0)


def test_quarantine_touches_nothing_signals_and_asks(cell, assessment):
    for name in GOLDEN:
        if name.endswith("/quarantine"):
            plan = plan_of(cell, assessment, name)
            assert commands(plan.steps) == ["signal_quarantine", "open_clamp"]
            assert not any(s.contact or s.tool for s in plan.steps)
            assert not any(isinstance(a, MoveAct) for s in plan.steps for a in s.acts)
            assert isinstance(plan.steps[-1].acts[-1], AskAct)


def test_measure_waits_for_its_condition(cell, assessment):
    measure = step(plan_of(cell, assessment, "vw-meb-82/standard"), "voltage_before")
    assert measure.acts == (WaitAct(Condition("pack_voltage_v", below=60.0), 10.0),)


def test_permissives_and_digest_are_in_the_plan(cell, assessment):
    plan = plan_of(cell, assessment, "vw-meb-82/standard")
    assert [p.describe() for p in plan.permissives] == [
        "guard_closed", "estop_ok", "extraction_on", "clamp_closed", "pack_voltage_v < 60",
    ]  # fmt: skip
    recipe = next(r for r in cell.recipes if r.spec.recipe == plan.recipe)
    assert plan.recipe_sha256 == recipe.sha256
    assert plan.estimate_s == pytest.approx(sum(s.estimate_s for s in plan.steps))
    assert 300 < plan.estimate_s < 900
