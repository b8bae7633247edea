"""The best order of jobs that wait for each other, by OR-Tools' CP-SAT solver.

One thread, a fixed seed and a limit on its deterministic time: no clock decides, and the same jobs give the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WORK_LIMIT = 4.0
"""Deterministic seconds of the solver. Twenty operations need a small part of it."""

SEED = 1


@dataclass(frozen=True, slots=True)
class Job:
    """A job and the numbers of those that must be done before it."""

    after: frozenset[int]


def solve_order(jobs: Sequence[Job], costs: Sequence[Sequence[int]], work_limit: float = WORK_LIMIT) -> list[int]:
    """Job numbers in the cheapest order found; the given order where the solver gives nothing.

    Args:
        jobs: their given order is one of the possible ones.
        costs: from the start (row 0) or job n (row n + 1) to each job; no job follows itself.
    """
    from ortools.sat.python import cp_model  # here, because it takes a second to load and few recipes need it

    count = len(jobs)
    model = cp_model.CpModel()
    stands = [model.new_int_var(0, count - 1, f"stands_{n}") for n in range(count)]
    arcs, terms = [], []
    for n in range(count):
        begins, ends = model.new_bool_var(f"begins_{n}"), model.new_bool_var(f"ends_{n}")
        arcs += [(0, n + 1, begins), (n + 1, 0, ends)]
        terms.append(costs[0][n] * begins)
        model.add(stands[n] == 0).only_enforce_if(begins)
        for m in range(count):
            if m != n and m not in jobs[n].after:
                follows = model.new_bool_var(f"{n}_{m}")
                arcs.append((n + 1, m + 1, follows))
                terms.append(costs[n + 1][m] * follows)
                model.add(stands[m] == stands[n] + 1).only_enforce_if(follows)
        for earlier in jobs[n].after:
            model.add(stands[earlier] < stands[n])
    model.add_circuit(arcs)
    model.minimize(sum(terms))
    for n in range(count):
        model.add_hint(stands[n], n)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = SEED
    solver.parameters.max_deterministic_time = work_limit
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return list(range(count))
    place = [solver.value(stand) for stand in stands]
    return sorted(range(count), key=place.__getitem__)
