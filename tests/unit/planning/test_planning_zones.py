"""Keep-out zones: what is passed over, what is gone around, and what is refused."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_plans import keys, plan_of, step
from pydantic import ValidationError

from delid.config import KeepOut
from delid.core import AskAct, KeepOutArea, MoveAct, PlanningError
from delid.planning._zones import Level, square, standing, way_mm

POST = KeepOutArea("post", ((100.0, -50.0), (200.0, -50.0), (200.0, 50.0), (100.0, 50.0)))


def enters(area, reach, a, b, samples=400):
    """Whether the straight way comes nearer to the area's box than ``reach`` (a square about the tool)."""
    xs, ys = [p[0] for p in area.outline_mm], [p[1] for p in area.outline_mm]
    for t in np.linspace(0, 1, samples):
        x, y = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
        if min(xs) - reach + 0.01 < x < max(xs) + reach - 0.01 and min(ys) - reach + 0.01 < y < max(ys) + reach - 0.01:
            return True
    return False


def test_a_free_way_is_straight():
    level = Level([POST], square(10))
    assert level.way((0.0, 100.0), (300.0, 100.0)) == []
    assert Level([], square(10)).way((0.0, 0.0), (300.0, 0.0)) == []


def test_the_way_around_passes_the_corners_of_the_nearer_side():
    level = Level([POST], square(10))
    corners = level.way((0.0, 20.0), (300.0, 20.0))
    assert corners == [pytest.approx((90, 60), abs=0.02), pytest.approx((210, 60), abs=0.02)]
    whole = [(0.0, 20.0), *corners, (300.0, 20.0)]
    assert not any(enters(POST, 10, a, b) for a, b in itertools.pairwise(whole))


def test_a_place_inside_is_told_and_there_is_no_way_out_of_it():
    level = Level([POST], square(10))
    assert (level.zone_at((95.0, 0.0)), level.zone_at((85.0, 0.0))) == ("post", "")
    assert level.way((95.0, 0.0), (300.0, 0.0)) is None
    assert math.isinf(level.lengths_mm([(95.0, 0.0), (300.0, 0.0)])[0, 1])


BOXES = st.lists(
    st.tuples(st.floats(-500, 500), st.floats(-500, 500), st.floats(10, 200), st.floats(10, 200)), max_size=5
)
SPOT = st.tuples(st.floats(-900, 900), st.floats(-900, 900))


@settings(max_examples=40, deadline=None)
@given(BOXES, SPOT, SPOT)
def test_no_way_enters_a_zone_and_the_table_of_lengths_says_the_same(boxes, begin, end):
    areas = [
        KeepOutArea(str(n), ((x, y), (x + w, y), (x + w, y + d), (x, y + d))) for n, (x, y, w, d) in enumerate(boxes)
    ]
    level = Level(areas, square(15))
    length = level.lengths_mm([begin, end])[0, 1]
    corners = level.way(begin, end)
    if corners is None:
        assert math.isinf(length)
        return
    whole = [begin, *corners, end]
    for a, b in itertools.pairwise(whole):
        assert not any(enters(area, 15, a, b) for area in areas)
    assert length == pytest.approx(way_mm(begin, corners, end), abs=0.01)
    assert length >= math.dist(begin, end) - 0.01


def test_the_height_of_a_zone_decides():
    low, high = KeepOutArea("low", POST.outline_mm, 100.0), KeepOutArea("high", POST.outline_mm, 300.0)
    assert [a.name for a in standing([low, high, POST], 200.0)] == ["high", "post"]


@pytest.mark.parametrize(
    ("outline", "words"),
    [
        ([(0, 0), (10, 0), (20, 0)], "no area"),
        ([(0, 0), (100, 0), (50, 20), (100, 100), (0, 100)], "not convex"),
    ],
)
def test_an_outline_that_is_no_convex_area_is_refused(outline, words):
    with pytest.raises(ValidationError, match=words):
        KeepOut(id="z", outline_mm=outline)


def test_an_outline_may_be_given_either_way_round():
    outline = KeepOut(id="z", outline_mm=[(0, 0), (0, 10), (10, 10), (10, 0)]).outline_mm
    assert outline == [(0, 0), (10, 0), (10, 10), (0, 10)]


# --- in plans -----------------------------------------------------------------------------------------------------


def mast(x, y, top=None, size=60.0):
    return KeepOut(id="mast", outline_mm=[(x, y), (x + size, y), (x + size, y + size), (x, y + size)], top_mm=top)


def travel(plan):
    """Pairs of places between which the robot travels level."""
    here, pairs = (10.0, 10.0, -10.0), []
    for one in plan.steps:
        for act in one.acts:
            if isinstance(act, MoveAct):
                if min(here[2], act.to_mm[2]) >= -20:
                    pairs.append((here[:2], act.to_mm[:2]))
                here = act.to_mm
    return pairs


def test_a_plan_goes_around_a_mast_and_over_a_low_box(cell, cell_with, assessment):
    zone = mast(2080.0, 150.0)  # between the tools' docks and the pack
    area = KeepOutArea("mast", tuple(zone.outline_mm))
    assert any(enters(area, 40, a, b) for a, b in travel(plan_of(cell, assessment, "vw-meb-82/standard")))
    around = plan_of(cell_with(keep_out=[zone]), assessment, "vw-meb-82/standard")
    assert not any(enters(area, 39.9, a, b) for a, b in travel(around))
    assert around.keep_out[0].name == "mast"
    assert any(act.via for one in around.steps for act in one.acts if isinstance(act, MoveAct))
    low = plan_of(cell_with(keep_out=[mast(2080.0, 150.0, top=-300.0)]), assessment, "vw-meb-82/standard")
    assert not any(act.via for one in low.steps for act in one.acts if isinstance(act, MoveAct))


def test_a_part_that_is_carried_needs_more_room_than_the_tool(cell, cell_with, assessment):
    beside = mast(1500.0, 500.0)  # the tool passes it between the bolts, the lid cannot
    with pytest.raises(PlanningError, match=r"set_lid_down: There is no way .* keep-out zones mast.*planning\.zone"):
        plan_of(cell_with(keep_out=[beside]), assessment, "vw-meb-82/standard")


def test_a_fastener_inside_a_zone_goes_to_a_person(cell, cell_with, assessment):
    x, y = 1100 - 833.9, 850 - 703
    clamp = mast(x - 30, y - 30, top=-440.0)  # 20 mm above the lid's face
    plan = plan_of(cell_with(keep_out=[clamp]), assessment, "vw-meb-82/standard")
    assert "lid_bolts/lid.01" not in keys(plan)
    asked = next(act for act in step(plan, "lid_bolts/by_hand").acts if isinstance(act, AskAct))
    assert "lid.01 (inside the keep-out zone mast)" in asked.text
    under = plan_of(cell_with(keep_out=[mast(x - 30, y - 30, top=-470.0)]), assessment, "vw-meb-82/standard")
    assert "lid_bolts/lid.01" in keys(under), "a clamp that ends below the lid's face is in nobody's way"


def test_a_zone_of_the_pack_stands_where_the_pack_stands(cell, cell_with, assessment):
    pack = cell.packs["vw-meb-82"]
    zone = KeepOut(id="plug", outline_mm=[(-850, -720), (-820, -720), (-820, -690), (-850, -690)], top_mm=25)
    marked = cell_with(fixture={"rotation_deg": 0.0})
    marked = type(marked)(
        **{
            **{f: getattr(marked, f) for f in marked.__dataclass_fields__},
            "packs": {**cell.packs, "vw-meb-82": pack.model_copy(update={"keep_out": [zone]})},
        }
    )
    plan = plan_of(marked, assessment, "vw-meb-82/standard")
    area = plan.keep_out[0]
    assert (area.name, area.of_pack, area.top_mm) == ("plug", True, -435.0)
    assert area.outline_mm[0] == pytest.approx((250, 130))
    assert "lid_bolts/lid.01" not in keys(plan)
