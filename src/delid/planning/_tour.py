"""A short path through places with given ends: nearest neighbours, then local search, then kicks of a fixed number.

Nothing here reads a clock, and chance comes from a seed: the same distances give the same path on every machine.
OR-Tools' routing solver was measured against it on fields of fasteners and needs several hundred times as long for
paths that are longer; ``tests/bench/bench_planner.py`` prints both.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise

Costs = Sequence[Sequence[int]]
"""Whole numbers, symmetric: from each place to each place."""

NEAR = 8
"""A move of the search joins a place with one of so many nearest ones."""

KICKS_PER_PLACE = 3
"""How often the path is disturbed and mended again; about as long as the search before it."""

SPAN = 30
"""A kick exchanges two pieces of a stretch of so many places."""

SEGMENT = 3
"""So many places at most are moved together to another part of the path."""

SEED = 20260401


def short_path(costs: Costs, *, kicks: int | None = None, go_on: Callable[[], bool] = lambda: True) -> list[int]:
    """Every index of ``costs`` once: the first at the beginning, the last at the end, short in between.

    Args:
        costs: at least one place; symmetric.
        kicks: how often to try for a shorter path; ``KICKS_PER_PLACE`` for each place if not given.
        go_on: asked before each kick; for measuring what more time would give.
    """
    count = len(costs)
    if count < 4:
        return list(range(count))
    path = _Path(costs, nearest_neighbours(costs))
    path.improve(list(range(count)))
    chance = random.Random(SEED)
    for _ in range(KICKS_PER_PLACE * count if kicks is None else kicks):
        if count < 6 or not go_on():
            break
        path.kick(chance)
    return path.order


def nearest_neighbours(costs: Costs) -> list[int]:
    """From the first place always on to the nearest one left; the last place stays the last."""
    last = len(costs) - 1
    left, path = set(range(1, last)), [0]
    while left:
        row = costs[path[-1]]
        nearest = min(left, key=lambda v: (row[v], v))
        left.remove(nearest)
        path.append(nearest)
    return [*path, last]


def length(costs: Costs, path: Sequence[int]) -> int:
    return sum(costs[a][b] for a, b in pairwise(path))


class _Path:
    """A path under repair. ``at`` is where each place stands in ``order``."""

    def __init__(self, costs: Costs, order: list[int]) -> None:
        self.costs, self.order = costs, order
        self.at = [0] * len(order)
        self._note(0, len(order))
        others = range(len(order))
        self.near = [sorted((v for v in others if v != a), key=costs[a].__getitem__)[:NEAR] for a in others]

    def improve(self, waiting: list[int]) -> int:
        """Shorten the path about the places that wait, and about those that this moves; gives what was gained."""
        waits = [False] * len(self.order)
        for a in waiting:
            waits[a] = True
        gained = 0
        while waiting:
            a = waiting.pop()
            waits[a] = False
            while found := self._turn(a, 1) or self._turn(a, -1) or self._move(a):
                gain, touched = found
                gained += gain
                for v in touched:
                    if not waits[v]:
                        waits[v] = True
                        waiting.append(v)
        return gained

    def kick(self, chance: random.Random) -> None:
        """Exchange two neighbouring pieces of the path, mend it, and keep the result if it is no longer."""
        order, costs = self.order, self.costs
        begin = chance.randrange(0, len(order) - 4)
        cuts = range(begin + 1, begin + min(SPAN, len(order) - 1 - begin))
        i, j, k = sorted(chance.sample(cuts, 3)) if len(cuts) >= 3 else (begin + 1, begin + 2, begin + 3)
        a, b, c, d, e, f = order[i - 1], order[i], order[j - 1], order[j], order[k - 1], order[k]
        longer = costs[a][d] + costs[e][b] + costs[c][f] - costs[a][b] - costs[c][d] - costs[e][f]
        before = order[:]
        order[i:k] = order[j:k] + order[i:j]
        self._note(i, k)
        if longer - self.improve(list(dict.fromkeys((a, b, c, d, e, f)))) > 0:
            self.order = before
            self._note(0, len(before))

    def _turn(self, a: int, way: int) -> tuple[int, tuple[int, ...]] | None:
        """Turn a piece of the path round (2-opt), so that ``a`` comes beside one of its near places.

        ``way`` is 1 where the joint behind ``a`` is opened, -1 where the one before it is.
        """
        order, at, costs = self.order, self.at, self.costs
        end = len(order) - 1 if way == 1 else 0
        i = at[a]
        if i == end:
            return None
        b = order[i + way]
        row, now = costs[a], costs[a][b]
        for c in self.near[a]:
            gain = now - row[c]
            if gain <= 0:
                return None
            j = at[c]
            if j == end:
                continue
            d = order[j + way]
            gain += costs[c][d] - costs[b][d]
            if gain > 0:
                low, high = (i, j) if i < j else (j, i)
                low, high = (low + 1, high + 1) if way == 1 else (low, high)
                order[low:high] = order[low:high][::-1]
                self._note(low, high)
                return gain, (a, b, c, d)
        return None

    def _move(self, a: int) -> tuple[int, tuple[int, ...]] | None:
        """Bring a few places, of which ``a`` is the first or the last, beside one that is near to ``a`` (Or-opt)."""
        i, last = self.at[a], len(self.order) - 1
        if not 0 < i < last:
            return None
        for size in range(1, SEGMENT + 1):
            for low in (i, i - size + 1) if size > 1 else (i,):
                if low >= 1 and low + size <= last and (found := self._move_segment(a, low, low + size)):
                    return found
        return None

    def _move_segment(self, a: int, low: int, high: int) -> tuple[int, tuple[int, ...]] | None:
        """The places from ``low`` up to before ``high``; each end of the path stays where it is."""
        order, at, costs = self.order, self.at, self.costs
        first, final, before, behind = order[low], order[high - 1], order[low - 1], order[high]
        other = final if a == first else first
        saved = costs[before][first] + costs[final][behind] - costs[before][behind]
        row = costs[a]
        for c in self.near[a]:
            gain = saved - row[c]
            if gain <= 0:
                return None
            j = at[c]
            if low <= j < high:
                continue
            for k in (j + 1, j - 1):  # the other end comes beside this one
                if 0 <= k < len(order) and not low <= k < high:
                    d = order[k]
                    total = gain + costs[c][d] - costs[other][d]
                    if total > 0:
                        self._splice(low, high, max(j, k), turned=(a == first) != (k > j))
                        return total, (before, behind, a, other, c, d)
        return None

    def _splice(self, low: int, high: int, to: int, *, turned: bool) -> None:
        """Put the places from ``low`` up to before ``high`` in front of position ``to``."""
        order = self.order
        segment = order[low:high][::-1] if turned else order[low:high]
        if to > high:
            order[low:to] = order[high:to] + segment
            self._note(low, to)
        else:
            order[to:high] = segment + order[to:low]
            self._note(to, high)

    def _note(self, low: int, high: int) -> None:
        at, order = self.at, self.order
        for k in range(low, high):
            at[order[k]] = k
