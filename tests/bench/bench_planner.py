"""What the planner costs and how good its tours are: time, and length against the best tour found in a minute.

Run from the repository: ``python tests/bench/bench_planner.py``. The pack is made up: fasteners of four sockets, so
that the robot carries four tools, and twenty keep-out zones, half of which only the long tools must go around.
``--routing`` adds OR-Tools' routing solver on the same distances.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from delid.config import Cell, FastenerGroup, KeepOut, Recipe, Tool, load_cell, load_recipe
from delid.core import Assessment, HazardClass, MoveAct, PackStatus, PackVerdict, Plan
from delid.planning import decide
from delid.planning._order import tour_costs
from delid.planning._tour import Costs, length, short_path
from delid.planning._ways import Ways, keep_out_areas

REPOSITORY = Path(__file__).resolve().parents[2]
TOOLS, ZONES = 4, 20
BEST_S = 60.0
LIMIT_S, LIMIT_RATIO = 1.0, 1.02
"""What is asked of 300 fasteners: CPU seconds of one core, and length against the best tour."""


@dataclass(frozen=True)
class Figures:
    """Of one plan. ``ratio`` is the length of its tours against the best ones found with more time."""

    fasteners: int
    cpu_s: float
    wall_s: float
    tour_mm: float
    ratio: float
    steps: int


def made_up(count: int, folder: Path, seed: int = 1) -> Cell:
    """A cell with one pack of ``count`` fasteners, four tools and twenty zones, and one recipe for it."""
    demo = load_cell(REPOSITORY / "cell_configs/cells/demo.yaml")
    chance = random.Random(seed)
    zones = _zones(chance)
    places = _places(chance, count, zones, demo)
    bolt = demo.packs["vw-meb-82"].groups["lid"]
    groups = {f"g{n}": _group(bolt, places[n::TOOLS], 8.0 + n) for n in range(TOOLS)}
    pack = demo.packs["vw-meb-82"].model_copy(update={"groups": groups})
    socket = demo.spec.tools["socket_10"]
    tools = {f"t{n}": _tool(socket, n) for n in range(TOOLS)}
    spec = demo.spec.model_copy(update={"keep_out": zones, "tools": tools, "cameras": demo.spec.cameras[:1]})
    return replace(demo, spec=spec, packs={"vw-meb-82": pack}, recipes=(_recipe(folder),))


def _tool(socket: Tool, n: int) -> Tool:
    dock = (2300.0, 150.0 + 200.0 * n, -200.0)
    return socket.model_copy(
        update={"number": n + 1, "socket_mm": 8.0 + n, "length_mm": 180.0 + 20 * n, "dock_mm": dock}
    )


def _group(bolt: FastenerGroup, places: list[tuple[float, float]], socket_mm: float) -> FastenerGroup:
    return bolt.model_copy(update={"positions_mm": places, "socket_mm": socket_mm})


def _zones(chance: random.Random) -> list[KeepOut]:
    """Posts between 40 and 120 mm wide; every second one is low enough for the shorter tools."""
    zones = []
    for n in range(ZONES):
        x, y = chance.uniform(300, 1900), chance.uniform(250, 1450)
        w, d = chance.uniform(40, 120), chance.uniform(40, 120)
        outline = [(x, y), (x + w, y), (x + w, y + d), (x, y + d)]
        zones.append(KeepOut(id=f"z{n}", outline_mm=outline, top_mm=-250.0 if n % 2 else None))
    return zones


def _places(chance: random.Random, count: int, zones: list[KeepOut], demo: Cell) -> list[tuple[float, float]]:
    """Places of the pack's frame that no zone holds."""
    origin = demo.spec.fixture.origin_mm
    found: list[tuple[float, float]] = []
    while len(found) < count:
        x, y = chance.uniform(-880, 880), chance.uniform(-700, 700)
        at = (x + origin[0], y + origin[1])
        if not any(_near(at, zone) for zone in zones):
            found.append((round(x, 1), round(y, 1)))
    return found


def _near(at: tuple[float, float], zone: KeepOut, reach: float = 45.0) -> bool:
    xs, ys = [x for x, _ in zone.outline_mm], [y for _, y in zone.outline_mm]
    return min(xs) - reach < at[0] < max(xs) + reach and min(ys) - reach < at[1] < max(ys) + reach


def _recipe(folder: Path) -> Recipe:
    """The groups in an order that changes tools for nothing, had the planner to keep to it."""
    operations = "".join(
        f"  - {{id: o{n}, do: unfasten, targets: {{group: g{n}}}, tool: t{n}, torque_nm: 9, "
        "verify: [torque_released]}\n"
        for n in range(TOOLS)
    )
    path = folder / "made-up.yaml"
    path.write_text(
        "recipe: made-up/bench\nserves: {packs: [vw-meb-82], hazard: [A]}\n"
        f"permissives: [{{tag: pack_voltage_v, below: 60}}]\noperations:\n{operations}"
    )
    return load_recipe(path)


def plan_of(cell: Cell) -> Plan:
    seen = Assessment(PackVerdict(PackStatus.KNOWN, "vw-meb-82", 0.99), (), HazardClass.A, ("no damage found",))
    outcome = decide(seen, cell, {"tool_number": 1}).outcome
    assert isinstance(outcome, Plan), outcome
    return outcome


def tours(cell: Cell, plan: Plan) -> list[tuple[Costs, list[int]]]:
    """Of each operation the distances that its tour was made from, and the tour that the plan took."""
    found = []
    ways = Ways(keep_out_areas(cell.spec, None), cell.spec.motion.safe_z_mm)
    names = list(dict.fromkeys(step.operation for step in plan.steps))
    for n, name in enumerate(names):
        steps = [s for s in plan.steps if s.operation == name and s.targets]
        order = [s.targets[0] for s in steps]
        tool = cell.spec.tools[steps[0].tool or ""]
        by_name = {s.targets[0]: (s.at_mm or (0, 0, 0))[:2] for s in steps}
        listed = sorted(order)
        first = plan.steps.index(steps[0])
        begin = _ends(plan, first - 1) if first else cell.spec.motion.park_mm[:2]
        following = names[n + 1] if n + 1 < len(names) else None
        end = cell.spec.tools[f"t{following[1:]}"].dock_mm[:2] if following else None
        costs = tour_costs([by_name[name] for name in listed], begin, end, ways.level(tool))
        found.append((costs, [0, *(listed.index(name) + 1 for name in order), len(listed) + 1]))
    return found


def _ends(plan: Plan, index: int) -> tuple[float, float]:
    moves = [act for act in plan.steps[index].acts if isinstance(act, MoveAct)]
    return moves[-1].to_mm[:2]


def best_lengths(taken: list[tuple[Costs, list[int]]], seconds: float, clock: Callable[[], float]) -> list[int]:
    """What the same search finds of each tour, all in ``seconds`` together."""
    found = []
    for costs, tour in taken:
        until = clock() + seconds / len(taken)
        more = short_path(costs, kicks=10**9, go_on=lambda until=until: clock() < until)  # type: ignore[misc]
        found.append(min(length(costs, more), length(costs, tour)))
    return found


def measure(count: int, folder: Path, best_s: float = BEST_S) -> Figures:
    """Plan a small pack to load everything, then this one; CPU time leaves out other work on the machine."""
    cell = made_up(count, folder)
    plan_of(made_up(20, folder))
    cpu, wall = time.process_time(), time.perf_counter()
    plan = plan_of(cell)
    cpu_s, wall_s = time.process_time() - cpu, time.perf_counter() - wall
    assert plan_of(cell) == plan, "the same input gives the same plan"
    taken = tours(cell, plan)
    total = sum(length(costs, tour) for costs, tour in taken)
    best = sum(best_lengths(taken, best_s, time.process_time))
    return Figures(count, cpu_s, wall_s, total / 100, total / best, len(plan.steps))


def routing_mm(costs: Costs, seconds: int) -> float:
    """The same tour by OR-Tools' routing solver with guided local search."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    manager = pywrapcp.RoutingIndexManager(len(costs), 1, [0], [len(costs) - 1])
    routing = pywrapcp.RoutingModel(manager)
    routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitMatrix([list(row) for row in costs]))
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.CHRISTOFIDES
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.seconds = seconds
    solution = routing.SolveWithParameters(parameters)
    return math.inf if solution is None else solution.ObjectiveValue() / 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fasteners", type=int, nargs="+", default=[50, 100, 200, 300, 400, 600, 800])
    parser.add_argument("--best-s", type=float, default=BEST_S, help="seconds for the best tour")
    parser.add_argument("--routing", type=int, default=0, metavar="S", help="also OR-Tools' routing, S seconds a tour")
    parser.add_argument("--folder", type=Path, default=Path("/tmp"))
    options = parser.parse_args()
    print(f"{TOOLS} tools, {ZONES} keep-out zones; best of {options.best_s:g} s")
    print("fasteners  steps  CPU s  wall s   tours mm  ratio to best")
    for count in options.fasteners:
        f = measure(count, options.folder, options.best_s)
        bad = count == 300 and (f.cpu_s > LIMIT_S or f.ratio > LIMIT_RATIO)
        line = f"{f.fasteners:>9}  {f.steps:>5}  {f.cpu_s:>5.2f}  {f.wall_s:>6.2f}  {f.tour_mm:>9.0f}  {f.ratio:.4f}"
        print(line + ("  MISSED" if bad else ""), flush=True)
        if options.routing:
            taken = tours(made_up(count, options.folder), plan_of(made_up(count, options.folder)))
            other = sum(routing_mm(costs, options.routing) for costs, _ in taken)
            print(f"           OR-Tools' routing, {options.routing} s a tour: {other:.0f} mm", flush=True)


if __name__ == "__main__":
    sys.exit(main())
