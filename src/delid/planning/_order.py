"""The order in which fasteners are worked on. The same input gives the same order on every machine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from delid.core import PointMm

SOLUTION_LIMIT = 100
"""Search ends after this many solutions; a limit in seconds would make the order depend on the machine."""

UNITS_PER_MM = 100
"""Distances are whole hundredths of a millimetre for the solver."""


def order_targets(way: str, places: Mapping[str, PointMm], start: PointMm) -> list[str]:
    """Ids of ``places`` (mm, in file order) in the order of work: ``shortest``, ``given`` or ``criss_cross``."""
    if way == "shortest":
        return shortest(places, start)
    if way == "criss_cross":
        return criss_cross(places)
    return list(places)


def path_mm(order: Sequence[str], places: Mapping[str, PointMm], start: PointMm) -> float:
    """Length of the open path from ``start`` through ``order``, in mm."""
    points = [start, *(places[name] for name in order)]
    return sum(math.dist(a, b) for a, b in pairwise(points))


def shortest(places: Mapping[str, PointMm], start: PointMm) -> list[str]:
    """A short open path from ``start`` through all places, never longer than the order given."""
    given = list(places)
    if len(given) < 2:
        return given
    found = _solve([start, *places.values()])
    order = [given[n - 1] for n in found]
    return order if path_mm(order, places, start) < path_mm(given, places, start) else given


def _solve(points: Sequence[PointMm]) -> list[int]:
    """Indices of ``points[1:]`` in the order of an open path from ``points[0]``; its end is free."""
    count = len(points)
    free_end = count  # one more node, at no distance from any other
    manager = pywrapcp.RoutingIndexManager(count + 1, 1, [0], [free_end])
    routing = pywrapcp.RoutingModel(manager)
    matrix = [[round(math.dist(a, b) * UNITS_PER_MM) for b in points] + [0] for a in points]
    matrix.append([0] * (count + 1))
    routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitMatrix(matrix))
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PATH_CHEAPEST_ARC
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.solution_limit = SOLUTION_LIMIT
    parameters.lns_time_limit.seconds = 3600  # no part of the search may end by the clock
    solution = routing.SolveWithParameters(parameters)
    if solution is None:
        return list(range(1, count))
    order: list[int] = []
    index = solution.Value(routing.NextVar(routing.Start(0)))
    while not routing.IsEnd(index):
        order.append(manager.IndexToNode(index))
        index = solution.Value(routing.NextVar(index))
    return order


def criss_cross(places: Mapping[str, PointMm]) -> list[str]:
    """Opposite fasteners one after the other, so that a sealed lid is relieved evenly.

    Places are sorted by their angle about the middle of all places, beginning with the first one given. Then each is
    followed by the one half a turn away, and the pairs themselves are spread over the half turn (bit-reversed count).
    """
    names = list(places)
    if len(names) < 3:
        return names
    middle = (sum(p[0] for p in places.values()) / len(names), sum(p[1] for p in places.values()) / len(names))

    def angle(name: str) -> float:
        x, y = places[name]
        return math.atan2(y - middle[1], x - middle[0])

    first = angle(names[0])
    turned = sorted(names, key=lambda n: (round((angle(n) - first) % math.tau, 9) % round(math.tau, 9), names.index(n)))
    half = (len(turned) + 1) // 2
    order: list[str] = []
    for n in _spread(half):
        order.append(turned[n])
        if n + half < len(turned):
            order.append(turned[n + half])
    return order


def _spread(count: int) -> list[int]:
    """0 .. count - 1, each far from those before it."""
    bits = max(1, (count - 1).bit_length())
    return [n for n in (int(format(k, f"0{bits}b")[::-1], 2) for k in range(2**bits)) if n < count]
