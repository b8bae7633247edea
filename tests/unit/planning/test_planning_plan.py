"""What plans hold: whole plans by their keys, and each operation by its acts."""

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delid.config import Tool
from delid.core import (
    AskAct,
    CommandAct,
    Condition,
    FailureKind,
    Fastener,
    FastenerKind,
    LookAct,
    MoveAct,
    PlanningError,
    Reaction,
    Verb,
    WaitAct,
)
from delid.planning import decide, make_plan, path_mm
from delid.planning._graph import ancestors

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
GOLDEN_MEB = "09 08 07 06 05 04 03 02 01 28 27 26 25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10"
MODULES = "take_modules/module"


def numbered(prefix, count):
    return [f"{prefix}.{n:02d}" for n in range(1, count + 1)]


def bolts(operation, count):
    return [f"{operation}/fit_tool", *numbered(f"{operation}/lid", count), f"{operation}/seen_empty"]


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
    "vw-meb-82/quarantine": ["evidence", "still_cool", "quarantine"],
    "nissan-leaf-24/quarantine": ["evidence", "still_cool", "quarantine"],
    "byd-blade/quarantine": ["evidence", "still_cool", "quarantine"],
    "common/quarantine": ["evidence", "quarantine"],
}  # fmt: skip
"""Keys of every step of whole plans, the fasteners of a group in the order of the pack file."""


def plan_of(cell, assessment, name, readings=None, exclude=()):
    pack, variant = name.split("/")
    damage = {"standard": [], "damaged": [("dent", 0.6)], "quarantine": [("burn", 0.5)]}[variant]
    seen = assessment(None if pack == "common" else pack, damage=damage)
    plan = decide(seen, cell, readings or {}, exclude).outcome
    assert plan.recipe == name
    return plan


def keys(plan):
    return [s.key.removeprefix(plan.recipe + "/") for s in plan.steps]


def step(plan, key):
    return next(s for s in plan.steps if s.key == f"{plan.recipe}/{key}")


def commands(steps):
    return [act.name for s in steps for act in s.acts if isinstance(act, CommandAct)]


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
            assert commands(plan.steps) == ["signal_quarantine"]
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


# --- fasteners as they were seen ------------------------------------------------------------------------------------


def test_holes_seen_empty_are_left_out_but_looked_at_again(cell, assessment, fastener):
    seen = assessment(fasteners=[fastener("lid.02", "empty"), fastener("lid.03")])
    plan = decide(seen, cell, {}).outcome
    assert "lid_bolts/lid.02" not in keys(plan)
    assert "lid_bolts/lid.03" in keys(plan)
    assert len([k for k in keys(plan) if "/lid." in k]) == 27
    assert "lid.02" in step(plan, "lid_bolts/seen_empty").targets


def test_all_holes_empty_needs_no_tool(cell, assessment, fastener):
    seen = assessment(fasteners=[fastener(name, "empty") for name in numbered("lid", 28)])
    found = keys(decide(seen, cell, {}).outcome)
    assert "lid_bolts/fit_tool" not in found
    assert "lid_bolts/seen_empty" in found


def test_stripped_given_up_and_misplaced_fasteners_go_to_a_person_before_the_look(cell, assessment, fastener):
    seen = assessment(fasteners=[fastener("lid.05", "stripped"), fastener("lid.06", center_mm=(700.0, 300.0))])
    plan = decide(seen, cell, {}, exclude=["lid.07"]).outcome
    by_hand = step(plan, "lid_bolts/by_hand")
    assert by_hand.targets == ("lid.05", "lid.06", "lid.07")
    ask = by_hand.acts[-1]
    assert "lid.05 (stripped), lid.06 (seen " in ask.text
    assert "lid.07 (given up)" in ask.text
    assert not by_hand.contact
    found = keys(plan)
    assert not {"lid_bolts/lid.05", "lid_bolts/lid.06", "lid_bolts/lid.07"} & set(found)
    assert found.index("lid_bolts/by_hand") == found.index("lid_bolts/seen_empty") - 1


def test_a_fastener_given_up_that_is_seen_empty_needs_no_person(cell, assessment, fastener):
    seen = assessment(fasteners=[fastener("lid.07", "empty")])
    assert "lid_bolts/by_hand" not in keys(decide(seen, cell, {}, exclude=["lid.07"]).outcome)


def test_a_fastener_is_taken_where_it_was_seen(cell, assessment, fastener):
    seen = assessment(fasteners=[fastener("lid.01", center_mm=(268.0, 145.5))])
    bolt = step(decide(seen, cell, {}).outcome, "lid_bolts/lid.01")
    assert bolt.at_mm == (268.0, 145.5, -280.0)


def test_fasteners_registered_with_another_pack_are_not_used(cell, assessment, fastener):
    seen = assessment("nissan-leaf-24", fasteners=[fastener("lid.01", "empty")])
    assert "lid_bolts/lid.01" in keys(decide(seen, cell, {}, assume_pack="vw-meb-82").outcome)


def test_a_turned_fixture_turns_the_places(cell, cell_with, assessment):
    turned = cell_with(fixture={"origin_mm": (1100.0, 950.0, -600.0), "rotation_deg": 90.0})
    bolt = step(decide(assessment(), turned, {}).outcome, "lid_bolts/lid.01")
    assert bolt.at_mm == (1100 + 703, pytest.approx(950 - 833.9), -280)


def test_where_swelling_was_seen_the_approach_begins_higher(cell, assessment):
    plan = decide(assessment(damage=[("swelling", 0.3)]), cell, {}).outcome
    acts = step(plan, "lid_bolts/lid.01").acts
    assert (acts[1].to_mm[2], acts[2].to_mm[2]) == (-200.0, -280.0)


# --- operations that the demo recipes do not use --------------------------------------------------------------------

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


# --- what holds for every plan --------------------------------------------------------------------------------------

KINDS = st.sampled_from(list(FastenerKind))
SEEN = st.dictionaries(st.integers(1, 30), KINDS, max_size=30)
DAMAGE = st.lists(st.tuples(st.sampled_from(["dent", "corrosion", "swelling"]), st.floats(0, 1)), max_size=3)


@settings(max_examples=25, deadline=None)
@given(
    pack=st.sampled_from(["vw-meb-82", "nissan-leaf-24", "byd-blade"]),
    damage=DAMAGE,
    seen=SEEN,
    exclude=st.sets(st.integers(1, 30), max_size=5),
    origin=st.tuples(st.floats(950, 1400), st.floats(760, 1100)),
    tool=st.integers(0, 5),
)
def test_every_plan_keeps_limits_and_order(cell, cell_with, assessment, pack, damage, seen, exclude, origin, tool):
    own = cell_with(fixture={"origin_mm": (*origin, -600.0)})
    fasteners = [Fastener(f"lid.{n:02d}", kind, (0.0, 0.0), None, 0.9) for n, kind in seen.items()]
    given_up = [f"lid.{n:02d}" for n in exclude]
    decision = decide(assessment(pack, damage=damage, fasteners=fasteners), own, {"tool_number": tool}, given_up)
    plan = decision.outcome
    recipe = next(r.spec for r in own.recipes if r.spec.recipe == plan.recipe)
    check_limits(own, plan)
    check_precedence(recipe, plan)
    assert len({s.key for s in plan.steps}) == len(plan.steps)
    worked = {t for s in plan.steps if s.do is Verb.UNFASTEN and s.contact for t in s.targets}
    assert not worked & set(given_up)
    assert not worked & {f.id for f in fasteners if f.kind in (FastenerKind.EMPTY, FastenerKind.STRIPPED)}
    assert (
        plan
        == decide(assessment(pack, damage=damage, fasteners=fasteners), own, {"tool_number": tool}, given_up).outcome
    )


def check_limits(cell, plan):
    limits = cell.spec.motion.limits
    for s in plan.steps:
        for act in (*s.acts, *s.alternative, *s.refit):
            if isinstance(act, MoveAct):
                ranges = (limits.x_mm, limits.y_mm, limits.z_mm)
                assert all(low <= v <= high for v, (low, high) in zip(act.to_mm, ranges, strict=True)), s.key
                assert 0 < act.feed_mm_s <= limits.feed_mm_s
        moves = [a for a in s.acts if isinstance(a, MoveAct)]
        if s.contact:  # so that any step may be repeated, left out or done later
            assert moves[0].to_mm[2] == moves[-1].to_mm[2] == cell.spec.motion.safe_z_mm


def check_precedence(recipe, plan):
    order = [s.operation for s in plan.steps]
    for n, operation in enumerate(order):
        assert not ancestors(recipe, operation) & set(order[n + 1 :]), f"{operation} stands before what it comes after"


def test_the_bolt_order_of_a_plan_is_not_longer_than_the_file_order(cell, assessment):
    for pack in cell.packs:
        plan = plan_of(cell, assessment, f"{pack}/standard")
        at = {s.targets[0]: s.at_mm[:2] for s in plan.steps if s.do is Verb.UNFASTEN and len(s.targets) == 1}
        start = (2300.0, 150.0)
        assert path_mm(list(at), at, start) <= path_mm(sorted(at), at, start)
