"""The order of operations: fewer tool changes where ``after`` allows it, else the file's order."""

import itertools
import math
import random

import pytest
from planning_plans import commands, keys

from delid.core import Plan
from delid.planning import decide, path_mm
from delid.planning._graph import ancestors
from delid.planning._rings import spiral
from delid.planning._sequence import best_order
from delid.planning._solver import Job, solve_order
from delid.planning._tour import length, nearest_neighbours, short_path

BOLTS = (
    "  - {{id: {id}, do: unfasten, after: [{after}], targets: {{group: {group}}}, tool: {tool}, torque_nm: 9{more}}}\n"
)
GM = "{packs: [gm-bev-50], hazard: [A, B]}"


def bolts(name, group="lid", tool="socket_10", after="", more=""):
    return BOLTS.format(id=name, group=group, tool=tool, after=after, more=more)


def cut(name, after=""):
    more = "tool: knife, path_mm: [[0, 0], [50, 0]], depth_mm: 2, feed_mm_s: 20"
    return f"  - {{id: {name}, do: cut, after: [{after}], {more}}}\n"


@pytest.fixture
def with_knife(cell, cell_with):
    knife = cell.spec.tools["gripper"].model_copy(update={"kind": "cutter", "number": 5})
    return lambda *recipes: cell_with(*recipes, tools={**cell.spec.tools, "knife": knife})


def plan(cell, assessment, pack="gm-bev-50", readings=None):
    found = decide(assessment(pack), cell, readings or {}).outcome
    assert isinstance(found, Plan), found
    return found


def test_what_needs_the_same_tool_is_done_together(with_knife, recipe_of, assessment):
    operations = cut("a") + bolts("b") + cut("c") + bolts("d", group="hv_disconnect")
    recipe = recipe_of(operations, serves=GM)
    found = plan(with_knife(recipe), assessment)
    assert commands(found.steps).count("fit_tool") == 2
    assert "2 tool changes instead of 4" in found.order_why


def test_nothing_comes_before_what_it_waits_for(with_knife, recipe_of, assessment):
    operations = cut("a") + bolts("b", after="a") + cut("c", after="b") + bolts("d", group="hv_disconnect", after="c")
    recipe = recipe_of(operations, serves=GM)
    found = plan(with_knife(recipe), assessment)
    assert commands(found.steps).count("fit_tool") == 4
    assert found.order_why == ""
    assert [s.operation for s in found.steps if s.key.endswith("fit_tool")] == ["a", "b", "c", "d"]


def test_the_fitted_tool_is_used_first(with_knife, recipe_of, assessment):
    cell = with_knife(recipe_of(cut("a") + bolts("b"), serves=GM))
    assert plan(cell, assessment, readings={"tool_number": 1}).steps[0].operation == "b"
    assert plan(cell, assessment, readings={"tool_number": 5}).steps[0].operation == "a"


def test_between_lifting_and_setting_down_the_robot_does_nothing_else(cell, with_knife, recipe_of):
    operations = (
        "  - {id: up, do: lift, tool: vacuum}\n" + cut("a")
        + "  - {id: look, do: inspect, after: [up]}\n"
        + "  - {id: down, do: place, after: [look], tool: vacuum, to: lid_rack}\n" + bolts("b")
    )  # fmt: skip
    recipe = recipe_of(operations, serves=GM)
    for fitted in (None, "knife", "socket_10"):
        ordered, _ = best_order(recipe.spec, with_knife(recipe), None, fitted)
        names = [o.id for o in ordered]
        between = names[names.index("up") + 1 : names.index("down")]
        assert between == ["look"], fitted


def test_random_graphs_are_ordered_as_well_as_the_best_of_all_orders():
    chance = random.Random(4)
    for _ in range(25):
        count = chance.randrange(2, 7)
        jobs = [Job(frozenset(m for m in range(n) if chance.random() < 0.3)) for n in range(count)]
        costs = [[chance.randrange(1, 30) for _ in range(count)] for _ in range(count + 1)]

        def cost(order, costs=costs):
            return sum(costs[a][b] for a, b in zip([0, *(n + 1 for n in order)], order, strict=False))

        possible = [
            order
            for order in itertools.permutations(range(count))
            if all(order.index(m) < order.index(n) for n in range(count) for m in jobs[n].after)
        ]
        found = solve_order(jobs, costs)
        assert tuple(found) in possible
        assert cost(found) == min(cost(order) for order in possible)
        assert solve_order(jobs, costs) == found


def test_a_solver_that_gives_nothing_leaves_the_order_of_the_file():
    jobs = [Job(frozenset()), Job(frozenset()), Job(frozenset({0}))]
    costs = [[5, 1, 9], [0, 5, 5], [1, 0, 9], [9, 9, 0]]
    assert solve_order(jobs, costs, work_limit=0.0) == [0, 1, 2]
    assert solve_order(jobs, costs) != [0, 1, 2]


def test_one_way_leads_through_two_groups_of_one_tool(cell_with, recipe_of, assessment):
    both = recipe_of(bolts("b") + bolts("d", group="hv_disconnect"), serves=GM)
    found = keys(plan(cell_with(both), assessment))
    order = [key for key in found if "seen_empty" not in key and "fit_tool" not in key]
    groups = [name for name, _ in itertools.groupby(key.split("/")[0] for key in order)]
    assert len(groups) > 2, "the six bolts in the middle are met on the way"
    assert found[-2:] == ["b/seen_empty", "d/seen_empty"]
    apart = recipe_of(bolts("b") + bolts("d", group="hv_disconnect", after="b"), serves=GM)
    one_by_one = plan(cell_with(apart), assessment)
    assert [n for n, _ in itertools.groupby(s.operation for s in one_by_one.steps)] == ["b", "d"]


def test_every_shipped_recipe_keeps_to_its_graph(cell, assessment):
    for recipe in cell.recipes:
        pack = cell.packs.get(recipe.spec.serves.packs[0])
        if pack is None:
            continue
        ordered, _ = best_order(recipe.spec, cell, None, None)
        names = [o.id for o in ordered]
        for n, name in enumerate(names):
            assert ancestors(recipe.spec, name) <= set(names[:n])


# --- tours --------------------------------------------------------------------------------------------------------


def field(count, seed=1):
    chance = random.Random(seed)
    points = [(chance.uniform(0, 1800), chance.uniform(0, 1400)) for _ in range(count)]
    return points, [[round(100 * math.dist(a, b)) for b in points] for a in points]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8])
def test_short_paths_are_the_shortest_of_all_orders(count):
    for seed in range(5):
        _, costs = field(count, seed)
        found = short_path(costs)
        if count > 1:
            assert (found[0], found[-1], sorted(found)) == (0, count - 1, list(range(count)))
        inner = itertools.permutations(range(1, count - 1))
        assert length(costs, found) == min(length(costs, [0, *p, count - 1][:count]) for p in inner)


def test_a_path_through_a_hundred_places_is_far_shorter_than_by_nearest_neighbours_and_always_the_same():
    _, costs = field(100)
    found = short_path(costs)
    assert sorted(found) == list(range(100))
    assert length(costs, found) < 0.9 * length(costs, nearest_neighbours(costs))
    assert short_path(costs) == found
    assert length(costs, short_path(costs, kicks=3000)) >= 0.97 * length(costs, found)


def test_a_spiral_goes_ring_by_ring_from_the_rim_to_the_middle():
    places = {f"g.{n:02d}": at for n, at in enumerate((x, y) for y in range(0, 500, 100) for x in range(0, 500, 100))}
    order = spiral(places)
    assert sorted(order) == sorted(places)
    ring = {name: min(x, y, 400 - x, 400 - y) // 100 for name, (x, y) in places.items()}
    assert [ring[name] for name in order] == [0] * 16 + [1] * 8 + [2]
    assert order[0] == "g.00"
    assert path_mm(order, places, places["g.00"]) == pytest.approx(2400, abs=120)
    wobbly = {name: (x + 3 * (-1) ** n, y) for n, (name, (x, y)) in enumerate(places.items())}
    assert [ring[name] for name in spiral(wobbly)] == [0] * 16 + [1] * 8 + [2], "bolts are never quite in line"
