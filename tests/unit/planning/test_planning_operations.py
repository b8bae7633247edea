"""Operations that the demo recipes do not use, and everything that cannot be done."""

from dataclasses import replace

import pytest
from planning_plans import step

from delid.config import Tool
from delid.core import (
    AskAct,
    CommandAct,
    MoveAct,
    PlanningError,
)
from delid.planning import decide, make_plan

CUTTER = {"saw": {"number": 9, "kind": "cutter", "length_mm": 190, "dock_mm": (2300, 950, -200)}}
CUT = "  - {id: seam, do: cut, tool: saw, path_mm: [[-500, 0], [0, 0], [0, 200]], depth_mm: 4, feed_mm_s: 15}\n"


def with_cutter(cell, cell_with):
    return cell_with(tools=cell.spec.tools | {name: Tool.model_validate(t) for name, t in CUTTER.items()})


def test_a_cut_follows_its_path_at_its_depth_and_feed(cell, cell_with, assessment, recipe_of):
    own = with_cutter(cell, cell_with)
    plan = make_plan(recipe_of(CUT), own, own.packs["vw-meb-82"], assessment(), {})
    cut = step(plan, "seam")
    deep = -460 + 190 - 4
    slow = [a.to_mm for a in cut.acts if isinstance(a, MoveAct) and a.feed_mm_s == 15]
    assert slow == [(600, 850, deep), (1100, 850, deep), (1100, 1050, deep)]
    assert cut.contact
    assert cut.acts[-1].to_mm[2] == -20


def test_a_cut_without_a_cutter_is_an_error(cell, assessment, recipe_of):
    with pytest.raises(PlanningError, match="needs the tool 'saw'"):
        make_plan(recipe_of(CUT), cell, cell.packs["vw-meb-82"], assessment(), {})
    with pytest.raises(PlanningError, match="of the kind cutter; 'vacuum' is a vacuum"):
        make_plan(recipe_of(CUT.replace("saw", "vacuum")), cell, cell.packs["vw-meb-82"], assessment(), {})


def test_a_feed_over_the_limit_is_an_error(cell, cell_with, assessment, recipe_of):
    own = with_cutter(cell, cell_with)
    with pytest.raises(PlanningError, match=r"feed = 700\.0 mm/s, outside the limits 0\.\.600"):
        make_plan(recipe_of(CUT.replace("15", "700")), own, own.packs["vw-meb-82"], assessment(), {})


def test_drain_and_seal_ask_a_person_and_drain_runs_the_suction(cell, assessment, recipe_of):
    operations = (
        "  - {id: empty_it, do: drain, connector: hv, within_s: 90}\n"
        "  - {id: close_it, do: seal, after: [empty_it], connector: hv}\n"
    )
    plan = make_plan(recipe_of(operations), cell, cell.packs["vw-meb-82"], assessment(), {})
    drain, seal = plan.steps
    assert [type(a) for a in drain.acts] == [AskAct, CommandAct]
    assert drain.acts[1] == CommandAct("drain", {}, 90.0)
    assert drain.contact
    assert [type(a) for a in seal.acts] == [AskAct]


BOLTS = "  - {id: bolts, do: unfasten, targets: {group: lid}, tool: socket_10, torque_nm: 9}\n"
LIFT = "  - {id: lift, do: lift, tool: vacuum}\n"
PLACE = "  - {id: set_down, do: place, after: [lift], tool: vacuum, to: lid_rack}\n"


@pytest.mark.parametrize(
    ("operations", "pack", "words"),
    [
        (LIFT + BOLTS, "vw-meb-82", "would change the tool while it carries the lid"),
        (LIFT, "vw-meb-82", "ends while the robot carries the lid"),
        (PLACE.replace("[lift]", "[]"), "vw-meb-82", "sets down the lid, which nothing has lifted"),
        (LIFT + PLACE.replace("lid_rack", "shelf"), "vw-meb-82", "at 'shelf'; the cell has lid_rack, module_tray"),
        (BOLTS.replace("group: lid", "group: tray"), "vw-meb-82", "names the group 'tray'"),
        ("  - {id: m, do: pick, tool: gripper, to: module_tray}\n", "byd-blade", "cell-to-pack and has none"),
        ("  - {id: d, do: disconnect, connector: lv}\n", "byd-blade", "the connector 'lv'"),
        (BOLTS, None, "needs to know the pack"),
    ],
)
def test_what_cannot_be_done_is_an_error_with_the_step(cell, assessment, recipe_of, operations, pack, words):
    with pytest.raises(PlanningError, match=words) as caught:
        make_plan(recipe_of(operations), cell, cell.packs.get(pack or ""), assessment(pack), {})
    assert caught.value.code.startswith("planning.")
    assert caught.value.hint


def test_a_command_that_the_register_map_lacks_is_an_error(cell, assessment):
    less = {k: v for k, v in cell.plc_map.commands.items() if k != "unfasten"}
    poor = replace(cell, plc_map=cell.plc_map.model_copy(update={"commands": less}))
    with pytest.raises(PlanningError, match=r"command 'unfasten'.*planning\.command"):
        decide(assessment(), poor, {})


def test_impact_without_such_a_tool_is_an_error(cell, cell_with, assessment):
    poor = cell_with(tools={k: v for k, v in cell.spec.tools.items() if k != "impact_10"})
    with pytest.raises(PlanningError, match=r"planning\.impact"):
        decide(assessment(), poor, {})


def test_a_travel_height_that_does_not_clear_the_lid_is_an_error(cell_with, assessment):
    with pytest.raises(PlanningError, match=r"passes at z = -435\.0 mm.*planning\.clearance"):
        decide(assessment(), cell_with(motion={"safe_z_mm": -255.0}), {})
