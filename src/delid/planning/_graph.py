"""The graph of a recipe's operations: order of work, ancestors, loops. File order decides where ``after`` does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from delid.config import Operation, RecipeFile
from delid.core import PlanningError


def in_order(recipe: RecipeFile, chain: Sequence[str] = ()) -> list[Operation]:
    """The operations so that each stands behind all it names in ``after``; raises PlanningError.

    The operation that comes first in the file is taken first among those that are ready. The operations of ``chain``,
    which must be possible in that order, come in that order.
    """
    earlier = {later: {before} for before, later in pairwise(chain)}
    known = {o.id for o in recipe.operations}
    for operation in recipe.operations:
        for name in operation.after:
            if name not in known:
                raise PlanningError(
                    f"{recipe.recipe}: operation {operation.id!r} comes after {name!r}, which it does not have.",
                    hint="Run 'delid recipe check' on the recipe.",
                    code="planning.unknown_after",
                )
    done: list[Operation] = []
    waiting = list(recipe.operations)
    while waiting:
        names = {o.id for o in done}
        ready = next((o for o in waiting if names.issuperset(o.after) and names >= earlier.get(o.id, set())), None)
        if ready is None:
            loop = " -> ".join(find_loop(recipe))
            raise PlanningError(
                f"{recipe.recipe}: the operations wait for each other: {loop}.",
                hint="Take one 'after' out of the loop.",
                code="planning.cycle",
            )
        waiting.remove(ready)
        done.append(ready)
    return done


def find_loop(recipe: RecipeFile) -> list[str]:
    """The ids of one loop, the first repeated at the end (``a, b, a``: a waits for b, b for a); empty without one."""
    after = {o.id: o.after for o in recipe.operations}
    finished: set[str] = set()
    for start in after:
        path: list[str] = []
        loop = _walk(start, after, path, finished)
        if loop:
            return loop
    return []


def _walk(name: str, after: dict[str, list[str]], path: list[str], finished: set[str]) -> list[str]:
    if name in path:
        return [*path[path.index(name) :], name]
    if name in finished or name not in after:
        return []
    path.append(name)
    for earlier in after[name]:
        loop = _walk(earlier, after, path, finished)
        if loop:
            return loop
    path.pop()
    finished.add(name)
    return []


def ancestors(recipe: RecipeFile, operation_id: str) -> set[str]:
    """Ids of all operations that must be done before ``operation_id``; safe on loops and unknown names."""
    after = {o.id: o.after for o in recipe.operations}
    found: set[str] = set()
    todo: list[str] = list(after.get(operation_id, ()))
    while todo:
        name = todo.pop()
        if name in after and name not in found:
            found.add(name)
            todo.extend(after[name])
    return found


def never_ready(recipe: RecipeFile) -> list[str]:
    """Ids, in file order, of operations that can never begin: they wait for a loop or for an unknown operation."""
    done: set[str] = set()
    waiting: Iterable[Operation] = recipe.operations
    while True:
        ready = [o for o in waiting if done.issuperset(o.after)]
        if not ready:
            return [o.id for o in waiting]
        done |= {o.id for o in ready}
        waiting = [o for o in waiting if o.id not in done]
