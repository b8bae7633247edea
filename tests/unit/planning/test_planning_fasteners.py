"""What becomes of fasteners as they were seen, and where they are."""

import pytest
from planning_plans import keys, numbered, step

from delid.planning import decide


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
