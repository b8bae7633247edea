"""The order of fasteners and of operations."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delid.core import PlanningError
from delid.planning import order_targets, path_mm
from delid.planning._graph import ancestors, find_loop, in_order, never_ready

PLACES = st.dictionaries(
    st.sampled_from([f"g.{n:02d}" for n in range(1, 13)]),
    st.tuples(st.floats(-900, 900), st.floats(-700, 700)),
    max_size=12,
)


def lid_places(cell, pack):
    return cell.packs[pack].fastener_places()


@pytest.mark.parametrize("pack", ["vw-meb-82", "nissan-leaf-24", "byd-blade"])
def test_shortest_is_not_longer_than_the_file_order_and_always_the_same(cell, pack):
    places, start = lid_places(cell, pack), (1200.0, -700.0)
    order = order_targets("shortest", places, start)
    assert sorted(order) == sorted(places)
    assert path_mm(order, places, start) < path_mm(list(places), places, start)
    assert all(order_targets("shortest", places, start) == order for _ in range(3))


def test_shortest_untangles_a_shuffled_ring(cell):
    places = lid_places(cell, "vw-meb-82")
    names = list(places)
    shuffled = {n: places[n] for n in names[::3] + names[1::3] + names[2::3]}
    start = places["lid.01"]
    ring = path_mm(names, places, start)
    order = order_targets("shortest", shuffled, start)
    assert path_mm(order, places, start) <= ring < path_mm(list(shuffled), places, start) / 2


def test_shortest_finds_the_best_of_all_orders_of_seven(cell):
    places = dict(list(lid_places(cell, "nissan-leaf-24").items())[::3][:7])
    start = (0.0, 0.0)
    best = min(path_mm(p, places, start) for p in itertools.permutations(places))
    assert path_mm(order_targets("shortest", places, start), places, start) == pytest.approx(best, abs=0.1)


@settings(max_examples=25, deadline=None)
@given(PLACES)
def test_every_order_visits_each_place_once(places):
    for way in ("shortest", "given", "criss_cross"):
        assert sorted(order_targets(way, places, (0.0, 0.0))) == sorted(places)
    assert order_targets("given", places, (0.0, 0.0)) == list(places)
    shortest = order_targets("shortest", places, (0.0, 0.0))
    assert path_mm(shortest, places, (0, 0)) <= path_mm(list(places), places, (0, 0))


@pytest.mark.parametrize("count", [4, 6, 8, 28])
def test_criss_cross_pairs_stand_opposite(count):
    turn = math.tau / count
    places = {f"g.{n:02d}": (math.cos(n * turn) * 500, math.sin(n * turn) * 500) for n in range(count)}
    order = order_targets("criss_cross", places, (0.0, 0.0))
    assert order[0] == "g.00"
    for a, b in zip(order[::2], order[1::2], strict=True):
        assert math.dist(places[a], places[b]) == pytest.approx(1000)


def test_criss_cross_of_eight_is_the_star():
    places = {f"g.{n}": (math.cos(n * math.tau / 8), math.sin(n * math.tau / 8)) for n in range(8)}
    assert order_targets("criss_cross", places, (0, 0)) == ["g.0", "g.4", "g.2", "g.6", "g.1", "g.5", "g.3", "g.7"]


MEASURE = "  - {{id: {id}, do: measure, after: [{after}], check: guard_closed}}\n"


def graph(recipe_of, **after):
    return recipe_of("".join(MEASURE.format(id=name, after=names) for name, names in after.items())).spec


def test_operations_stand_behind_what_they_come_after_and_else_in_file_order(recipe_of):
    spec = graph(recipe_of, c="a", b="", a="", d="c, b")
    assert [o.id for o in in_order(spec)] == ["b", "a", "c", "d"]
    assert ancestors(spec, "d") == {"a", "b", "c"}
    assert find_loop(spec) == []
    assert never_ready(spec) == []


def test_a_loop_is_named(recipe_of):
    spec = graph(recipe_of, start="", a="start, c", b="a", c="b", after_loop="c")
    assert find_loop(spec) == ["a", "c", "b", "a"]
    assert never_ready(spec) == ["a", "b", "c", "after_loop"]
    assert ancestors(spec, "a") == {"start", "a", "b", "c"}
    with pytest.raises(PlanningError, match=r"a -> c -> b -> a\. .*\[planning\.cycle\]"):
        in_order(spec)


def test_an_operation_may_not_come_after_one_that_is_not_there(recipe_of):
    with pytest.raises(PlanningError, match=r"'b' comes after 'x'.*planning\.unknown_after"):
        in_order(graph(recipe_of, a="", b="x"))
