"""What runs before did to the same pack is not planned again; checks and a person's work are."""

from __future__ import annotations

import dataclasses

import pytest
from planning_plans import commands, keys, numbered

from delid.core import LookAct, PackState, Plan
from delid.planning import decide

PACK = "nissan-leaf-24"
CHECKS = ["voltage_before", "isolation", "service_disconnect", "voltage_after"]
LID = ["lift_lid/fit_tool", "lift_lid", "set_lid_down"]


@pytest.fixture(scope="module")
def plan(cell, assessment):
    def made(carried: PackState | None, tool: str = "") -> Plan:
        number = cell.spec.tools[tool].number if tool else 0
        outcome = decide(assessment(PACK), cell, {"tool_number": number}, carried=carried).outcome
        assert isinstance(outcome, Plan)
        return outcome

    return made


@pytest.fixture(scope="module")
def bolts(cell) -> list[str]:
    return list(cell.packs[PACK].fastener_ids("lid"))


@pytest.fixture(scope="module")
def modules(cell) -> list[str]:
    return numbered("module", len(cell.packs[PACK].modules.positions_mm))


def test_nothing_carried_over_plans_everything(plan, bolts, modules):
    assert plan(None) == plan(PackState(PACK))
    made = keys(plan(None))
    assert [k for k in made if k.startswith("lid_bolts/lid.")] != []
    assert made[-len(modules) :] == [f"take_modules/{name}" for name in modules]


def test_a_removed_bolt_is_neither_loosened_nor_looked_for(plan, bolts):
    made = plan(PackState(PACK, removed=(bolts[0], bolts[3])))
    assert not {f"lid_bolts/{bolts[0]}", f"lid_bolts/{bolts[3]}"} & set(keys(made))
    looks = [act for step in made.steps for act in step.acts if isinstance(act, LookAct) and act.expect_empty]
    assert [set(look.expect_empty) for look in looks] == [set(bolts) - {bolts[0], bolts[3]}]


def test_with_all_bolts_out_the_lid_is_next_and_no_socket_is_fetched(plan, bolts):
    made = keys(plan(PackState(PACK, removed=tuple(bolts))))
    assert made[: len(CHECKS) + 3] == [*CHECKS, *LID]


def test_with_the_lid_off_only_the_modules_are_left_after_the_checks(plan, bolts, modules):
    made = plan(PackState(PACK, removed=tuple(bolts[:2]), lid_off=True, parts_out=(modules[0],)))
    assert keys(made) == [*CHECKS, "take_modules/fit_tool", *(f"take_modules/{name}" for name in modules[1:])]
    assert commands(made.steps).count("hold_part") == len(modules) - 1


def test_the_gripper_that_is_at_the_flange_is_not_fetched_again(plan, modules):
    made = plan(PackState(PACK, lid_off=True), tool="gripper")
    assert keys(made) == [*CHECKS, *(f"take_modules/{name}" for name in modules)]


def test_with_everything_out_only_the_checks_are_left(plan, modules):
    assert keys(plan(PackState(PACK, lid_off=True, parts_out=tuple(modules)))) == CHECKS


def test_what_is_carried_over_counts_for_a_pack_of_its_model_only(plan):
    assert plan(PackState("vw-meb-82", removed=("lid.01",), lid_off=True)) == plan(None)


def test_a_step_that_is_done_is_not_planned_again(plan):
    """A person's work is asked for again unless it is told to be done."""
    done = PackState(PACK, done=(f"{PACK}/standard/service_disconnect",))
    assert "service_disconnect" not in keys(plan(done))
    assert dataclasses.replace(done, done=()) == PackState(PACK)
